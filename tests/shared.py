"""Where the reference answers of independent software live, when they are beside the project at all."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("PLENARY_SHARED", Path(__file__).resolve().parents[2] / "shared"))


def needs_shared(*parts: str) -> pytest.MarkDecorator:
    """Skip, saying why, where the named reference folder is absent."""
    folder = SHARED.joinpath(*parts)
    return pytest.mark.skipif(not folder.exists(), reason=f"reference answers are not here: {'/'.join(parts) or 'shared'}")
