"""Run benchmarks and write RESULTS.md. Each script prints Markdown: what it promises, figures, the peer's, the ratio.

``python benchmarks/run.py disclosure check`` runs these alone and leaves the parts of the others as they are. A script's part
begins at a line that names it; under its headings stands when it was measured, and how busy the machine was.
"""

import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = HERE / "RESULTS.md"
HEAD = """# Benchmarks

Each part is written by the script that it names; `make bench` runs them all, `make bench ONLY="check linkage"` some.
Shared machines are noisy: read ratios before seconds.
"""
_MARK = re.compile(r"^<!-- (\w+)\.py -->\n", re.MULTILINE)


def names() -> list[str]:
    """Return the names of all benchmarks, in the order in which they are written."""
    return sorted(path.stem for path in HERE.glob("*.py") if path.name != Path(__file__).name)


def parts(text: str) -> dict[str, str]:
    """Return the part of each script in a text of results."""
    found = _MARK.split(text)[1:]
    return {name: part.strip("\n") for name, part in zip(found[::2], found[1::2], strict=True)}


def whole(written: Mapping[str, str]) -> str:
    """Return the text of results, the parts in order."""
    return "\n".join([HEAD, *(f"<!-- {name}.py -->\n{part}\n" for name, part in sorted(written.items()))])


def dated(part: str, when: datetime, busy: float) -> str:
    """Return a part with the line under each of its headings that says when it was measured, and beside how much other work."""
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    line = f"Measured on {when.day} {when:%B %Y} with {machine}; load before it {busy:.1f}."
    return re.sub(r"^(## .*)$", rf"\1\n\n{line}", part.strip("\n"), flags=re.MULTILINE)


def measured(name: str) -> tuple[str, bool]:
    """Run one script; return its part, and whether it ran to its end."""
    when, busy = datetime.now(UTC), os.getloadavg()[0]
    result = subprocess.run(
        [sys.executable, str(HERE / f"{name}.py")], cwd=HERE.parent, capture_output=True, text=True, check=False
    )
    failed = f"## {name}\n\nFailed:\n\n```\n{result.stderr[-2000:]}\n```"
    return dated(failed if result.returncode else result.stdout, when, busy), not result.returncode


def main(only: list[str]) -> int:
    unknown = sorted(set(only) - set(names()))
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}. There are {', '.join(names())}.", file=sys.stderr)
        return 2
    written = parts(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    written = {name: part for name, part in written.items() if name in names()}
    failed = 0
    for name in only or names():
        print(f"{name}.py …", file=sys.stderr, flush=True)
        written[name], ended = measured(name)
        failed += not ended
        RESULTS.write_text(whole(written), encoding="utf-8")  # as it goes: the later ones take minutes
        print(written[name], flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
