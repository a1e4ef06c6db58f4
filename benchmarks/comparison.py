"""Funnels of 8,000 comparisons, and standardised rates of every area and service, beside R and statsmodels on the same numbers.

80 services × 5 centres × 20 outcomes: exact limits at 95% and 99.8%, exact tail probabilities and flags, one funnel a
service and outcome, all in one call. 42 areas × 80 services × 19 age bands × 2 sexes: directly standardised rates with Dobson's
limits, and indirectly standardised ratios. R does the same twice: a funnel and an area and service at a time, as the formulas are
written and its packages are called, and vectorised by hand, once for all, which is the best that it can do; statsmodels and scipy
as an analyst would write it. Answers are compared before times are printed; these are processor times, since other work shares
the machine. What bounds the funnels is the incomplete beta function: some ten values of it for each centre.

The input is the arrays handed in, as a caller would hold them: int64 counts and labels. Peak memory is beyond it, and holds the
answer, which for a funnel is larger than the input: sixteen columns of three.
"""

import resource
import shutil
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.rates import confint_poisson

from plenary_stats.comparison import funnels
from plenary_stats.rates import directly_standardised, expected_events, indirectly_standardised

SERVICES, CENTRES, OUTCOMES = 80, 5, 20
AREAS, BANDS = 42, 19 * 2

R_SCRIPT = r"""
folder <- commandArgs(trailingOnly = TRUE)[1]
best <- function(f, times) min(replicate(times, { gc(FALSE); used <- system.time(f()); used[[1]] + used[[2]] }))
d <- read.csv(file.path(folder, "funnel.csv"))
funnel <- function(d, target) {
  limit <- function(p) {
    r <- qbinom(p, d$n, target)
    a <- (pbinom(r, d$n, target) - p) / dbinom(r, d$n, target)
    pmin(pmax((r - a) / d$n, 0), 1)
  }
  low <- pbinom(d$x, d$n, target); high <- pbinom(d$x - 1, d$n, target, lower.tail = FALSE)
  flag <- ifelse(low < .025, "low95", ifelse(high < .025, "high95", "within"))
  flag <- ifelse(low < .001, "low998", ifelse(high < .001, "high998", flag))
  list(l95 = limit(.025), u95 = limit(.975), l998 = limit(.001), u998 = limit(.999), low = low, high = high, flag = flag)
}
column <- function(parts, name) unlist(lapply(parts, `[[`, name), FALSE, FALSE)
together <- function(parts) lapply(setNames(nm = names(parts[[1]])), function(name) column(parts, name))
all_funnels <- function() funnel(d, ave(d$x, d$group, FUN = sum) / ave(d$n, d$group, FUN = sum))
each_funnel <- function() together(lapply(split(d, d$group), function(one) funnel(one, sum(one$x) / sum(one$n))))
s <- read.csv(file.path(folder, "strata.csv"))
dobson <- function(s) {
  w <- s$standard / ave(s$standard, s$place, FUN = sum)
  sums <- rowsum(cbind(s$events, w * s$events / s$people, w^2 * s$events / s$people^2, s$people * s$rate), s$place)
  o <- sums[, 1]
  lo <- ifelse(o < 10, qchisq(.025, 2 * o) / 2, o * (1 - 1 / (9 * o) - qnorm(.975) / (3 * sqrt(o)))^3)
  up <- ifelse(o < 10, qchisq(.975, 2 * o + 2) / 2, (o + 1) * (1 - 1 / (9 * (o + 1)) + qnorm(.975) / (3 * sqrt(o + 1)))^3)
  scale <- sqrt(sums[, 3] / o)
  list(dsr = sums[, 2], lower = sums[, 2] + scale * (lo - o), upper = sums[, 2] + scale * (up - o), o = o,
             ratio = o / sums[, 4], ratio_lower = lo / sums[, 4], ratio_upper = up / sums[, 4])
}
each_rate <- function() together(lapply(split(s, s$place), dobson))
same <- function(one, other) stopifnot(isTRUE(all.equal(one, other, check.attributes = FALSE, tolerance = 1e-12)))
same(all_funnels(), each_funnel())
same(dobson(s), each_rate())
write.csv(format(as.data.frame(all_funnels()), digits = 15), file.path(folder, "funnel_r.csv"), row.names = FALSE)
write.csv(format(as.data.frame(dobson(s)), digits = 15), file.path(folder, "rates_r.csv"), row.names = FALSE)
cat(best(all_funnels, 5), best(function() dobson(s), 5), best(each_funnel, 2), best(each_rate, 2))
"""


def invented():
    draw = np.random.default_rng(20260)
    n = draw.integers(3, 150, (SERVICES, OUTCOMES, CENTRES))
    x = draw.binomial(n, draw.uniform(0.02, 0.98, (SERVICES, OUTCOMES, 1)))
    people = np.repeat(draw.integers(2_000, 40_000, (AREAS, 1, BANDS)), SERVICES, axis=1)
    standard = draw.integers(1_000, 70_000, BANDS)
    rate = draw.uniform(1e-6, 4e-5, (SERVICES, BANDS))
    return x, n, draw.poisson(people * rate), people, standard


def our_funnels(x, n):
    return funnels(x.ravel(), n.ravel(), np.repeat(np.arange(SERVICES * OUTCOMES), CENTRES)).columns


def our_rates(events, people, standard):
    direct = directly_standardised(events, people, standard)
    expected = expected_events(people, events.sum(axis=0), people.sum(axis=0))
    return direct, indirectly_standardised(events.sum(axis=-1), expected)


def scipy_funnels(x, n):
    flags = []
    for service in range(SERVICES):
        for outcome in range(OUTCOMES):
            met, of = x[service, outcome], n[service, outcome]
            spread = stats.binom(of, met.sum() / of.sum())
            for p in (0.001, 0.025, 0.975, 0.999):
                rank = spread.ppf(p)
                np.clip((rank - (spread.cdf(rank) - p) / spread.pmf(rank)) / of, 0, 1)
            low, high = spread.cdf(met), spread.sf(met - 1)
            words = np.where(low < 0.001, "low998", np.where(high < 0.001, "high998", np.where(low < 0.025, "low95", "within")))
            flags.append(np.where((words == "within") & (high < 0.025), "high95", words))
    return flags


def pandas_rates(strata):
    share = strata.standard / strata.groupby("place").standard.transform("sum")
    parts = pd.DataFrame(
        {
            "o": strata.events,
            "dsr": share * strata.events / strata.people,
            "var": share**2 * strata.events / strata.people**2,
            "e": strata.people * strata.rate,
        }
    )
    sums = parts.groupby(strata.place).sum()
    limits = np.array([confint_poisson(o, 1, method="exact-c") for o in sums.o])
    scale = np.sqrt(sums["var"] / sums.o.where(sums.o > 0))
    return sums.dsr + scale * (limits[:, 0] - sums.o), sums.o / sums.e


def best(function, times):
    return min(once(function) for _ in range(times))


def once(function):
    started = time.process_time()
    function()
    return time.process_time() - started


def peak(function):
    """Return the most memory that Python and numpy held at once, in bytes."""
    tracemalloc.start()
    function()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def by_r(folder, found, direct, ratio):
    """Return R's seconds, vectorised and one at a time, after comparing its answers with ours."""
    (folder / "peer.R").write_text(R_SCRIPT, encoding="utf-8")
    answer = subprocess.run(
        ["Rscript", "--vanilla", str(folder / "peer.R"), str(folder)], capture_output=True, text=True, check=True
    ).stdout.split()
    theirs, rates = pd.read_csv(folder / "funnel_r.csv", skipinitialspace=True), pd.read_csv(folder / "rates_r.csv")
    for ours, name in {"lower_95": "l95", "upper_95": "u95", "lower_998": "l998", "upper_998": "u998", "p_low": "low"}.items():
        np.testing.assert_allclose(found[ours], theirs[name], rtol=1e-9, atol=1e-12)
    assert found["flag"].tolist() == theirs.flag.str.strip().tolist()
    shown = direct.why_not.ravel() == ""
    for ours, name in ((direct.estimate, "dsr"), (direct.lower, "lower"), (direct.upper, "upper")):
        np.testing.assert_allclose(ours.ravel()[shown], rates[name][shown], rtol=1e-9)
    np.testing.assert_allclose(ratio.upper.ravel(), rates.ratio_upper, rtol=1e-9)
    return [float(figure) for figure in answer]


def main() -> None:
    x, n, events, people, standard = invented()
    rate = events.sum(axis=0) / people.sum(axis=0)
    strata = pd.DataFrame(
        {
            "place": np.repeat(np.arange(AREAS * SERVICES), BANDS),
            "events": events.ravel(),
            "people": people.ravel(),
            "standard": np.tile(standard, AREAS * SERVICES),
            "rate": np.tile(rate.ravel(), AREAS),
        }
    )
    found, (direct, ratio) = our_funnels(x, n), our_rates(events, people, standard)
    own = best(lambda: our_funnels(x, n), 5), best(lambda: our_rates(events, people, standard), 5)
    library = best(lambda: scipy_funnels(x, n), 1), best(lambda: pandas_rates(strata), 1)
    flags = found["flag"]
    assert np.concatenate(scipy_funnels(x, n)).tolist() == flags.tolist()
    print("## Comparisons\n")
    print(
        f"{flags.size:,} comparisons in {SERVICES * OUTCOMES:,} funnels, {events.size:,} strata, {direct.estimate.size:,} rates"
    )
    print("Processor time, best of several.\n")
    print("| who | funnels, seconds | times Plenary's | rates, seconds | times Plenary's |\n| --- | ---: | ---: | ---: | ---: |")
    row("Plenary", own, own)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        group = np.repeat(np.arange(SERVICES * OUTCOMES), CENTRES)
        pd.DataFrame({"group": group, "x": x.ravel(), "n": n.ravel()}).to_csv(folder / "funnel.csv", index=False)
        strata.to_csv(folder / "strata.csv", index=False, float_format="%.17g")
        if shutil.which("Rscript"):
            seconds = by_r(folder, found, direct, ratio)
            row("R, a funnel and a rate at a time", seconds[2:], own)
            row("R, vectorised by hand", seconds[:2], own)
    row("scipy; pandas with statsmodels", library, own)
    if not shutil.which("Rscript"):
        print("\nR is not installed here.")
    most = peak(lambda: our_funnels(x, n)), peak(lambda: our_rates(events, people, standard))
    given = x.nbytes + n.nbytes + found["group"].nbytes, events.nbytes + people.nbytes + standard.nbytes
    parts = [part for one in (direct, ratio) for part in (one.estimate, one.lower, one.upper, one.why_not)]
    answers = sum(column.nbytes for column in found.values()), sum(part.nbytes for part in parts)
    print(
        "\n| memory | input, MB | peak above it, MB | times the input | of it the answer |\n| --- | ---: | ---: | ---: | ---: |"
    )
    for what, size, used, kept in zip(("funnels", "rates"), given, most, answers, strict=True):
        print(f"| {what} | {size / 2**20:.2f} | {used / 2**20:.2f} | {used / size:.1f} | {kept / size:.1f} |")
    print(f"\nThe whole process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB, peers included.")
    print(
        "All flags and figures are those of R (to 1e-9) and scipy."
        if shutil.which("Rscript")
        else "All flags are those of scipy."
    )


def row(who, taken, own):
    print(f"| {who} | {taken[0]:.3f} | {taken[0] / own[0]:.1f} | {taken[1]:.3f} | {taken[1] / own[1]:.1f} |")


if __name__ == "__main__":
    sys.exit(main())
