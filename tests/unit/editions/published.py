"""A whole edition, made once a test run from the sample: files in memory, to be written where a test needs them."""

import tempfile
from functools import cache
from pathlib import Path

from plenary.editions.render import content, write
from plenary.releases.queries import disclosure_policy, disclosure_policy_plain
from tests.unit.editions.sample import sample


def approved(**changes):
    """Return the sample's inputs as they are published, under the policy of the house."""
    given = {"code_version": write.code_version(), "policy": disclosure_policy_plain(disclosure_policy()), "previous": ()}
    return sample(**(given | changes))


@cache
def files():
    """Return every file of the sample's edition."""

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "edition"
        inputs = approved()
        write.write(content.build(inputs), inputs, out)
        return write.read_back(out)


def lay(folder, changed=None):
    """Lay the sample's edition into a folder, with some files changed, and return the folder."""
    for path, words in {**files(), **(changed or {})}.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(words)
    return folder
