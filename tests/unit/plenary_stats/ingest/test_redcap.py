"""REDCap's exports: raw and with labels, with its own columns, events, repeats and boxes."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.dictionary.document import Dictionary, entry, write
from plenary_stats.ingest import check, read, rows_of_cases
from plenary_stats.spec import read_dictionary
from tests.factories.files import told

DATA = read_dictionary(
    write(
        Dictionary(
            (
                entry(name="case_id", form="baseline", type="text", label="Case identifier", required="y"),
                entry(name="seen", form="baseline", type="text", label="Seen on", validation="date_ymd", annotation="@INDEXDATE"),
                entry(name="sex", form="baseline", type="radio", label="Sex", choices="female, Female | male, Male"),
                entry(
                    name="ill", form="baseline", type="checkbox", label="Illness: which", choices="1, Asthma | -2, Sickle: cell"
                ),
                entry(name="fev1", form="follow_up", type="text", label="FEV1", validation="number"),
            )
        )
    ),
    "lam",
    "1",
)
RAW = "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,seen,sex,ill___1,ill____2,baseline_complete"
LABELS = (
    "Record ID,Event Name,Repeat Instrument,Repeat Instance,Seen on,Sex,"
    "Illness: which (choice=Asthma),Illness: which (choice=Sickle: cell),Complete?"
)


def looked_at(text):
    return check(read(text.encode(), "c.csv"), DATA, centre="RJ1", period="2025", on=date(2026, 6, 1))


def values(found, name):
    return found.cases[name].tolist()


def rules(found, *severities):
    return [one for one in told(found.findings) if one.split()[0] in severities]


@pytest.mark.parametrize(
    "text",
    [
        f"{RAW}\nA1,base_arm_1,,,2025-03-01,female,1,0,2\nB2,base_arm_1,,,2025-03-02,male,0,1,2\n",
        f"{LABELS}\nA1,Base,,,2025-03-01,Female,Checked,Unchecked,Complete\nB2,Base,,,2025-03-02,Male,Unchecked,Checked,Complete\n",
    ],
    ids=["raw", "labels"],
)
def test_both_forms_are_the_same_cases(text):
    found = looked_at(text)
    assert not found.findings.blocking
    assert values(found, "case_id") == ["A1", "B2"]
    assert values(found, "sex") == ["female", "male"]
    assert values(found, "ill___1") == ["1", "0"]
    assert values(found, "ill____2") == ["0", "1"]
    said = [one.message for one in found.findings if one.rule == "redcap"]
    assert any("was read as the case identifier" in one for one in said)
    assert any("Its own columns were left out" in one for one in said)
    assert not [one for one in found.findings if one.rule == "unknown-column"]


def test_the_rows_of_events_are_one_case():
    found = looked_at(
        "case_id,redcap_event_name,seen,sex,ill___1,fev1,baseline_complete,follow_up_complete\n"
        "A1,base,2025-03-01,female,1,,2,\nA1,year_1,,,0,2.5,,2\nB2,base,2025-03-02,male,0,,2,\n"
    )
    assert not found.findings.blocking
    assert values(found, "case_id") == ["A1", "B2"]
    assert values(found, "fev1")[0] == 2.5
    assert values(found, "ill___1") == ["1", "0"]
    assert found.row_numbers.tolist() == [2, 4]
    assert any("The 3 rows of events and repeats are of 2 cases" in one.message for one in found.findings)


def test_repeats_that_answer_differently_block_with_their_rows():
    found = looked_at("case_id,redcap_repeat_instance,seen,fev1\nA1,,2025-03-01,\nA1,1,,2.5\nA1,2,,2.7\n")
    [finding] = found.findings.blocking
    assert (finding.row, finding.field, finding.rule) == (3, "fev1", "redcap")
    assert "rows 3, 4 of one record" in finding.message
    assert "Export the one event" in finding.remedy
    assert len(found.cases) == 0


def test_rows_without_an_identifier_are_not_put_together():
    found = looked_at("case_id,redcap_event_name,seen\nA1,a,2025-03-01\nA1,b,2025-03-01\n,a,2025-03-01\n,a,2025-03-02\n")
    assert rules(found, "blocking") == ["blocking required 4 case_id", "blocking required 5 case_id"]


def test_forms_that_are_not_complete_are_told():
    found = looked_at("case_id,seen,baseline_complete\nA1,2025-03-01,2\nB2,2025-03-01,0\nC3,2025-03-01,1\n")
    [said] = [one for one in found.findings if "not marked complete" in one.message]
    assert (said.row, said.severity) == (3, "notice")
    assert said.message.startswith("2 rows")
    assert len(found.cases) == 3


def test_a_plain_file_is_no_export():
    found = looked_at("case_id,seen,sex\nA1,2025-03-01,female\nA1,2025-03-02,female\n")
    assert rules(found, "blocking") == ["blocking duplicate-case 3 case_id"], "rows are put together in exports alone"


def test_an_own_field_is_never_taken_for_one_of_redcaps():
    data = read_dictionary(
        write(Dictionary((entry(name="case_id", type="text"), entry(name="event_name", type="text", label="Event")))), "lam", "1"
    )
    found = check(read(b"case_id,event_name,redcap_event_name\nA1,fall,base\n", "c.csv"), data, centre="RJ1")
    assert found.cases["event_name"].tolist() == ["fall"]


def test_boxes_in_one_cell_are_cut():
    found = looked_at("case_id,seen,ill\nA1,2025-03-01,1|-2\nB2,2025-03-01,\nC3,2025-03-01,-2\n")
    assert not found.findings.blocking
    assert values(found, "ill___1") == ["1", "", "0"]
    assert values(found, "ill____2") == ["1", "", "1"]


def test_a_box_that_there_is_not_blocks():
    found = looked_at("case_id,seen,ill\nA1,2025-03-01,1|7\n")
    assert rules(found, "blocking") == ["blocking not-permitted 2 ill"]


def test_cases_are_found_in_exports_too():
    raw = read(b"record_id,redcap_event_name,seen\nA1,base,2025-03-01\nB2,base,2025-03-01\n", "c.csv")
    assert rows_of_cases(raw, DATA) == {"a1": [2], "b2": [3]}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["A", "B", "C", ""]), st.sampled_from(["", "1", "2"]), st.sampled_from(["", "0", "1"])),
        max_size=8,
    )
)
def test_no_record_is_lost_whatever_the_events(rows):
    text = "case_id,redcap_event_name,seen,fev1,ill___1\n" + "".join(
        f"{a},e{n},2025-03-01,{b},{c}\n" for n, (a, b, c) in enumerate(rows)
    )
    found = looked_at(text)
    if not found.findings.blocking:
        assert values(found, "case_id") == list(dict.fromkeys(a for a, _, _ in rows))
    else:
        assert len(found.cases) == 0
        blanks = any(not a for a, _, _ in rows)
        differ = any(len({b for a, b, _ in rows if a == case and b}) > 1 for case in "ABC")
        assert blanks or differ
