"""FHIR bundles: the answers to the exported Questionnaire are the cases of the same rows as CSV."""

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.dictionary import document, fhir
from plenary_stats.dictionary.exports import About
from plenary_stats.errors import InputError
from plenary_stats.ingest import check, read
from plenary_stats.spec import read_dictionary
from tests.factories.collection import DICTIONARY, case, case_file
from tests.factories.files import told

WITH_BOXES = DICTIONARY + 'ill,case,checkbox,Illness,"1, Asthma | 2, Sepsis",,,,,,\nawake,case,yesno,Awake,,,,,,,\n'
DATA = read_dictionary(WITH_BOXES, "adult-ecmo", "2025-1")
FORM = json.loads(fhir.write(document.read(WITH_BOXES), About("adult-ecmo", "2025-1", date(2026, 1, 1))).content)
ASKED = "urn:plenary:data-set:adult-ecmo|2025-1"
KINDS = {"choice": "Coding", "decimal": "Decimal", "date": "Date", "boolean": "Boolean", "integer": "Integer"}


def questions(items):
    for item in items:
        if item["type"] == "group":
            yield from questions(item["item"])
        else:
            yield item


def answer(item, text):
    kind = KINDS.get(item["type"], "String")
    if kind == "Date" and text.count("/") == 2:
        text = "-".join(reversed(text.split("/")))
    value = {"Coding": {"code": text}, "Decimal": float(text) if kind == "Decimal" else None, "Boolean": text == "1"}.get(
        kind, text
    )
    return {f"value{kind}": value}


def response(values, **more):
    """Answer the exported Questionnaire as a system would: group in group, one answer of each kind."""
    items = []
    for item in questions(FORM["item"]):
        texts = values.get(item["linkId"], "")
        if texts:
            items.append({"linkId": item["linkId"], "answer": [answer(item, text) for text in texts.split("|")]})
    grouped = [{"linkId": "form.case", "item": items}]
    return {"resourceType": "QuestionnaireResponse", "questionnaire": ASKED, "status": "completed", "item": grouped} | more


def bundle(*resources):
    return json.dumps(
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}
    ).encode()


def looked_at(content, name="c.json"):
    return check(read(content, name), DATA, centre="RJ1", period="2025", on=date(2026, 6, 1))


def test_a_bundle_and_a_csv_are_the_same_cases():
    cases = [case("A1"), case("B2", sex="male", pf_ratio="", status="dead", nhs_number="9434765919")]
    by_bundle, by_file = looked_at(bundle(*map(response, cases))), looked_at(case_file(*cases), "c.csv")
    assert not by_bundle.findings.blocking
    assert len(by_bundle.cases) == 2
    for name, column in by_file.cases.columns.items():
        assert list(map(str, by_bundle.cases[name])) == list(map(str, column)), name


def test_the_same_defect_is_the_same_finding():
    defects = [case("A1", admitted_on="31/02/2025"), case("B2", pf_ratio="900"), case("C3", status="unknown"), case("D4", sex="")]
    by_bundle, by_file = looked_at(bundle(*map(response, defects))), looked_at(case_file(*defects), "c.csv")
    found = [(one.row, one.field, one.rule) for one in by_bundle.findings.blocking]
    assert found == [(row - 1, field, rule) for row, field, rule in ((f.row, f.field, f.rule) for f in by_file.findings.blocking)]
    assert [rule for _, _, rule in found] == ["impossible-date", "out-of-range", "not-permitted", "required"]


def test_boxes_and_booleans():
    found = looked_at(
        bundle(response(case("A1") | {"ill": "1|2", "awake": "1"}), response(case("B2") | {"ill": "2", "awake": "0"}))
    )
    assert not found.findings.blocking
    assert [found.cases[name].tolist() for name in ("ill___1", "ill___2", "awake")] == [["1", "0"], ["1", "1"], ["1", "0"]]


def test_the_identifier_may_be_that_of_the_response():
    one = response(case("A1"), identifier={"value": "Z9"})
    one["item"][0]["item"] = [item for item in one["item"][0]["item"] if item["linkId"] != "case_id"]
    assert looked_at(bundle(one)).cases["case_id"].tolist() == ["Z9"]
    assert looked_at(json.dumps(one).encode()).cases["case_id"].tolist() == ["Z9"], "one response without a bundle"


@pytest.mark.parametrize(
    ("more", "expected", "cases"),
    [
        ({"questionnaire": "urn:plenary:data-set:lam|2025-1"}, ["blocking fhir 0"], 0),
        ({"questionnaire": "urn:plenary:data-set:adult-ecmo|2019-1"}, ["notice fhir 0"], 2),
        ({"status": "in-progress"}, ["warning fhir 2"], 2),
        ({"status": "entered-in-error"}, ["warning fhir 2"], 1),
        ({"status": "amended"}, [], 2),
    ],
)
def test_what_a_response_says_of_itself(more, expected, cases):
    found = looked_at(bundle(response(case("A1")), response(case("B2"), **more)))
    assert [one for one in told(found.findings) if " fhir " in one] == expected
    assert len(found.cases) == cases


def test_other_resources_are_told_of():
    found = looked_at(bundle({"resourceType": "Patient"}, response(case("A1"))))
    assert "notice fhir 0" in told(found.findings)
    assert len(found.cases) == 1


def test_a_question_answered_twice_blocks():
    one = response(case("A1"))
    one["item"].append({"linkId": "sex", "answer": [{"valueCoding": {"code": "male"}}]})
    assert [f"{f.rule} {f.row} {f.field}" for f in looked_at(bundle(one)).findings.blocking] == ["fhir 1 sex"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "begins as JSON"),
        (b'{"resourceType": "Patient"}', "no FHIR bundle .'resourceType' is 'Patient'."),
        (b'{"a": 1}', "is None"),
        (b'{"a":' * 200_000, "begins as JSON"),
        (b'{"a": "\xff"}', "begins as JSON"),
    ],
)
def test_other_json_is_refused(content, words):
    with pytest.raises(InputError, match=words):
        read(content, "c.json")


def test_numbers_are_read_as_they_are_written():
    content = bundle(response(case("A1"))).replace(b"9.4", b"9.40000000000000000001")
    raw = read(content, "c.json")
    assert dict(zip(raw.headings, raw.columns, strict=True))["pf_ratio"][0] == "9.40000000000000000001"
    huge = looked_at(bundle(response(case("A1"))).replace(b"9.4", b"9" * 6000))
    assert [one.rule for one in huge.findings.blocking] == ["not-a-number"]


def test_an_empty_bundle_holds_no_case():
    found = looked_at(bundle())
    assert "warning no-rows 0" in told(found.findings)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["item", "answer", "linkId", "resource", "valueString", "valueCoding", "code", "identifier"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None)
@given(st.lists(JSON, max_size=3))
def test_any_answers_are_read_or_refused(items):
    one = {"resourceType": "QuestionnaireResponse", "status": "completed", "item": items, "identifier": items}
    found = looked_at(json.dumps({"resourceType": "Bundle", "entry": [{"resource": one}, *items]}).encode())
    assert len(found.cases) == (0 if found.findings.blocking else 1)
