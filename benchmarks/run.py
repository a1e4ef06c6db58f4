"""Run every benchmark and write RESULTS.md. Each script prints Markdown: what it promises, figures, the peer's, the ratio."""

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent


def main() -> int:
    scripts = sorted(path for path in HERE.glob("*.py") if path.name != Path(__file__).name)
    parts = [
        "# Benchmarks\n",
        f"Written by `make bench` on {datetime.now(UTC):%d %B %Y}.",
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}.",
        "Shared machines are noisy: read ratios before seconds.\n",
    ]
    failed = 0
    for script in scripts:
        print(f"{script.name} …", file=sys.stderr, flush=True)
        result = subprocess.run([sys.executable, str(script)], cwd=ROOT, capture_output=True, text=True, check=False)
        failed += result.returncode != 0
        parts.append(
            result.stdout if result.returncode == 0 else f"## {script.stem}\n\nFailed:\n\n```\n{result.stderr[-2000:]}\n```\n"
        )
        (HERE / "RESULTS.md").write_text("\n".join(parts), encoding="utf-8")  # as it goes: the later ones take minutes
    print((HERE / "RESULTS.md").read_text(encoding="utf-8"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
