import dataclasses

import pytest

from plenary.core.terms import NotPossible
from plenary.editions.terms import MOVES, NARRATIVE, SECTIONS, TABLES, EditionState, OutcomeEntry, move
from plenary_stats import spec
from tests.unit.editions.sample import sample


def test_inputs_cannot_be_changed_once_made():
    with pytest.raises(dataclasses.FrozenInstanceError):
        sample().label = "2026"


def test_an_edition_is_a_draft_unless_it_says_otherwise():
    assert sample().draft is True


def test_the_sections_are_those_of_the_annual_report_in_its_order():
    assert SECTIONS[:6] == ("Description", "Expert centres", "Expenditure", "Activity", "Outcomes", "Equity of access")
    assert set(NARRATIVE) <= set(SECTIONS)


def test_the_tables_are_the_data_files():
    assert TABLES == ("activity", "outcomes", "access", "spend", "completeness", "curves")


@pytest.mark.parametrize("wanted", list(EditionState))
@pytest.mark.parametrize("present", list(EditionState))
def test_moves_as_the_table_says_and_no_other_way(present, wanted):
    if wanted in MOVES[present]:
        assert move(present, wanted) is wanted
    else:
        with pytest.raises(NotPossible, match=f"This edition is {present}: it cannot become {wanted}."):
            move(present, wanted)


def test_what_is_published_is_the_end_and_is_reached_from_what_is_built_alone():
    assert MOVES[EditionState.PUBLISHED] == frozenset()
    assert {state for state, moves in MOVES.items() if EditionState.PUBLISHED in moves} == {EditionState.BUILT}
    assert set(MOVES) == set(EditionState)


def test_an_outcome_is_printed_as_it_was_agreed():
    agreed = spec.read_outcome_set("""
service = "lam"
version = "2026-1"
agreed_on = 2026-03-12
sources = ["A paper"]

[[outcome]]
id = "alive"
label = "Alive at one year"
measure = "proportion"
met = "status = 'alive'"
direction = "higher"
benchmark = { value = 0.74, source = "national cohort" }
unit = "patients"

[[outcome]]
id = "stay"
label = "Days in hospital"
measure = "median"
value = "days"
proposed = true
definition = "From the day of admission."
""")
    first, second = (OutcomeEntry.of(agreed, one) for one in agreed.outcomes)
    assert (first.service, first.id, first.label, first.measure) == ("lam", "alive", "Alive at one year", "proportion")
    assert (first.benchmark, first.benchmark_source, first.sources) == (0.74, "national cohort", ("A paper",))
    assert (first.direction, first.unit, first.proposed, first.units) == ("higher", "patients", False, False)
    assert (second.benchmark, second.benchmark_source, second.direction) == (None, "", "neutral")
    assert (second.proposed, second.definition) == (True, "From the day of admission.")


@pytest.mark.parametrize(("agreed_on", "proposed"), [("agreed_on = 2026-03-12", False), ("", True)])
def test_what_no_network_has_agreed_is_printed_as_proposed(agreed_on, proposed):
    document = (
        f"""service = "lam"\nversion = "1"\n{agreed_on}\n[[outcome]]\nid = "a"\nlabel = "A"\nmeasure = "count"\nmet = "TRUE"\n"""
    )
    agreed = spec.read_outcome_set(document)
    assert OutcomeEntry.of(agreed, agreed.outcomes[0]).proposed is proposed
