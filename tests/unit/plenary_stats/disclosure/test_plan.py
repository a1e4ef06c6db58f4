import json

import numpy as np
import pytest

from plenary_stats.disclosure import Policy, audit, plan, rows_in_words
from plenary_stats.disclosure.coarsen import Merge
from plenary_stats.disclosure.measured import Shown
from plenary_stats.disclosure.plan import Plan, Proposal, Step, _Planner, steps_of
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


# -- what is said of proposals, by hand


def proposed(
    title: str, *, information: float = 1.0, exact: bool = True, problem: str = "", hides: str = "", rounding=None, **shown
):
    steps = (Step(title, hides, rounding=rounding),) if title else ()
    return Proposal(steps, Policy(), Shown(information=information, **shown), exact=exact, problem=problem)


BEFORE = proposed(
    "", information=50.0, figures=1200, of=2000, levels={(): (2, 2), ("centre",): (3, 9), ("centre", "sex"): (0, 18)}
)


def said(**given) -> str:
    return Plan(BEFORE, ()).words(proposed("pool 3 years", **{"figures": 1500, "of": 1600, "information": 60.0, **given}))


def test_words_name_the_level_that_gains_and_all_figures_beside_what_there_was():
    words = said(levels={(): (2, 2), ("centre",): (3, 3), ("centre", "sex"): (1, 6)}, hides="single years")
    assert words == (
        "Pool 3 years: 3 of 3 centre figures shown in place of 3 of 9; in all 1,500 of 1,600 figures shown in place of "
        "1,200 of 2,000, which tells 20% more. It hides single years."
    )


def test_words_of_an_estimate_say_at_most_three_times():
    assert said(levels={("centre",): (3, 3)}, exact=False).count("at most") == 3


@pytest.mark.parametrize(("information", "words"), [(60.0, "20% more"), (40.0, "20% less"), (50.0, "0% more"), (50.4, "1% more")])
def test_words_say_how_much_more_or_less_is_told(information, words):
    assert f"which tells {words}." in said(information=information)


def test_where_nothing_was_told_before_no_share_of_it_is_said():
    found = Plan(proposed("", information=0.0, of=9), ())
    assert "which tells" not in found.words(proposed("pool 3 years", figures=3, of=3))
    assert found.words(found.baseline) == "The tables as they are: 0 of 9 figures shown in place of 0 of 9."


def test_words_of_what_cannot_be_published_say_why_and_nothing_else():
    assert said(problem="Leave that service out.") == "Pool 3 years: it cannot be published. Leave that service out."


@pytest.mark.parametrize(
    ("levels", "named"),
    [
        ({("centre",): (3, 9), ("centre", "sex"): (0, 18)}, None),  # nothing rose
        ({("centre",): (4, 9), ("centre", "sex"): (1, 18)}, "centre figures"),
        ({("centre",): (4, 9), ("centre", "sex"): (9, 18)}, "centre by sex figures"),
        ({("area",): (1, 9), ("centre",): (4, 9)}, "centre figures"),  # as much: the later name
        ({("centre",): (6, 9), ("centre", "sex"): (6, 18)}, "centre figures"),  # as much: the fewer breakdowns
        ({("area",): (5, 5), ("centre",): (9, 9)}, "area figures"),  # a level that was not there rises from nothing
        ({(): (2, 2), ("area",): (0, 0)}, None),  # no figures, no share
        ({("age_band",): (5, 5)}, "age band figures"),
    ],
)
def test_the_level_whose_share_rose_most_is_named(levels, named):
    words = said(levels=levels)
    assert words.startswith(f"Pool 3 years: {'1,500 of' if named is None else ''}")
    assert (named or "1,600 figures") in words.split(" shown in place of ")[0]


def test_the_best_was_protected_can_be_published_and_asks_for_no_other_policy():
    others = (
        proposed("guessed", information=90.0, exact=False),
        proposed("impossible", information=90.0, problem="No."),
        proposed("rounded", information=90.0, rounding=5),
        proposed("good", information=51.0),
        proposed("better", information=52.0),
    )
    assert Plan(BEFORE, others).best.title == "better"
    assert Plan(BEFORE, others[:3]).best is BEFORE
    assert Plan(BEFORE, (proposed("as good", information=50.0),)).best is BEFORE, "to change nothing is preferred"
    impossible = proposed("", information=0.0, problem="No.")
    assert Plan(impossible, others[:3]).best is impossible
    assert Plan(impossible, others).best.title == "better"


def test_the_plan_in_words_marks_the_best_and_says_so_where_none_is():
    lines = list(rows_in_words(Plan(BEFORE, (proposed("good", information=51.0), proposed("poor", information=49.0)))))
    assert lines[0] == "As they are: 1,200 of 2,000 figures shown."
    assert [line[:6] for line in lines[1:]] == ["* Good", "  Poor"]
    assert list(rows_in_words(Plan(BEFORE, (proposed("poor", information=49.0),))))[-1].startswith("No proposal shows more")


def test_several_steps_are_one_title_and_what_each_hides_is_said():
    steps = (
        Step("pool 2 years", "single years", Merge("period", {"2019": "2019 to 2020"})),
        Step("no breakdown by sex", "every sex"),
    )
    proposal = Proposal(steps, Policy(), Shown(figures=1, of=1), exact=True)
    assert proposal.title == "pool 2 years; no breakdown by sex"
    assert Plan(BEFORE, ()).words(proposal).endswith("It hides single years; every sex.")
    assert [sorted(step) for step in proposal.plain()["steps"]] == [
        ["dimension", "hides", "into", "services", "whole_stays", "words"],
        ["hides", "words"],
    ]


# -- which steps there are


def steps(policy=None, **codes) -> list[Step]:
    size = max(map(len, codes.values()))
    columns = {name: text([*own, *own[:1] * (size - len(own))]) for name, own in codes.items()}
    made = ResultTable(columns | {"value": np.full(size, 40.0)}, name="t", dimensions=tuple(codes))
    return steps_of([made], policy or Policy())


def test_years_are_pooled_in_twos_threes_and_fives_as_far_as_there_are_years():
    def sizes(many):
        return [step.words.split(" (")[0] for step in steps(period=[str(2015 + order) for order in range(many)])]

    assert sizes(1) == []
    assert sizes(2) == ["pool 2 years"]
    assert sizes(4) == ["pool 2 years", "pool 3 years"]
    assert sizes(5) == ["pool 2 years", "pool 3 years", "pool 5 years"]


def test_years_of_centres_alone_may_be_pooled_and_those_of_all_together_stay():
    [both, centres] = steps(period=["2019", "2020"], centre=["A", "B"])[:2]
    assert (both.merge.whole_stays, centres.merge.whole_stays) == (False, True)
    assert both.merge.into == centres.merge.into == {"2019": "2019 to 2020", "2020": "2019 to 2020"}
    assert (both.hides, centres.hides) == ("single years", "single years of centres")
    assert centres.words == "pool 2 years of each centre (2019 to 2020), all centres together by year"


def test_pooled_years_that_stand_in_the_tables_count_as_none_to_pool():
    assert [step.words for step in steps(period=["2019", "2018 to 2019"])] == []


def test_a_long_list_of_parents_is_cut_at_a_name():
    parents = [f"Integrated Care Board {order}" for order in range(9)]
    policy = Policy(hierarchies={"area": tuple((f"a{order}", parent) for order, parent in enumerate(parents))})
    first = steps(policy, area=[f"a{order}" for order in range(9)])[0]
    assert first.words == "each area to its parent (Integrated Care Board 0, Integrated Care Board 1 …)"
    assert first.hides == "single areas"
    assert set(first.merge.into.values()) == set(parents)


@pytest.mark.parametrize("name", ["service", "measure"])
def test_services_and_measures_are_never_put_together(name):
    assert steps(**{name: ["s", "t", "u"]}) == []


def test_the_codes_of_all_tables_are_looked_at_together():
    one, other = (ResultTable({"sex": text([code]), "value": np.array([40.0])}, name="t", dimensions=("sex",)) for code in "FM")
    assert steps_of([one], Policy()) == []
    assert [step.words for step in steps_of([one, other], Policy())] == ["no breakdown by sex"]


# -- what is tried


def test_with_nothing_to_try_in_earnest_everything_but_the_tables_as_they_are_is_an_estimate():
    told = []
    found = plan([table(SMALL)], Policy(), most=0, progress=lambda *said: told.append(said))
    assert [said[2] for said in told] == ["the tables as they are"]
    assert {each.title for each in found.proposals if each.exact} == {"the ranges of withheld numbers in words"}
    assert all(each.protected is None for each in found.proposals if not each.exact)


def test_what_could_not_show_more_than_what_is_known_is_not_tried():
    """Everything is shown as it stands: no coarser table is protected in earnest."""
    told = []
    found = plan([table(LARGE)], Policy(), progress=lambda *said: told.append(said[2]))
    assert told == ["the tables as they are"]
    assert found.proposals, "they are listed all the same, with what they could show"
    assert not any(each.exact for each in found.proposals)


def test_proposals_stand_by_what_they_tell_those_in_earnest_first_and_impossible_ones_last_of_them():
    found = plan([table(SMALL | LARGE)], Policy(), most=4)
    order = [(not each.exact, bool(each.problem), -each.information, each.title) for each in found.proposals]
    assert order == sorted(order)
    assert len(set(titles(found))) == len(titles(found))
    assert "the tables as they are" not in titles(found)


def test_a_step_that_every_service_gains_by_is_not_narrowed():
    both = SMALL | {"lung": {"A": (21, 25, 23), "B": (28, 22, 24), "C": (20, 29, 26)}}
    assert not [title for title in titles(plan([table(both)], Policy())) if title.endswith("alone")]


def test_earlier_editions_of_single_years_are_tied_to_pools_by_their_labels_and_not_by_a_hierarchy():
    """A hierarchy of periods has the last word over the labels: a pool must not become one."""
    found = plan([table(SMALL)], Policy(), [table(SMALL, ("2016", "2017", "2018"))], most=1)
    pooled = [each for each in found.proposals if each.title.startswith("pool")]
    assert pooled
    assert all("period" not in each.policy.hierarchies for each in pooled)


# -- estimates and what comes of them


MIXED = {"liver": {"A": (24, 22, 26), "B": (41, 27, 33), "C": (23, 58, 29)}, "heart": {"A": (200, 12, 210), "B": (190, 195, 5)}}


def test_no_step_shows_more_in_earnest_than_it_was_said_to_show_at_most():
    tables, known = (table(MIXED),), []
    for step in steps_of(tables, Policy()):
        planner = _Planner(tables, Policy(), (), 1, None)
        most, shown = planner.guess((step,)).shown, planner.exact((step,)).shown
        assert shown.figures <= most.figures
        assert shown.of == most.of
        assert shown.information <= most.information + 1e-9
        known.append(shown.figures < most.figures)
    assert any(known), "something went for others' sake"


def test_what_is_said_to_be_shown_is_what_stands_in_the_protected_tables():
    found = plan([table(MIXED)], Policy(), most=3)
    for each in (found.baseline, *found.proposals):
        if each.exact and not any(step.ranges for step in each.steps):
            marks = [status for made in each.protected.tables for status in made["status"].tolist()]
            pooled = [made for made in each.protected.tables if "2019 to 2021" in made["period"].tolist()]
            assert each.shown.figures == marks.count("") or pooled, "a pool beside its single years counts once"
            assert each.shown.figures <= marks.count("")


def test_a_proposal_is_found_however_often_it_is_come_upon_and_protected_once():
    told = []
    found = plan([table(MIXED)], Policy(), most=8, progress=lambda *said: told.append(said[2]))
    assert len(told) == len(set(told))
    assert set(told) <= {found.baseline.title, *titles(found)}
    assert {each.title for each in found.proposals if each.exact and not each.policy.ranges} == set(told) - {found.baseline.title}


def test_what_the_policy_weighs_more_is_what_the_best_keeps():
    """Single years weighed high are not pooled away; without, pooling tells more."""
    plain, weighed = Policy(), Policy(weights={"period": {"2021": 50.0}})
    assert plan([table(SMALL | LARGE)], plain).best.title.startswith("pool 3 years")
    best = plan([table(SMALL | LARGE)], weighed).best
    assert best.shown.information > 50
    assert "2021" in {row["period"] for made in best.protected.tables for row in made.rows() if row["status"] == ""}


def test_tables_of_which_nothing_is_withheld_need_no_ranges_and_no_rounding():
    one = plan([table(LARGE)], Policy())
    assert one.baseline.protected.audit.cells["low"].size == 0
    other = plan([table(SMALL)], Policy())
    assert other.baseline.protected.audit.cells["low"].size > 0
    assert len([each for each in other.proposals if each.rounds or each.policy.ranges]) == 2
