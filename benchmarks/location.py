"""Where so many centres would serve England best: 6,791 small areas by 205 sites, with proof; and what a change would mean."""

import csv
import os
import time
from pathlib import Path

import numpy as np

from plenary_stats.areas import rows
from plenary_stats.location import Change, difference, outlook, p_centre, p_median, straight_line
from plenary_stats.small_areas import read_small_areas

ROOT = Path(__file__).parents[1]
AREAS = ROOT / "definitions" / "areas"
SHARED = Path(os.environ.get("PLENARY_SHARED", ROOT.parent / "shared"))
PATIENTS = 300


def points():
    """The 205 trusts of England where the reference list is at hand, else those of the shipped list that have a point."""
    given = SHARED / "reference" / "geography" / "trusts.csv"
    if given.exists():
        with given.open(encoding="utf-8", newline="") as file:
            return [(float(row["lat"]), float(row["lon"])) for row in csv.DictReader(file)]
    return [(float(row["latitude"]), float(row["longitude"])) for row in rows(AREAS / "trusts.csv") if row["latitude"]]


def seconds(work):
    started, clock = time.process_time(), time.perf_counter()
    answer = work()
    return time.process_time() - started, time.perf_counter() - clock, answer


def main():
    small = read_small_areas(AREAS)
    latitudes, longitudes = zip(*points(), strict=True)
    travel = straight_line(small.latitude, small.longitude, latitudes, longitudes)
    people, minutes = small.persons, travel.minutes
    print("## Where centres stand\n")
    print(f"England: {len(small):,} small areas, {len(latitudes)} sites. {travel.says} Once each; aim: 20 s.\n")
    print("| p | p-median: seconds | by the clock | proved | mean minutes | p-centre: seconds | by the clock | farthest |")
    print("| ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: |")
    slowest = 0.0
    for p in range(1, 7):
        taken, clock, median = seconds(lambda p=p: p_median(people, minutes, p))
        other, other_clock, centre = seconds(lambda p=p: p_centre(minutes, p))
        slowest = max(slowest, taken, other)
        proved = "yes" if median.optimal else "no"
        mean, far = median.cost / people.sum(), centre.cost
        print(f"| {p} | {taken:.2f} | {clock:.2f} | {proved} | {mean:.1f} | {other:.1f} | {other_clock:.1f} | {far:.0f} |")
    coming, now = people / people.sum() * PATIENTS, median.sites.tolist()
    room = np.full(len(latitudes), PATIENTS / len(now) * 1.1)
    free = [site for site in range(len(latitudes)) if site not in now]

    def changed():
        before = outlook(people, minutes, now, patients=coming, minimum=30, groups=small.icb_2022)
        sites = Change(add=(free[0],), move=((now[0], free[1]),)).sites(now, len(latitudes))
        return difference(before, outlook(people, minutes, sites, patients=coming, groups=small.icb_2022), people)

    taken, _, _ = seconds(changed)
    limited, _, found = seconds(lambda: outlook(people, minutes, now, patients=coming, capacity=room, share_room=True))
    print(f"\nTwo outlooks of every resident and their difference: {taken:.3f} s. With limited room (linear programme over")
    print(f"{len(small) * len(now):,} journeys): {limited:.2f} s, mean {found.summary['mean_minutes']:.1f} minutes.\n")
    assert slowest < 20, slowest


if __name__ == "__main__":
    main()
