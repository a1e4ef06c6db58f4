"""An answer is read back as strictly as it was written, from JSON and from CSV alike."""

import json

import pytest

from plenary_episodes import capture, engines, report
from plenary_episodes.answers import COLUMNS, estimate, read_answer
from plenary_episodes.ascertainment import ascertain
from plenary_episodes.pseudonyms import Pseudonyms
from plenary_stats.errors import InputError
from tests.unit.plenary_episodes import made
from tests.unit.plenary_episodes.made import NHS, secret


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    """An answer with one matched, two missing and one case that hospital data do not show."""
    folder, kept = tmp_path_factory.mktemp("answer"), secret()
    found = ascertain(
        episodes=made.episodes(folder, {"NHS NO": NHS[0]}, {"NHS NO": NHS[1]}, {"ROW": "=1+1"}),
        sets=made.rule_sets(folder), cases=made.cases(folder, {"nhs_number": NHS[0]}, {"nhs_number": NHS[3], "case_id": "@x"}),
        layouts=[made.layout(folder)], engine=engines.started("duckdb"), pseudonyms=kept,
    )  # fmt: skip
    return report.document(found, kept)


def changed(document, **values):
    """Return the answer with other values in its first case, as JSON."""
    first, *rest = document["cases"]
    return json.dumps(document | {"cases": [first | values, *rest]}).encode()


def test_json_and_csv_say_the_same(document):
    from_json = read_answer(report.as_json(document).encode(), "a.json")
    from_csv = read_answer(report.as_csv(document).encode(), "a.csv")
    assert from_json == from_csv
    assert sorted(one.status for one in from_json) == ["matched", "missing", "missing", "series-only"]
    assert {one.records for one in from_csv if "=" in one.records} == {"episodes.csv: =1+1"}
    assert {one.case for one in from_csv if one.status == "series-only"} == {"@x"}


def test_a_reference_is_of_the_person_and_the_day_and_never_of_the_row(document):
    one, *_ = [told for told in read_answer(report.as_json(document).encode(), "a.json") if told.person]
    other = json.dumps(document | {"cases": [row | {"records": "other.csv: 9"} for row in document["cases"]]}).encode()
    assert one.reference in {told.reference for told in read_answer(other, "b.json")}
    assert one.reference.startswith("H-")
    assert one.person not in one.reference
    assert len({told.reference for told in read_answer(other, "b.json") if told.person}) == 3


def test_without_a_pseudonym_the_records_stand_for_the_person(document):
    rows = [row | {"person": ""} for row in document["cases"]]
    found = read_answer(json.dumps(document | {"cases": rows}).encode(), "a.json")
    assert len({one.reference for one in found if one.records}) == 3


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"status": "lost"}, "status: 'lost' is none"),
        ({"event_on": "June"}, "event_on: 'June' is no day"),
        ({"centre": ""}, "has no centre"),
        ({"person": NHS[0]}, "no pseudonym"),
        ({"case": f"case {NHS[0][:3]} {NHS[0][3:6]} {NHS[0][6:]}"}, "holds an NHS number"),
        ({"nhs_number": NHS[0]}, "these values and no other"),
        ({"status": "missing"}, "it was changed"),
    ],
)
def test_what_is_not_of_an_answer_is_refused_and_not_repeated(document, values, part):
    with pytest.raises(InputError, match=part) as refused:
        read_answer(changed(document, **values), "a.json")
    assert NHS[0] not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"\xff\xfe{", "not UTF-8"),
        (b"{", "no answer"),
        (b'{"cases": 1, "counts": {}}', "no list"),
        (b"[]", "headings"),
        (b"", "headings"),
        (b"case,nhs_number\nA,1\n", "headings"),
        (",".join(COLUMNS).encode() + b"\nmatched,eyes\n", "row 2"),
        (b"{" + b'"a":{' * 100_000, "no answer"),
    ],
)
def test_what_is_no_answer_is_refused(content, part):
    with pytest.raises(InputError, match=part):
        read_answer(content, "a.json")


def test_an_answer_with_a_case_left_out_is_refused(document):
    short = document | {"cases": document["cases"][1:]}
    with pytest.raises(InputError, match="it was changed"):
        read_answer(json.dumps(short).encode(), "a.json")


def test_an_expected_case_stands_once(document):
    twice = document["cases"] + [next(row for row in document["cases"] if row["status"] == "missing")]
    counts = document["counts"] | {"missing": 3}
    with pytest.raises(InputError, match="more than once"):
        read_answer(json.dumps(document | {"cases": twice, "counts": counts}).encode(), "a.json")


def test_an_answer_without_a_kept_key_can_be_read(document):
    assert Pseudonyms(b"x" * 32, kept=False).kept is False
    rows = [row | {"person": ""} for row in document["cases"]]
    assert {one.person for one in read_answer(json.dumps(document | {"cases": rows}).encode(), "a.json")} == {""}


def test_the_estimate_allows_for_what_is_under_review():
    sure = estimate(matched=40, review=0, missing=10, series_only=10)
    assert sure == capture.estimated(40, 10, 10)
    doubtful = estimate(matched=40, review=8, missing=2, series_only=10)
    assert doubtful.estimate == sure.estimate
    assert doubtful.lower == capture.estimated(48, 2, 2).lower < sure.lower
    assert estimate(matched=0, review=1, missing=1, series_only=3).why_not
