"""Seconds to protect and to attack an edition's tables, and how many numbers go besides those that are too small.

80 services of one to five centres, 7 regions, 2 sexes, 5 age bands, one year; invented. "services apart": what an edition
publishes (centre and service by region, by sex, by age). "national": the same with the margins over all services, service by sex
by age, and region by sex by age, as one linked table. The peer is GaussSuppression 1.x in R on tables of that shape (another
draw of the same size), measured on two such cores.
"""

import itertools
import os
import sys
from collections import Counter

import numpy as np

from plenary_stats.disclosure import Policy, audit, protect
from plenary_stats.tables import TOTAL, ResultTable, text

REGIONS = ("East of England", "London", "Midlands", "North East and Yorkshire", "North West", "South East", "South West")
SEXES, AGES = ("Female", "Male"), ("0-4", "5-17", "18-39", "40-64", "65+")
DIMENSIONS = ("service", "centre", "region", "sex", "age_band")
PEER = {"publish": "230 secondary, 21.4 s, 9 left too narrow", "protect": "210 secondary, 5.5 s, 148 left too narrow"}


def patients(services: int, seed: int) -> Counter:
    """Number of patients by service, centre, region, sex and age band."""
    random, found = np.random.default_rng(seed), Counter()
    for order in range(services):
        centres = int(random.choice([1, 2, 3, 4, 5], p=[0.22, 0.26, 0.22, 0.15, 0.15]))
        size = int(np.clip(np.exp(random.normal(5, 1.35)), 4, 5000))
        bands = random.choice([0, 1, 2], p=[0.55, 0.2, 0.25])
        ages = random.dirichlet([1, 1.5, 2, 2, 1]) * [np.ones(5), [1, 1, 0, 0, 0], [0, 0, 1, 1, 1]][bands]
        home = random.dirichlet(np.full(len(REGIONS), 1.2), size=centres) * random.dirichlet(np.full(centres, 3.0))[:, None]
        women = float(np.clip(random.choice([0.5, 0.95, 0.12], p=[0.85, 0.09, 0.06]) + random.normal(0, 0.02), 0.01, 0.99))
        share = home[:, :, None, None] * np.array([women, 1 - women])[None, None, :, None] * ages[None, None, None, :]
        drawn = random.multinomial(size, (share / share.sum()).ravel())
        places = itertools.product([f"S{order:03}.C{each}" for each in range(centres)], REGIONS, SEXES, AGES)
        for place, number in zip(places, drawn.tolist(), strict=True):
            found[(f"S{order:03}", *place)] += number
    return found


def published(people: Counter, *, national: bool) -> ResultTable:
    """The table that an edition shows, with all its margins."""
    shown = Counter()
    one_way = [(2,), (3,), (4,), ()]
    for place, number in people.items():
        for units, ways in (((0, 1), one_way), ((0,), one_way + ([(3, 4)] if national else []))):
            for way in ways:
                shown[tuple(place[each] if each in (*units, *way) else TOTAL for each in range(5))] += number
        if national:
            for size in range(4):
                for way in itertools.combinations((2, 3, 4), size):
                    shown[tuple(place[each] if each in way else TOTAL for each in range(5))] += number
    columns = {name: text([place[order] for place in shown]) for order, name in enumerate(DIMENSIONS)}
    return ResultTable(columns | {"value": np.array(list(shown.values()), dtype=float)}, name="activity", dimensions=DIMENSIONS)


def processor() -> float:
    """Return the processor seconds of this process and of its copies on other cores."""
    return sum(os.times()[:4])


def main() -> int:
    services = int(sys.argv[1]) if len(sys.argv) > 1 else 80
    people = patients(services, 20190)
    print("## Disclosure control\n")
    print(f"{services} services, {people.total():,} patients, threshold 30, width 10.\n")
    print("| table | cells | zeros | primary | secondary | protect and prove, s | attack alone, s | exact | narrow | peer |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for national, zeros in itertools.product((False, True), ("publish", "protect")):
        table, policy = published(people, national=national), Policy(zeros=zeros)
        started = processor()
        done = protect([table], policy)
        seconds = processor() - started
        again = processor()
        audit(done.tables, policy)
        alone = processor() - again
        totals, peer = done.audit.totals, PEER[zeros] if national and services == 80 else ""
        print(
            f"| {'national' if national else 'services apart'} | {totals['cells']:,} | {zeros} | {totals['primary']:,} "
            f"| {totals['secondary']} | {seconds:.1f} | {alone:.1f} | {totals['exact']} | {totals['narrow']} | {peer} |",
            flush=True,
        )
    print("\nProcessor seconds, of all cores together.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
