"""A warning is known again in another file while case, field, rule and value are the same, and by nothing that gives a person away."""

import pytest

from plenary_stats.ingest.identity import DIGITS, key_of
from tests.unit.plenary_stats.ingest.test_across import NHS, checked, row


def key(rule, *rows, **context):
    [one] = [one for one in checked(*rows, **context).findings if one.rule == rule]
    return one.key


BOTH = row("A"), row("B", vital_status="dead", last_seen_on="01/03/2025")


def test_it_does_not_depend_on_the_row_or_the_rest_of_the_file():
    first = key("after-death", *BOTH)
    assert len(first) == DIGITS
    assert key("after-death", row("Z", sex="male"), BOTH[1], row("Y", birth_date="01/01/1950")) == first


@pytest.mark.parametrize("values", [{"case_id": "C"}, {"treated_on": "05/03/2025"}])
def test_another_case_or_value_is_another_warning(values):
    assert key("after-death", BOTH[0], BOTH[1] | values) != key("after-death", *BOTH)


def test_of_two_rows_the_other_case_counts_not_where_it_stands():
    first = key("near-duplicate", row("A"), row("B"))
    assert key("near-duplicate", row("X", sex="male"), row("A"), row("B")) == first
    assert key("near-duplicate", row("A2"), row("B")) != first


def test_only_warnings_can_be_confirmed():
    found = checked(row("A", vital_status="nonsense"), row("B"), row("C")).findings
    assert {one.severity for one in found if not one.key} >= {"blocking"}
    assert all(one.key for one in found if one.severity == "warning")


def test_an_identifier_stands_in_it_as_a_pseudonym_alone():
    twice = row("A", nhs_number=NHS), row("B", nhs_number=NHS, birth_date="01/01/1990")
    assert key("same-person", *twice) == key_of("B", "nhs_number", "same-person", f"value:{NHS}")
    assert key("same-person", *twice, known=None) == key_of("B", "nhs_number", "same-person", "")


def test_a_finding_on_the_file_is_known_by_its_words():
    found = checked(*(row(case, birth_date=f"0{place + 1}/01/1990") for place, case in enumerate("AB"))).findings
    assert {one.case for one in found if not one.row} <= {""}
