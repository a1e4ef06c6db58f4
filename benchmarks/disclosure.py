"""Disclosure control: how many numbers go besides those too small, in how many seconds, and what an attacker still finds.

The tables are those on which the peers were measured (``suppression/networks.py``, ``suppression/designs.py``). Each line is a
process of its own, so that its peak memory is its own. Beside Plenary, on the same tables in the same run: a plain greedy
suppressor, ``acro`` from PyPI (in an environment that is made for it and thrown away), and nothing at all (what is too small
goes, nothing else). What is left exact or too narrow in each is found by Plenary's own attacker.

``--small`` leaves out what takes more than a minute or two. Without it everything is measured.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.suppression.designs import design  # noqa: E402 - the folder is found only now
from benchmarks.suppression.greedy import masked, withheld  # noqa: E402
from benchmarks.suppression.networks import patients  # noqa: E402

from plenary_stats.disclosure import Policy, audit, protect  # noqa: E402

THRESHOLD, WIDTH = 30, 10
ACRO = "acro==1.0.2"
LIMIT = 900
"""Seconds after which a line is given up, and said to be."""

SMALL = (
    ("edition", 80, "publish"),
    ("edition", 80, "protect"),
    ("three-way", 80, "publish"),
    ("centre by region", 80, "publish"),
)
LARGE = (
    ("boards", 80, "publish"),
    ("boards", 80, "protect"),
    ("edition", 800, "publish"),
    ("full", 80, "publish"),
    ("full", 80, "protect"),
)
GROWTH = (20, 80, 320, 800)
PEERS = {
    ("edition", 80, "publish"): "GaussSuppression: 230 secondary, 21.4 s, 9 narrow. Proved optimum: 205 (756 s)",
    ("edition", 80, "protect"): "GaussSuppression: 210 secondary, 5.5 s, 148 narrow",
    ("full", 80, "publish"): "GaussSuppression: 625 secondary, 347.5 s, 280 narrow",
    ("full", 80, "protect"): "GaussSuppression: 555 secondary, 28.0 s",
    ("boards", 80, "publish"): "GaussSuppression: 321 secondary, 602.8 s",
    ("boards", 80, "protect"): "GaussSuppression: 299 secondary, 416.6 s",
    ("edition", 800, "publish"): "GaussSuppression: 2,186 secondary, 2,424.8 s, 180 narrow",
    ("three-way", 80, "publish"): "sdcTable: optimal 84 in 57 s, GAUSS 86 in 32 s, simple 90 in 25 s, hypercube 105 in 45 s",
    (
        "centre by region",
        80,
        "publish",
    ): "sdcTable: optimal 46 in 27 s, GAUSS 49 in 50 s, simple 49 in 80 s",
}
"""Measured earlier on two such cores, on these very tables; kept here because R is seldom at hand."""

HEAD = ("table", "cells", "zeros", "who", "primary", "secondary", "loss", "gap to a proved bound", "seconds", "attack alone, s")
HEAD += ("peak MiB", "exact", "narrow", "peers, recorded")


def processor() -> float:
    """Return the processor seconds of this process and of its copies on other cores."""
    return sum(os.times()[:4])


def measure(who: str, name: str, services: int, zeros: str, shown: str = "") -> dict[str, object]:
    """Protect one table and attack it: this is what each child process does."""
    made = design(name, services)
    policy = Policy(threshold=THRESHOLD, minimum_width=WIDTH, zeros=zeros, hierarchies=made.hierarchies)
    value = made.table["value"]
    primary = (value < THRESHOLD) & ((value > 0) | (zeros == "protect"))
    found: dict[str, object] = {"cells": len(value), "primary": int(primary.sum())}
    started = processor()
    if who == "Plenary":
        done = protect([made.table], policy)
        published, found["seconds"] = done.tables, processor() - started
        gone = np.array([status == "c" for status in done.tables[0]["status"].tolist()])
        found |= {each: done.audit.totals[each] for each in ("loss", "bound", "gap") if each in done.audit.totals}
    else:
        gone, found["seconds"] = _peer(who, made, primary, zeros, shown), processor() - started
        published = (masked(made.table, gone),)
    found["secondary"] = int((gone & ~primary).sum())
    found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started = processor()
    totals = audit(published, policy).totals
    return found | {"attack": processor() - started, "exact": totals["exact"], "narrow": totals["narrow"]}


def _peer(who, made, primary, zeros, shown):
    if who == "greedy":
        return withheld(made.table, made.hierarchies, primary, zeros=zeros, width=WIDTH)
    if who == "acro":
        left = {tuple(place) for place in json.loads(Path(shown).read_text())["shown"]}
        places = zip(*(made.table[each].tolist() for each in made.table.dimensions), strict=True)
        return np.array([place not in left for place in places]) & ((made.table["value"] > 0) | (zeros == "protect"))
    return primary


def child(*words: str) -> dict[str, object] | str:
    """Measure in a process of its own; return the figures, or in words why there are none."""
    command = [sys.executable, str(Path(__file__)), "--measure", *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT, cwd=ROOT)
    except subprocess.TimeoutExpired:
        return f"not finished in {LIMIT} s"
    return json.loads(done.stdout) if done.returncode == 0 else f"failed: {done.stderr.strip().splitlines()[-1]}"


def line(who: str, name: str, services: int, zeros: str, shown: str = "") -> None:
    """Measure and print one line of the table."""
    found = child(who, name, str(services), zeros, shown)
    table = f"{name}, {services} services"
    if isinstance(found, str):
        print(f"| {table} | | {zeros} | {who} | {found} |" + " |" * (len(HEAD) - 5), flush=True)
        return
    gap, loss = found.get("gap"), found.get("loss")
    seconds = json.loads(Path(shown).read_text())["seconds"] if who == "acro" else found["seconds"]
    figures = (
        table,
        f"{found['cells']:,}",
        zeros,
        who,
        f"{found['primary']:,}",
        f"{found['secondary']:,}",
        "" if loss is None else f"{loss:,.1f}",
        "" if gap is None else f"{gap:.1%}",
        f"{seconds:.2f}",
        f"{found['attack']:.2f}",
        f"{found['peak']:.0f}",
        f"{found['exact']:,}",
        f"{found['narrow']:,}",
        PEERS.get((name, services, zeros), "") if who == "Plenary" else "",
    )
    print("| " + " | ".join(figures) + " |", flush=True)


def acro(folder: Path) -> str:
    """Mask the edition's tables with acro in an environment of its own; return the file of what it left, or "" and say why."""
    python = folder / "acro" / "bin" / "python"
    try:
        venv.create(folder / "acro", with_pip=False)
        install = [sys.executable, "-m", "uv", "pip", "install", "-q", "--system-certs", "--python", str(python), ACRO]
        subprocess.run(install, check=True, capture_output=True, timeout=LIMIT)
    except (OSError, subprocess.SubprocessError) as problem:
        print(f"`{ACRO}` could not be installed here, and is left out: {type(problem).__name__}.\n")
        return ""
    groups = [[each.service, each.centre, each.region, each.sex, each.age, each.number] for each in patients(80)]
    script = str(Path(__file__).parent / "suppression" / "acro_tables.py")
    given = json.dumps({"threshold": THRESHOLD, "patients": groups})
    done = subprocess.run([str(python), script], input=given, capture_output=True, text=True, check=True, cwd=folder)
    (folder / "acro.json").write_text(done.stdout)
    return str(folder / "acro.json")


def growth() -> None:
    """Print how the cost grows with the cells of one shape."""
    print("\n### Cost, as the same table grows\n\nAn edition's table, noughts published.\n")
    print("| services | cells | seconds | seconds per 1,000 cells | peak MiB |\n| ---: | ---: | ---: | ---: | ---: |")
    for services in GROWTH:
        found = child("Plenary", "edition", str(services), "publish")
        if isinstance(found, str):
            print(f"| {services} | | {found} | | |", flush=True)
            continue
        each = 1000 * found["seconds"] / found["cells"]
        print(f"| {services} | {found['cells']:,} | {found['seconds']:.2f} | {each:.3f} | {found['peak']:.0f} |", flush=True)


def report(*, small: bool) -> None:
    """Measure and print everything."""
    print("## Disclosure control\n")
    print(f"Threshold {THRESHOLD}, width {WIDTH}; processor seconds of all cores together, protecting and proving in one.\n")
    with tempfile.TemporaryDirectory() as folder:
        shown = acro(Path(folder))
        print("| " + " | ".join(HEAD) + " |\n|" + " --- |" * len(HEAD), flush=True)
        for table in SMALL if small else (*SMALL, *LARGE):
            line("Plenary", *table)
            for who in ("greedy", "nothing more"):
                line(who, *table)
            if shown and table[:2] == ("edition", 80):
                line("acro", *table, shown)
    print(
        "\n*nothing more*: what is too small in itself is withheld, and nothing else. acro masks such cells only; its seconds are"
        "\nthose of its own process. *exact* and *narrow* count the withheld cells that Plenary's attacker works out."
    )
    if not small:
        growth()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--measure", nargs="+")
    given = parser.parse_args()
    if given.measure:
        who, name, services, zeros, *shown = given.measure
        print(json.dumps(measure(who, name, int(services), zeros, *shown)))
    else:
        started = time.perf_counter()
        report(small=given.small)
        print(f"\nAll of it took {(time.perf_counter() - started) / 60:.0f} minutes.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
