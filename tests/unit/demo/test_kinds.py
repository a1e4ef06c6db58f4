"""The three kinds of invented service: documents that the ordinary readers accept, and cases that fit them."""

import csv
import io
import random
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary.demo import world
from plenary.demo.kinds import CRITICAL, DICTIONARY_HEADINGS, KINDS, LONG_TERM, SURGERY
from plenary_stats import ingest, spec

CUT_OFF = date(2026, 5, 31)


def dictionary(kind):
    """Return the data dictionary as the world writes it."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([DICTIONARY_HEADINGS, *kind.dictionary()])
    return spec.read_dictionary(out.getvalue().encode(), service="invented", version="2026-1")


def outcome_set(kind):
    return spec.read_outcome_set(f'service = "invented"\nversion = "2026-1"\nagreed_on = 2026-03-12\n{kind.outcomes}')


each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)


@each_kind
def test_its_dictionary_is_read_without_a_remark_and_holds_no_identifier(kind):
    read = dictionary(kind)
    assert list(read.notices) == []
    assert [field.name for field in read.fields] == [row[0] for row in kind.dictionary()]
    assert len(read.fields) == len({field.name for field in read.fields})
    assert not [field.name for field in read.fields if field.identifier]


@each_kind
def test_its_outcomes_are_agreed_computed_and_fit_its_dictionary(kind):
    agreed = outcome_set(kind)
    assert (agreed.proposed, agreed.notices) == (False, ())
    assert len(agreed.outcomes) >= 3
    assert all(one.computed and one.label and one.window_years == 3 for one in agreed.outcomes)
    assert spec.problems(agreed, dictionary(kind)) == []


@each_kind
def test_every_benchmark_says_that_it_is_invented(kind):
    benchmarks = [one.benchmark for one in outcome_set(kind).outcomes if one.benchmark]
    assert benchmarks
    assert {one.source for one in benchmarks} == {"invented for the demonstration"}
    assert all(0 < one.value < 1 for one in benchmarks)


def test_the_kinds_differ_in_key_words_and_outcomes():
    for words in (lambda kind: kind.key, lambda kind: kind.category, lambda kind: kind.care, lambda kind: kind.outcomes):
        assert len({words(kind) for kind in KINDS}) == len(KINDS)
    assert {kind.key for kind in KINDS} == set(world.DRAW)


@each_kind
def test_a_case_is_drawn_for_every_field_of_the_dictionary_and_no_other(kind):
    drawn = drawn_cases(kind, 200)
    given_fields = {name for case in drawn for name in case}
    common = {"referral_date"}
    assert (
        given_fields - common
        == {row[0] for row in kind.dictionary()} - {"case_id", "centre", "birth_date", "sex", "area"} - common
    )


@each_kind
def test_what_is_drawn_passes_the_check_of_a_centres_file(kind):
    """By the very rules that real files are checked with: nothing blocks."""
    names = [row[0] for row in kind.dictionary()]
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, names)
    writer.writeheader()
    usual = {"centre": "INV10", "sex": "female", "area": "QE1", "birth_date": "1980-02-29"}
    for number, case in enumerate(drawn_cases(kind, 300)):
        writer.writerow({"case_id": f"C{number}"} | usual | case)
    period = {"period_start": date(2025, 4, 1), "period_end": date(2026, 4, 1), "on": date(2026, 6, 1)}
    found = ingest.check(ingest.read(out.getvalue().encode(), "cases.csv"), dictionary(kind), centre="INV10", **period)
    assert [(one.row, one.field, one.message) for one in found.findings.blocking] == []


def drawn_cases(kind, number, quality=1.0, seed=1):
    draw, cases = random.Random(seed), []
    for place in range(number):
        case = {"referral_date": date(2025, 4, 1) + timedelta(days=place % 365)}
        world.DRAW[kind.key](draw, case, quality, CUT_OFF)
        cases.append(case)
    return cases


@given(st.integers(0, 2**32), st.sampled_from(KINDS), st.floats(0.3, 1.0), st.dates(date(2020, 4, 1), CUT_OFF))
def test_no_case_knows_the_future_or_contradicts_itself(seed, kind, quality, referred):
    draw = random.Random(seed)
    for _ in range(10):
        case = {"referral_date": referred}
        world.DRAW[kind.key](draw, case, quality, CUT_OFF)
        days = [value for value in case.values() if isinstance(value, date)]
        assert all(referred <= day <= CUT_OFF for day in days)
        assert case["last_seen_date"] == max(days)
        assert case["vital_status"] in {"alive", "dead"}
        if kind is SURGERY and case["accepted"] == "no":
            assert not case.keys() & {"operation_date", "complete", "complication_grade", "stay_days"}
        if kind is CRITICAL and case["accepted"] == "yes":
            assert 0 <= case["support_days"] <= (CUT_OFF - referred).days
            assert case["discharge_status"] == "alive" or case["vital_status"] == "dead"
        if kind is LONG_TERM:
            assert 0 < case["marker_before"] <= 1000
            assert 0 <= case["marker_after"] <= case["marker_before"] * 0.9 / quality + 0.1


@pytest.mark.parametrize(
    ("kind", "field", "good"),
    [(SURGERY, "complete", "yes"), (CRITICAL, "discharge_status", "alive"), (LONG_TERM, "reviewed", "yes")],
)
def test_a_centre_of_lesser_quality_does_worse(kind, field, good):
    def share(quality):
        known = [case[field] for case in drawn_cases(kind, 1500, quality) if case.get(field)]
        return sum(value == good for value in known) / len(known)

    assert share(0.55) < share(1.0) - 0.2
