"""Record linkage beside splink, on the same synthetic expected cases and case series with known truth, in accuracy and in time.

Both get the same facts of the same records, pseudonyms in the place of numbers. splink is set up as its documentation advises:
exact comparisons with levels for dates, u from random pairs, m by EM over two blockings; its pairs are made one to one, the
likeliest first, and those whose events are too far apart are left out, as ours are. "Usual": the errors that are assumed of
national data. "Poor": three in ten NHS numbers and four in ten local numbers missing, and twice the twins.
"""

import logging
import sys
import tempfile
import time
import warnings
from pathlib import Path

import pandas as pd
import splink.comparison_library as cl
from splink import Linker, SettingsCreator, block_on
from splink.backends.duckdb import DuckDBAPI

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.national.invented import Errors, Nation, invent
from benchmarks.national.judged import judged

from plenary_episodes import engines, events, identify, layouts, reading, rules, series
from plenary_episodes.linkage import Settings, link
from plenary_episodes.people import ordered
from plenary_episodes.pseudonyms import Pseudonyms

LAYOUTS = Path(__file__).parents[1] / "definitions" / "layouts"
POOR = Errors(nhs_missing=0.3, local_missing=0.4, nhs_of_another=0.002, birth_part_wrong=0.02, birth_missing=0.02, moved=0.08)
NATIONS = {
    "usual": Nation(services=20, patients=1_000),
    "poor": Nation(services=20, patients=1_000, hospital=POOR, series=POOR, twins=0.02),
}
BLOCKS = (("nhs",), ("born_on",), ("local", "centre"), ("area", "born_year", "sex"), ("centre", "event_on", "sex"))


def sources(invented):
    """Return expected cases and series as both programs get them, with the window of each service."""
    secret = Pseudonyms(b"a benchmark needs no secret, only one key")
    sets = rules.read_rules(invented.rules)
    opened = engines.started("duckdb").opened(invented.episodes)
    sheet = reading.read(opened, layouts.chosen(layouts.shipped(LAYOUTS), opened.headings, "episodes"))
    windows = rules.windows(sets)
    rows, _ = events.once(events.taken(identify.identified(sheet, sets), "episodes", secret))
    left = ordered([one.person for one in events.expected_cases(rows, windows)])
    return left, ordered(series.read(invented.cases, windows, secret).cases), windows


def ours(left, right, windows, threshold):
    found = link(left, right, windows, Settings(accept=threshold))
    return [(one.left, one.right) for one in found.links], found


def frame(people):
    table = pd.DataFrame([vars(one) for one in people.records]).assign(unique_id=range(len(people)))
    texts = {
        name: table[name].astype(str).replace({"": None, "None": None, "NaT": None}) for name in table if name != "unique_id"
    }
    return table.assign(**texts, born_year=texts["born_on"].str[:4])


def by_splink(left, right, windows, threshold):
    database = DuckDBAPI()
    tables = [database.register(frame(side), dataset_display_name=name) for name, side in (("expected", left), ("series", right))]
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[
            *(cl.ExactMatch(name) for name in ("nhs", "local", "sex", "area", "centre")),
            cl.DateOfBirthComparison("born_on", input_is_string=True),
            cl.AbsoluteDateDifferenceAtThresholds(
                "event_on", input_is_string=True, metrics=["day", "day", "day"], thresholds=[3, 31, 183]
            ),
        ],
        blocking_rules_to_generate_predictions=[block_on("service", *block) for block in BLOCKS],
    )  # fmt: skip
    linker = Linker(tables, settings, log_level=logging.ERROR)
    linker.training.estimate_probability_two_random_records_match(
        [block_on("service", "nhs"), block_on("service", "local", "centre")], recall=0.95
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for block in (("nhs",), ("born_on",)):
        linker.training.estimate_parameters_using_expectation_maximisation(block_on("service", *block))
    found = linker.inference.predict(threshold_match_probability=threshold).as_pandas_dataframe()
    taken, links = (set(), set()), []
    for pair in found.sort_values(
        ["match_probability", "unique_id_l", "unique_id_r"], ascending=[False, True, True]
    ).itertuples():
        sides = {pair.source_dataset_l: int(pair.unique_id_l), pair.source_dataset_r: int(pair.unique_id_r)}
        one, other = sides["expected"], sides["series"]
        window = windows[left.records[one].service]
        apart = abs((left.records[one].event_on - right.records[other].event_on).days)
        if one not in taken[0] and other not in taken[1] and (not window or apart <= window):
            taken[0].add(one)
            taken[1].add(other)
            links.append((one, other))
    return links, None


def measured(invented, left, right, work):
    started = time.process_time()
    links, found = work()
    took = time.process_time() - started
    named = [
        (left.records[one].name, (right.records[other].service, right.records[other].centre, right.records[other].name))
        for one, other in links
    ]
    return took, judged(invented, named), found


def main() -> None:
    warnings.simplefilter("ignore")
    print("## Record linkage\n")
    print("Expected cases and a case series of 20 services, synthetic, with known truth; processor time from records to links.\n")
    print("| data | who | seconds | links | wrong | missed | precision | recall | times Plenary's |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    said = []
    for name, nation in NATIONS.items():
        with tempfile.TemporaryDirectory() as folder:
            invented = invent(Path(folder), nation, seed=20)
            left, right, windows = sources(invented)
            print(f"{name}: {len(left):,} expected, {len(right):,} in the series …", file=sys.stderr)
            programs = {
                "Plenary, from 0.99": lambda: ours(left, right, windows, 0.99),  # noqa: B023  called in this turn of the loop
                "Plenary, from 0.5": lambda: ours(left, right, windows, 0.5),  # noqa: B023
            }
            for threshold in (0.5, 0.99, 0.9999):
                programs[f"splink, from {threshold}"] = lambda least=threshold: by_splink(left, right, windows, least)  # noqa: B023
            own = None
            for who, work in programs.items():
                took, found, linked = measured(invented, left, right, work)
                own = own or took
                wrong, missed = found.links - found.right, found.pairs - found.right
                print(
                    f"| {name} | {who} | {took:.1f} | {found.links:,} | {wrong} | {missed:,} | {found.precision:.5f} | "
                    f"{found.recall:.4f} | {took / own:.1f} |",
                    flush=True,
                )
                if who == "Plenary, from 0.99":
                    wrong, missed = linked.expected_false, linked.expected_missed
                    said.append(f"{name}: {wrong:.1f} wrong and {missed:.0f} missed, {len(linked.review)} listed for review")
    print(f"\nWhat Plenary (from 0.99) expected of itself: {'; '.join(said)}.")
    print("Aim: precision 0.999 and recall 0.98 with the usual errors.")


if __name__ == "__main__":
    main()
