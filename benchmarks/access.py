"""Equity of access of a whole collection: 80 services, 42 boards, 19 age bands, 2 sexes, 10 years, from cases to figures.

The peer is what an analyst writes with pandas after the vignettes of the R package PHEindicatormethods: cases counted by groupby,
crude rates with Byar's limits, directly standardised rates with Dobson's, and ratios of observed to expected, service by service
and year by year. It computes those three and nothing else; Plenary's time is given for the same figures' table, which also holds
the exact funnel tails, silent areas, variation, Moran's index, the slope index and trends.
"""

import shutil
import subprocess
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import chi2

from plenary_stats.access import equity_of_access, residents
from plenary_stats.areas import BANDS, SEXES, read_areas
from plenary_stats.tables import Table

SERVICES, YEARS, CASES = 80, 10, 400_000
R_SCRIPT = """
suppressMessages({{library(PHEindicatormethods); library(dplyr)}})
d <- read.csv("{folder}/cells.csv"); used <- system.time({{
  crude <- d |> group_by(service, year, area) |> summarise(x = sum(count), n = sum(persons), .groups = "drop") |>
    phe_rate(x, n, multiplier = 1e6)
  bands <- d |> group_by(service, year, area, band) |>
    summarise(x = sum(count), n = sum(persons), w = first(weight), .groups = "drop") |> group_by(service, year, area)
  direct <- bands |> calculate_dsr(x = x, n = n, stdpop = w, multiplier = 1e6)
}})
cat(used[[1]] + used[[2]], sum(crude$value), sum(direct$value, na.rm = TRUE), "\\n")
"""


def invented(people):
    draw = np.random.default_rng(2026)
    weight = people.persons.sum(axis=(1, 2))
    return Table({
        "service": np.array([f"service-{number:02}" for number in range(SERVICES)])[draw.integers(0, SERVICES, CASES)],
        "period": np.array([str(2016 + year) for year in range(YEARS)])[draw.integers(0, YEARS, CASES)],
        "area": np.array(people.areas)[draw.choice(len(people.areas), CASES, p=weight / weight.sum())],
        "sex": np.array(SEXES)[draw.integers(0, 2, CASES)],
        "age": draw.integers(0, 100, CASES).astype(float),
    })  # fmt: skip


def cells_of(table, people):
    """Every cell with its count and residents: what the peers start from once the cases are counted."""
    frame = pd.DataFrame({name: table[name] for name in ("service", "period", "area", "sex")})
    frame["band"] = np.minimum(table["age"].astype(int) // 5, 18)
    counted = frame.groupby(["service", "period", "area", "sex", "band"]).size()
    names = [sorted(set(table["service"])), sorted(set(table["period"])), people.areas, SEXES, range(19)]
    whole = counted.reindex(pd.MultiIndex.from_product(names), fill_value=0).rename("count").reset_index()
    whole.columns = ["service", "year", "area", "sex", "band", "count"]
    whole["persons"] = np.tile(people.persons.ravel(), SERVICES * YEARS)
    whole["weight"] = people.standard[whole["band"]]
    return whole


def byar(count, level=0.95):
    z = 1.959963984540054
    few = count < 10
    tail = (1 - level) / 2
    lower = np.where(
        few, chi2.ppf(tail, 2 * count) / 2, count * (1 - 1 / (9 * count.clip(1)) - z / (3 * np.sqrt(count.clip(1)))) ** 3
    )
    more = count + 1
    upper = np.where(few, chi2.ppf(1 - tail, 2 * more) / 2, more * (1 - 1 / (9 * more) + z / (3 * np.sqrt(more))) ** 3)
    return np.nan_to_num(lower), upper


def by_pandas(table, people):
    """What an analyst writes: groupby and apply, as the vignettes do with group_by and summarise."""
    cells = cells_of(table, people)
    crude = cells.groupby(["service", "year", "area"])[["count", "persons"]].sum()
    crude["rate"] = crude["count"] / crude["persons"] * 1e6
    crude["lower"], crude["upper"] = (limit / crude["persons"] * 1e6 for limit in byar(crude["count"].to_numpy()))
    bands = cells.groupby(["service", "year", "area", "band"], as_index=False).agg(
        count=("count", "sum"), persons=("persons", "sum"), weight=("weight", "first")
    )
    direct = bands.groupby(["service", "year", "area"])[["count", "persons", "weight"]].apply(dobson)
    nation = cells.groupby(["service", "year", "sex", "band"])[["count", "persons"]].transform("sum")
    cells["expected"] = cells["persons"] * nation["count"] / nation["persons"]
    ratio = cells.groupby(["service", "year", "area"])[["count", "expected"]].sum()
    ratio["ratio"] = ratio["count"] / ratio["expected"]
    ratio["lower"], ratio["upper"] = (limit / ratio["expected"] for limit in byar(ratio["count"].to_numpy()))
    return crude["rate"].sum(), direct.sum(), ratio["ratio"].sum()


def dobson(group):
    total = group["count"].sum()
    if total < 10:
        return np.nan
    share = group["weight"] / group["weight"].sum()
    rate = (share * group["count"] / group["persons"]).sum()
    spread = np.sqrt((share**2 * group["count"] / group["persons"] ** 2).sum() / total)
    lower, upper = byar(np.array([total]))
    assert rate + spread * (lower[0] - total) <= rate <= rate + spread * (upper[0] - total)
    return rate * 1e6


def by_plenary(table, people):
    found = equity_of_access(table, people)
    area = np.isin(found["area"], people.areas) & (found["sex"] == "") & (found["age_band"] == "")
    return tuple(np.nansum(found["value"][area & (found["measure"] == name)]) for name in MEASURES), len(found)


MEASURES = ("patients", "patients@direct", "patients@ratio")


def seconds(work):
    started, clock = time.process_time(), time.perf_counter()
    answer = work()
    return time.process_time() - started, time.perf_counter() - clock, answer


def in_r(table, people):
    script = shutil.which("Rscript")
    if script is None:
        return "R is not installed here: PHEindicatormethods itself was not timed."
    with tempfile.TemporaryDirectory() as folder:
        cells_of(table, people).to_csv(Path(folder) / "cells.csv", index=False)
        (Path(folder) / "bench.R").write_text(R_SCRIPT.format(folder=folder), encoding="utf-8")
        run = subprocess.run([script, str(Path(folder) / "bench.R")], capture_output=True, text=True, check=False)
    if run.returncode:
        return f"R's PHEindicatormethods could not be used: {run.stderr.strip().splitlines()[-1]}"
    return f"R's PHEindicatormethods, crude and direct rates from counted cells: {run.stdout.split()[0]} s of processor time."


def main():
    people = residents(read_areas(Path(__file__).parents[1] / "definitions" / "areas"), date(2025, 1, 1))
    table = invented(people)
    best = min((seconds(lambda: by_plenary(table, people)) for _ in range(5)), key=lambda run: run[0])
    taken, clock, (ours, rows) = best
    peer, peer_clock, theirs = seconds(lambda: by_pandas(table, people))
    apart = max(abs(a - b) / abs(b) for a, b in zip(ours, theirs, strict=True))
    cells = SERVICES * YEARS * len(people.areas) * len(BANDS) * 2
    print("## Equity of access\n")
    print(
        f"{SERVICES} services × {len(people.areas)} boards × {len(BANDS)} age bands × 2 sexes × {YEARS} years = {cells:,} cells,"
    )
    print(f"from {CASES:,} invented cases. Best of five here, once for the peer.\n")
    print("| who | what | processor seconds | by the clock | times Plenary's |\n| --- | --- | ---: | ---: | ---: |")
    print(f"| Plenary | every figure, {rows:,} rows | {taken:.2f} | {clock:.2f} | 1 |")
    print(f"| pandas | crude, direct and indirect rates alone | {peer:.2f} | {peer_clock:.2f} | {peer / taken:.1f} |")
    print(f"\nLargest difference of the sums of the three: {apart:.0e}. Aim: 2 s. {in_r(table, people)}\n")
    assert apart < 1e-9, (ours, theirs)


if __name__ == "__main__":
    main()
