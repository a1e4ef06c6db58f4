"""Which column is which field: suggested, never decided; what was chosen is a mapping that reads the file."""

from datetime import date

import pytest

from plenary_stats.dictionary.mapping import read_mapping, write
from plenary_stats.ingest import check, mapped, read, suggestion
from plenary_stats.spec import read_dictionary
from tests.factories.collection import DICTIONARY

DATA = read_dictionary(DICTIONARY, "adult-ecmo", "2025-1")
OWN = (
    "Hosp Case ID,NHS No,DOB,Gender,ICB,Date Admitted,P/F ratio (kPa),Discharge status,Ward,Comment\n"
    "A1,9434765919,02/03/1980,F,QE1,15/06/2025,9.4,Alive at discharge,W1,fine\n"
    "B2,,04/05/1971,M,QE1,16/06/2025,11,Died,W2,\n"
)


def table(text=OWN):
    return read(text.encode(), "own.csv")


def test_the_headings_of_a_hospital_are_recognised():
    found = {one.heading: one.field for one in suggestion.suggested(table(), DATA)}
    assert found == {
        "Hosp Case ID": "case_id", "NHS No": "nhs_number", "DOB": "birth_date", "Gender": "sex", "ICB": "area",
        "Date Admitted": "admitted_on", "P/F ratio (kPa)": "pf_ratio", "Discharge status": "status", "Ward": "", "Comment": "",
    }  # fmt: skip


def test_each_suggestion_says_why_and_shows_values():
    by_heading = {one.heading: one for one in suggestion.suggested(table(), DATA)}
    assert by_heading["DOB"].why == "its heading", "the check reads it so by itself"
    assert by_heading["Date Admitted"].why == "a heading like it, and values that fit"
    assert by_heading["Ward"] == suggestion.Suggestion("Ward", "", "", ("W1", "W2"))
    assert by_heading["NHS No"].values == ("9434765919",)


def test_no_field_is_suggested_twice():
    found = suggestion.suggested(table("case_id,Case identifier,sex,Sex at birth,Gender\nA1,A1,female,female,female\n"), DATA)
    fields = [one.field for one in found if one.field]
    assert len(fields) == len(set(fields))
    assert found[0].field == "case_id"


def test_values_alone_make_no_suggestion():
    found = suggestion.suggested(table("case_id,zzz\nA1,15/06/2025\n"), DATA)
    assert found[1].field == ""


def test_a_very_wide_file_has_few_suggestions_and_no_wait():
    heads = ",".join(f"admitted {n}" for n in range(900))
    found = suggestion.suggested(table(f"{heads}\n{',' * 899}\nx{',' * 899}\n"), DATA)
    assert sum(bool(one.field) for one in found) <= len(DATA.columns)


@pytest.mark.parametrize(
    ("field", "heading", "expected"),
    [
        ("status", "Discharge status", {"Alive at discharge": "alive", "Died": "dead"}),
        ("sex", "Gender", {}),
        ("pf_ratio", "P/F ratio (kPa)", {}),
    ],
)
def test_values_that_are_no_code_are_named_with_the_likeliest(field, heading, expected):
    found = suggestion.unknown_values(table(), heading, DATA.columns[field])
    assert found.keys() == expected.keys()
    for text, code in expected.items():
        assert found[text] == code


def test_a_misspelt_label_finds_its_code():
    raw = table("case_id,st\nA1,Aliv\nB2,Deadd\nC3,zzz\n")
    assert suggestion.unknown_values(raw, "st", DATA.columns["status"]) == {"Aliv": "alive", "Deadd": "dead", "zzz": ""}


def mapping():
    columns = {one.heading: one.field for one in suggestion.suggested(table(), DATA)}
    recodes = {"Discharge status": {"Alive at discharge": "alive", "Died": "dead", "?": ""}}
    return suggestion.chosen(DATA, columns, recodes, ["Ward", "Comment"])


def test_what_was_chosen_reads_the_file():
    found = check(mapped(table(), mapping()), DATA, centre="RJ1", on=date(2026, 6, 1))
    assert not found.findings.blocking
    assert not [one for one in found.findings if one.rule == "unknown-column"]
    assert found.cases["status"].tolist() == ["alive", "dead"]
    assert found.cases["case_id"].tolist() == ["A1", "B2"]


def test_a_mapping_is_kept_as_a_document_that_reads_the_same():
    once = write(mapping())
    again = read_mapping(once)
    assert again == mapping()
    assert write(again) == once
    odd = suggestion.chosen(DATA, {'a "quoted" \\ heading\n\x7f é': "sex"}, {'a "quoted" \\ heading\n\x7f é': {'"': "male"}})
    assert read_mapping(write(odd)) == odd


def test_a_mapping_of_a_field_that_is_gone_is_left_out():
    fewer = read_dictionary("\n".join(DICTIONARY.splitlines()[:-1]), "adult-ecmo", "2026-1")
    kept = suggestion.fitting(mapping(), fewer)
    assert "status" not in {rule.new for rule in kept.rules}
    assert len(kept.rules) == len(mapping().rules) - 1
    assert suggestion.fitting(mapping(), DATA).rules == mapping().rules


def test_the_effect_shows_the_first_rows_before_and_after():
    effects = {one.field: one for one in suggestion.effects(table(), mapping(), DATA, rows=2)}
    assert effects["status"].rows == (("Alive at discharge", "alive"), ("Died", "dead"))
    assert effects["sex"].rows == (("F", "female"), ("M", "male"))
    assert effects["admitted_on"].rows[0] == ("15/06/2025", "2025-06-15")
    assert effects["pf_ratio"].rows == (("9.4", "9.4"), ("11", "11"))
    assert "Ward" not in {one.heading for one in effects.values()}


def test_the_effect_on_a_file_without_rows_is_nothing():
    assert suggestion.effects(table("case_id,sex\n"), mapping(), DATA) == ()
