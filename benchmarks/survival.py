"""Survival on the yearly path, beside R's survival package, lifelines and statsmodels, on the same invented patients.

Kaplan-Meier with log-log limits by centre and service on 1,000,000 cases, the whole curves and at three times; the log-rank
test of the centres of one service on 100,000; a Cox model of 10 covariates on 100,000. Every program starts from arrays in
memory. Processor time is compared, since other work shares the machine. Peak memory is the most that was allocated beyond the
input, the answer with it; the input is the arrays handed in, in the types that a caller would hold: a case is 13 bytes (time as
float64, event as a truth, group as int32), a patient of the Cox model 89 (ten covariates as float64).
"""

import shutil
import subprocess
import tempfile
import time
import tracemalloc
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import survdiff

from plenary_stats.survival import cox, kaplan_meier, logrank

AT = [30, 365, 1826]
CASES, PATIENTS, SERVICES, CENTRES, COVARIATES = 10**6, 10**5, 80, 5, 10
R_SCRIPT = """
suppressMessages(library(survival))
figure <- function(name, times, work) {{
  best <- Inf
  for (i in seq_len(times)) {{ gc(FALSE); used <- system.time(answer <- work()); best <- min(best, used[[1]] + used[[2]]) }}
  cat(name, best, sprintf("%.12g", answer), "\\n")
}}
read <- function(name, what, n) readBin(file.path("{folder}", name), what, n)
n <- {cases}; time <- read("time", "double", n); event <- read("event", "integer", n); group <- read("group", "integer", n)
figure("km", 1, function() {{ f <- survfit(Surv(time, event) ~ group, conf.type = "log-log"); sum(f$surv[f$n.event > 0]) }})
m <- {patients}; t2 <- read("t2", "double", m); e2 <- read("e2", "integer", m); g2 <- read("g2", "integer", m)
x <- matrix(read("x", "double", m * {covariates}), m)
figure("at", 1, function() {{
  f <- survfit(Surv(time, event) ~ group, conf.type = "log-log")
  sum(summary(f, times = c(30, 365, 1826), extend = TRUE)$surv) }})
figure("logrank", 2, function() survdiff(Surv(t2, e2) ~ g2)$chisq)
figure("cox", 2, function() sum(coef(coxph(Surv(t2, e2) ~ x))))
"""


def invented():
    draw = np.random.default_rng(20190)
    group = draw.integers(0, SERVICES * CENTRES, CASES, dtype=np.int32)
    lived, followed = draw.exponential(1200 + group * 3.0), draw.integers(30, 3650, CASES)
    cases = np.ceil(np.minimum(lived, followed)), (lived <= followed), group
    table = draw.normal(size=(PATIENTS, COVARIATES))
    lived = draw.exponential(1500 * np.exp(-table @ np.linspace(-0.3, 0.3, COVARIATES)))
    followed, centre = draw.integers(30, 3650, PATIENTS), draw.integers(0, CENTRES, PATIENTS, dtype=np.int32)
    return cases, (np.ceil(np.minimum(lived, followed)), lived <= followed, centre, table)


def seconds(work, times):
    best, answer = float("inf"), 0.0
    for _ in range(times):
        started = time.process_time()
        answer = work()
        best = min(best, time.process_time() - started)
    return best, float(answer)


def memory(work, arrays):
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / sum(array.nbytes for array in arrays)


def lifelines_km(stop, event, group, at=None):
    """What an analyst writes: a fit for each group."""
    total = 0.0
    for _, rows in pd.DataFrame({"time": stop, "event": event, "group": group}).groupby("group"):
        fit = KaplanMeierFitter().fit(rows["time"], rows["event"])
        curve = fit.survival_function_.iloc[:, 0].to_numpy()
        assert len(fit.confidence_interval_) == len(curve)
        total += fit.predict(at).sum() if at else curve[fit.event_table["observed"].to_numpy() > 0].sum()
    return total


def lifelines_cox(stop, event, table):
    frame = pd.DataFrame(table, columns=[f"x{number}" for number in range(COVARIATES)]).assign(time=stop, event=event)
    return CoxPHFitter().fit(frame, "time", "event").params_.sum()


def statsmodels_cox(stop, event, table):
    return PHReg(stop, table, status=event, ties="efron").fit().params.sum()


def total(estimator, *arrays, **options):
    """Return one number that sums the answer up: it is compared with that of the others."""
    found = estimator(*arrays, **options)
    if isinstance(found, tuple):
        return found[0]
    for name in ("coefficients", "statistic", "test_statistic"):
        if hasattr(found, name):
            return np.sum(getattr(found, name))
    return found.columns["estimate"].sum()


def in_r(cases, patients):
    """Return R's seconds and answers by name, or the reason why there are none."""
    script = shutil.which("Rscript")
    if script is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        named = dict(zip(("time", "event", "group", "t2", "e2", "g2", "x"), (*cases, *patients), strict=True))
        for name, values in named.items():
            whole = values.dtype.kind in "bi"
            np.asarray(values, dtype=np.int32 if whole else np.float64).ravel(order="F").tofile(Path(folder) / name)
        text = R_SCRIPT.format(folder=folder, cases=CASES, patients=PATIENTS, covariates=COVARIATES)
        (Path(folder) / "bench.R").write_text(text, encoding="utf-8")
        run = subprocess.run([script, str(Path(folder) / "bench.R")], capture_output=True, text=True, check=False)
    if run.returncode:
        return run.stderr.strip().splitlines()[-1]
    return {name: (float(used), float(answer)) for name, used, answer in map(str.split, run.stdout.splitlines())}


def main() -> None:
    cases, patients = invented()
    stop, event, centre, table = patients
    ours = {
        "km": partial(total, kaplan_meier, *cases),
        "at": partial(total, kaplan_meier, *cases, at=AT),
        "logrank": partial(total, logrank, stop, event, centre),
        "cox": partial(total, cox, stop, event, table),
    }
    peers = {
        "km": {"lifelines": partial(lifelines_km, *cases)},
        "at": {"lifelines": partial(lifelines_km, *cases, at=AT)},
        "logrank": {
            "lifelines": partial(total, multivariate_logrank_test, stop, centre, event),
            "statsmodels": partial(total, survdiff, stop, event.astype(int), centre),
        },
        "cox": {
            "lifelines": partial(lifelines_cox, stop, event, table),
            "statsmodels": partial(statsmodels_cox, stop, event, table),
        },
    }
    titles = {
        "km": f"Kaplan-Meier with limits, {SERVICES} services × {CENTRES} centres, {CASES:,} cases",
        "at": "the same, at 30 days, 1 and 5 years",
        "logrank": f"log-rank, {CENTRES} centres, {PATIENTS:,} patients",
        "cox": f"Cox, {COVARIATES} covariates, {PATIENTS:,} patients",
    }
    inputs = {"km": cases, "at": cases, "logrank": (stop, event, centre), "cox": (stop, event, table)}
    from_r = in_r(cases, patients)
    print("## Survival\n")
    if not isinstance(from_r, dict):
        print("R is not installed here.\n" if from_r is None else f"R's survival package could not be used: {from_r}\n")
    print("Processor time, best of three here and of two in R, but once where a peer is slow.\n")
    print("| what | who | seconds | times Plenary's | peak memory, × input | largest difference of the answer |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    for name, title in titles.items():
        own, answer = seconds(ours[name], 3)
        print(f"| {title} | Plenary | {own:.3f} | 1 | {memory(ours[name], inputs[name]):.1f} | |")
        others = {who: seconds(work, 1) for who, work in peers[name].items()}
        if isinstance(from_r, dict):
            others = {"R survival": from_r[name], **others}
        for who, (taken, theirs) in others.items():
            print(f"| | {who} | {taken:.3f} | {taken / own:.1f} | | {abs(theirs - answer) / abs(answer):.0e} |")
    rows = kaplan_meier(*cases).columns
    size = sum(column.nbytes for column in rows.values()) / sum(array.nbytes for array in cases)
    print(
        "\nAims: 10 times R and 50 times lifelines by groups, no slower than R and statsmodels for Cox, memory of 3 × the input."
    )
    print(f"What bounds the memory of the whole curves: their {len(rows['time']):,} rows alone are {size:.1f} × the input.")
    print(
        "What bounds the log-rank test: lifelines and statsmodels make it too in a few passes over the arrays, with no loop over"
    )
    print("groups to save; a pass of 100,000 patients is some 0.2 ms, and checking, counting and adding up takes a dozen.")
    print("R's answer of the Cox model includes its concordance; Plenary's is a function of its own.\n")


if __name__ == "__main__":
    main()
