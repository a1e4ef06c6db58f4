"""Seconds and peak memory from the cases of a national world to its published edition.

80 services, 250 centres, 10 years, 50,000 cases a year. Beside it what an analyst would write today, for the figures alone:
pandas for counts, statsmodels for Wilson intervals, lifelines for Kaplan–Meier, on the same files. The peer makes no disclosure
control, pages, PDF or slides.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORLD = {"services": 80, "years": 10, "cases-per-year": 50_000, "seed": 20190}
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
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "plenary.cli.main", *words], capture_output=True, text=True, check=True)
    return time.perf_counter() - started, done.stdout


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        world, edition = Path(scratch, "world"), Path(scratch, "edition")
        plenary("demo", "world", "--out", str(world), *(str(w) for k, v in WORLD.items() for w in (f"--{k}", v)))
        centres = sum(1 for _ in (world / "centres.csv").open()) - 1
        seconds, out = plenary(
            "edition", "build", str(world), "--out", str(edition), "--reviewer", "A", "--reviewer", "B", "--json"
        )
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        peer = subprocess.run([sys.executable, "-c", PEER, str(world)], capture_output=True, text=True, check=True).stdout.split()
        size = sum(f.stat().st_size for f in edition.rglob("*") if f.is_file()) / 2**20
    timings = json.loads(out).get("seconds", {})
    print("## From accepted cases to a published edition\n")
    print(
        f"{WORLD['services']} services, {centres} centres, {WORLD['years']} years, {int(peer[2]):,} cases read from files. "
        "Aim: 30 s for the edition of one year.\n"
    )
    print("| | seconds | peak MiB (largest process) |\n| --- | --- | --- |")
    print(f"| files → checked → results → protected → web, PDF, slides, data ({size:.0f} MiB) | {seconds:.1f} | {memory:.0f} |")
    print(f"| peer: pandas + statsmodels + lifelines, the figures alone | {float(peer[0]):.1f} | {float(peer[1]):.0f} |")
    print(f"| ratio, ours / peer | {seconds / float(peer[0]):.2f} | {memory / float(peer[1]):.2f} |\n")
    if timings:
        print("Where the time goes: " + ", ".join(f"{step} {taken:.1f} s" for step, taken in timings.items()) + ".\n")


if __name__ == "__main__":
    main()
