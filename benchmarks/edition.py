"""Seconds and peak memory from the cases of a national world to its published edition: of one year, and of ten.

80 services, about 250 centres, 50,000 cases a year. Beside it what an analyst would write today, for the figures alone: pandas
for counts, statsmodels for Wilson intervals, lifelines for Kaplan–Meier, on the same files. The peer makes no disclosure
control, pages, PDF or slides.
"""

import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

AIM = 30.0
"""Seconds that the edition of one year may take, on two quiet cores."""
WORLD = {"services": 80, "cases-per-year": 50_000, "seed": 20190}
YEARS = (1, 10)
REPORT = """
import resource, sys
from plenary.cli.main import main
code = main(sys.argv[1:])
own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(own.ru_utime + own.ru_stime, children.ru_utime + children.ru_stime, own.ru_maxrss / 1024, children.ru_maxrss / 1024)
sys.exit(code)
"""
PEER = """
import sys, time, resource, tomllib
from pathlib import Path
import numpy as np, pandas as pd
from lifelines import KaplanMeierFitter
from statsmodels.stats.proportion import proportion_confint
folder, started, rows = Path(sys.argv[1]), time.perf_counter(), 0
for outcomes in sorted(folder.glob("*/outcomes.toml")):
    cases = pd.concat([pd.read_csv(f, dtype=str, keep_default_na=False) for f in sorted(outcomes.parent.glob("cases*.csv"))])
    rows += len(cases)
    for name in ("referral_date", "last_seen_date", "birth_date"):
        cases[name] = pd.to_datetime(cases[name])
    recent = cases[cases.referral_date >= cases.referral_date.max() - pd.Timedelta(days=365)]
    for by in ("area", "sex"):
        recent.groupby(["centre", by]).size()
    for _, group in [*recent.groupby("centre"), ("Total", recent)]:
        for column in ("complete", "discharge_status", "reviewed"):
            if column in group:
                known = group[group[column] != ""]
                proportion_confint((known[column].isin(["yes", "alive"])).sum(), max(1, len(known)), method="wilson")
        days = (group.last_seen_date - group.referral_date).dt.days.clip(lower=0)
        KaplanMeierFitter().fit(days, group.vital_status == "dead").survival_function_at_times([30, 365])
print(time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, rows)
"""


def plenary(*words: str) -> tuple[float, str]:
    """Run a command; return its seconds and what it printed, last its processor seconds and peak memory, and its children's."""
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", REPORT, *words], capture_output=True, text=True, check=True)
    return time.perf_counter() - started, done.stdout


def measure(years: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        world, edition = Path(scratch, "world"), Path(scratch, "edition")
        size = WORLD | {"years": years}
        plenary(
            "demo", "world", "--out", str(world), *(str(word) for name, value in size.items() for word in (f"--{name}", value))
        )
        with (world / "centres.csv").open() as file:
            centres = len({(row["service"], row["centre"]) for row in csv.DictReader(file)})
        build = ("edition", "build", str(world), "--out", str(edition), "--reviewer", "A", "--reviewer", "B", "--json")
        seconds, out = plenary(*build)
        document, _, last = out.strip().rpartition("\n")
        own, child, *memories = map(float, last.split())
        memory = max(memories)
        peer = subprocess.run([sys.executable, "-c", PEER, str(world)], capture_output=True, text=True, check=True).stdout.split()
        bulk = sum(f.stat().st_size for f in edition.rglob("*") if f.is_file()) / 2**20
    steps = json.loads(document)["seconds"]
    print(f"### {years} year{'s' if years > 1 else ''}: {centres} centres, {int(peer[2]):,} cases read from files\n")
    print("| | seconds | peak MiB (largest process) |\n| --- | ---: | ---: |")
    print(f"| files → checked → results → protected → web, PDF, slides, data ({bulk:.0f} MiB) | {seconds:.1f} | {memory:.0f} |")
    print(f"| peer: pandas + statsmodels + lifelines, the figures alone | {float(peer[0]):.1f} | {float(peer[1]):.0f} |")
    print(f"| ratio, ours / peer | {seconds / float(peer[0]):.2f} | {memory / float(peer[1]):.2f} |\n")
    others = f"{child:.1f} s in other processes: the one that sets the PDF, copies on other cores"
    print(f"Processor time {own + child:.1f} s, of which {others}.")
    print(
        "Where the time goes: "
        + ", ".join(f"{step.removesuffix(str(world)).strip()} {taken:.1f} s" for step, taken in steps.items())
        + ".\n"
    )
    if years == 1:
        print(verdict(seconds, steps))


def verdict(seconds: float, steps: dict[str, float]) -> str:
    if seconds <= AIM:
        return f"Aim: {AIM:.0f} s; reached.\n"
    longest = max(steps, key=lambda step: steps[step])
    waited = steps.get("Waiting for the PDF", 0.0)
    return (
        f"Aim: {AIM:.0f} s; missed by {seconds - AIM:.1f} s. The longest step is “{longest}” ({steps[longest]:.1f} s). Setting "
        f"the PDF takes longest of all that follows the figures: {waited:.1f} s of it with nothing else left to do.\n"
    )


def main() -> None:
    print("## From accepted cases to a published edition\n")
    print(f"{WORLD['services']} services, {WORLD['cases-per-year']:,} cases a year.\n")
    for years in YEARS if len(sys.argv) < 2 else map(int, sys.argv[1:]):
        measure(years)


if __name__ == "__main__":
    main()
