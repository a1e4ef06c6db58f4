import json

import numpy as np
import pytest

from plenary_stats.disclosure import Policy, audit, plan, rows_in_words
from plenary_stats.disclosure.plan import steps_of
from plenary_stats.disclosure.policy import policy_of
from plenary_stats.tables import ResultTable, text

DIMENSIONS = ("service", "centre", "sex", "period")
YEARS = ("2019", "2020", "2021")


def table(numbers: dict[str, dict[str, tuple[int, ...]]], years=YEARS) -> ResultTable:
    """Patients by service, centre and year, half of them women; with all totals of centres and sexes."""
    rows = {}
    for service, centres in numbers.items():
        for order, year in enumerate(years):
            for centre, own in centres.items():
                rows |= {
                    (service, centre, "F", year): own[order] // 2,
                    (service, centre, "M", year): own[order] - own[order] // 2,
                }
    for axis in (1, 2):
        for place in list(rows):
            whole = (*place[:axis], "Total", *place[axis + 1 :])
            rows[whole] = sum(
                value
                for other, value in rows.items()
                if other[axis] != "Total" and (*other[:axis], "Total", *other[axis + 1 :]) == whole
            )
    columns = {name: text([place[order] for place in rows]) for order, name in enumerate(DIMENSIONS)}
    columns["value"] = np.array(list(rows.values()), dtype=float)
    return ResultTable(columns, name="activity", kind="count", dimensions=DIMENSIONS)


SMALL = {"liver": {"A": (24, 22, 26), "B": (25, 27, 21), "C": (23, 28, 29)}}
LARGE = {"heart": {"A": (200, 220, 210), "B": (190, 195, 205)}}


def titles(found) -> list[str]:
    return [each.title for each in found.proposals]


def test_small_centres_are_pooled_and_the_words_say_what_is_shown_in_place_of_what():
    found = plan([table(SMALL)], Policy())
    assert found.best.title.startswith("pool 3 years")
    assert found.best.protected is not None
    assert found.best.shown.levels["centre",] == (3, 3)
    words = found.words(found.best)
    assert "3 of 3 centre figures shown in place of 0 of 9" in words
    assert "% more" in words
    assert words.endswith("It hides single years of centres.")


def test_where_everything_is_shown_nothing_is_proposed():
    found = plan([table(LARGE)], Policy())
    assert found.best is found.baseline
    assert found.baseline.shown.figures == found.baseline.shown.of == 27
    assert list(rows_in_words(found))[-1] == "No proposal shows more than the tables as they are."
    assert not [line for line in rows_in_words(found) if line.startswith("*")]


def test_what_is_proposed_was_protected_and_holds_against_the_attack():
    found = plan([table(SMALL | LARGE)], Policy())
    exact = [each for each in (found.baseline, *found.proposals) if each.exact]
    assert len(exact) > 2
    for each in exact:
        assert each.protected is not None
        again = audit(each.protected.tables, each.policy)
        assert again.clean
        assert again.totals["withheld"] == each.protected.audit.totals["primary"] + each.protected.audit.totals["secondary"]


def test_the_step_can_be_taken_for_those_services_alone_that_gain_by_it():
    """Pooling all years would hide the large service's single years for nothing."""
    found = plan([table(SMALL | LARGE)], Policy())
    assert any(title.endswith("for liver alone") for title in titles(found))
    assert found.best.title.endswith("for liver alone")
    made = found.best.protected.tables[0]
    periods = {service: {row["period"] for row in made.rows() if row["service"] == service} for service in ("liver", "heart")}
    assert periods["heart"] == set(YEARS)
    assert "2019 to 2021" in periods["liver"]


def test_proposals_that_were_only_estimated_say_at_most_and_stand_behind():
    found = plan([table(SMALL | LARGE)], Policy(), most=1)
    order = [each.exact for each in found.proposals]
    assert order == sorted(order, reverse=True)
    assert sum(order) <= 2  # one in earnest, and the ranges of the tables as they are
    guessed = next(each for each in found.proposals if not each.exact)
    assert "at most" in found.words(guessed)
    assert guessed.protected is None


def test_progress_is_told_before_each_piece_and_the_work_is_bounded():
    told = []
    plan([table(SMALL | LARGE)], Policy(), most=3, progress=lambda done, most, words: told.append((done, most, words)))
    assert [done for done, _, _ in told] == list(range(len(told)))
    assert {most for _, most, _ in told} == {4}
    assert 1 <= len(told) <= 4
    assert told[0][2] == "the tables as they are"


def test_the_same_tables_give_the_same_plan_whatever_the_order_of_their_rows():
    source = table(SMALL | LARGE)
    order = np.random.default_rng(3).permutation(len(source))
    shuffled = ResultTable(
        {name: column[order] for name, column in source.columns.items()}, name="activity", dimensions=DIMENSIONS
    )
    first = json.dumps(plan([source], Policy()).plain())
    assert first == json.dumps(plan([source], Policy()).plain())
    assert first == json.dumps(plan([shuffled], Policy()).plain())


def test_the_plan_is_plain_for_json():
    plain = plan([table(SMALL)], Policy()).plain()
    assert plain["baseline"]["words"].startswith("The tables as they are: ")
    assert plain["best"] in [each["title"] for each in plain["proposals"]]
    step = next(each for each in plain["proposals"] if each["title"] == plain["best"])["steps"][0]
    assert step["dimension"] == "period"
    assert set(step["into"]) == set(YEARS)
    assert json.loads(json.dumps(plain)) == plain


def test_an_edition_that_earlier_ones_give_away_is_said_to_be_impossible():
    """A alone makes the total, which an earlier edition of the same year shows."""

    def of(centre: str) -> ResultTable:
        columns = {"centre": text([centre]), "period": text(["2021"]), "value": np.array([12.0])}
        return ResultTable(columns, name="activity", kind="count", dimensions=("centre", "period"))

    both = {"centre": text(["A", "Total"]), "period": text(["2021", "2021"]), "value": np.array([12.0, 12.0])}
    now = ResultTable(both, name="activity", kind="count", dimensions=("centre", "period"))
    found = plan([now], Policy(), [of("Total")])
    assert found.baseline.problem
    assert "cannot be published" in found.words(found.baseline)
    assert found.baseline.shown.figures == 0


def test_finer_codes_of_earlier_editions_stay_tied_to_the_coarser_ones():
    """Last year's bands were shown; merged two by two, the new ones are their sums."""
    ages = ("0-4", "5-17", "18-39", "40-64")

    def aged(values: tuple[int, ...]) -> ResultTable:
        columns = {
            "age_band": text([*ages, "Total"]),
            "period": text(["2021"] * 5),
            "value": np.array([*values, sum(values)], dtype=float),
        }
        return ResultTable(columns, name="activity", kind="count", dimensions=("age_band", "period"))

    found = plan([aged((50, 12, 40, 60))], Policy(), [aged((50, 35, 40, 60))], most=9)
    merged = next(each for each in found.proposals if each.title.startswith("adjacent age bands"))
    pairs = merged.policy.hierarchies["age_band"]
    assert set(pairs) == {("0-4", "0-17"), ("5-17", "0-17"), ("18-39", "18-64"), ("40-64", "18-64")}
    alone = plan([aged((50, 12, 40, 60))], Policy(), most=9)
    assert all(each.policy.hierarchies == {} for each in alone.proposals)


@pytest.mark.parametrize(
    ("codes", "policy", "words"),
    [
        ({"period": ["2019", "2020", "2021"], "centre": ["A", "Total", "A"]}, {}, ["pool 2 years", "pool 2 years of each", "pool 3 years", "pool 3 years of each"]),
        ({"period": ["2019", "2020"]}, {}, ["pool 2 years (2019 to 2020)"]),
        ({"period": ["2021"]}, {}, []),
        ({"area": ["L", "M", "Total"]}, {"hierarchies": {"area": [["L", "N"], ["M", "N"]]}}, ["each area to its parent (N)", "no breakdown by area"]),
        ({"sex": ["F", "M"]}, {}, ["no breakdown by sex"]),
        ({"sex": ["F", "Total"]}, {}, []),
        ({"age_band": ["0-4", "5-9", "10-14", "15+"]}, {}, ["adjacent age bands merged (0-9, 10+)", "no breakdown by age band"]),
        ({"service": ["s", "r"], "measure": ["patients", "referrals"]}, {}, []),
    ],
)  # fmt: skip
def test_every_step_that_the_tables_allow(codes, policy, words):
    columns = {name: text(column) for name, column in codes.items()}
    size = len(next(iter(columns.values())))
    source = ResultTable(columns | {"value": np.full(size, 40.0)}, name="t", dimensions=tuple(columns))
    found = [step.words for step in steps_of([source], policy_of(policy))]
    assert len(found) == len(words)
    assert all(one.startswith(start) for one, start in zip(found, words, strict=True))


def test_what_the_policy_could_say_instead_is_proposed_too():
    found = plan([table(SMALL)], Policy())
    ranges = next(each for each in found.proposals if each.policy.ranges)
    assert ranges.exact
    assert ranges.information >= found.baseline.information
    assert ranges.shown.figures == found.baseline.shown.figures
    assert ranges.protected is found.baseline.protected
    rounded = next(each for each in found.proposals if each.rounds)
    assert (rounded.policy.rounding, rounded.policy.minimum_width) == (5, 4)
    assert "asks for minimum_width = 4" in rounded.title
    assert not rounded.exact
    assert {"rounding": 5}.items() <= rounded.plain()["steps"][0].items()
    assert {"ranges": True}.items() <= ranges.plain()["steps"][0].items()
    nothing = plan([table(LARGE)], Policy())
    assert not [each for each in nothing.proposals if each.rounds or each.policy.ranges]


def test_rounding_is_never_called_best_by_itself():
    """It lets every number be known more nearly: that is for people to decide."""
    found = plan([table(SMALL)], Policy(minimum_width=4))
    assert any(each.rounds for each in found.proposals)
    assert not found.best.rounds
    assert "asks for" not in next(each for each in found.proposals if each.rounds).title
    given = plan([table(SMALL)], Policy(minimum_width=4, rounding=5))
    assert not [each for each in given.proposals if each.rounds]
    assert given.baseline.exact


def test_many_services_are_counted_rather_than_named():
    many = {f"small {order}": {"A": (24, 22, 26), "B": (25, 27, 21)} for order in range(6)}
    found = plan([table(many | LARGE)], Policy())
    narrowed = next(each for each in found.proposals if each.title.endswith("alone"))
    assert narrowed.title.endswith("for small 0, small 1, small 2, small 3 and 2 other services alone")
    assert len(narrowed.steps[0].merge.services) == 6
