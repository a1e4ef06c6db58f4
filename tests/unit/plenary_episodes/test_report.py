"""The report: plain values, whole, safe to open in a spreadsheet, and refused where it would leak."""

import csv
import io
import json
from datetime import date
from pathlib import Path

import pytest

from plenary_episodes import engines, report
from plenary_episodes.ascertainment import Period, ascertain
from plenary_episodes.pseudonyms import Pseudonyms
from plenary_stats.errors import InputError
from tests.unit.plenary_episodes import made
from tests.unit.plenary_episodes.made import NHS, secret

FOUR = (
    {"NHS NO": NHS[0], "DOB": "2010-03-07", "SEX": "1", "AREA": "QAA"}, {"NHS NO": NHS[0], "START": "2025-07-01", "PROV": "RQ3"},
    {"NHS NO": NHS[1]}, {"NHS NO": NHS[2], "ROW": "=1+1"}, {"START": "soon"},
)  # fmt: skip


def answer(folder: Path, *sent, secret=secret, episodes=FOUR):
    kept = secret()
    found = ascertain(
        episodes=made.episodes(folder, *episodes), sets=made.rule_sets(folder),
        cases=made.cases(folder, *(sent or ({"nhs_number": NHS[0]}, {"nhs_number": NHS[3], "case_id": "@x"}, {"event_date": ""}))),
        layouts=[made.layout(folder)], engine=engines.started("duckdb"), pseudonyms=kept,
    )  # fmt: skip
    return report.document(found, kept)


def test_the_counts_account_for_everything(tmp_path):
    assert answer(tmp_path)["counts"] == {
        "episodes": 5, "episodes_refused": 1, "identified": 4, "repeated": 0, "expected": 3, "matched": 1, "review": 0, "missing": 2,
        "cases": 3, "series_only": 1, "cases_refused": 1, "expected_outside": 0, "cases_outside": 0,
    }  # fmt: skip


def test_what_is_of_other_days_is_counted_and_not_listed(tmp_path):
    kept = secret()
    sent = (
        {"nhs_number": NHS[0], "event_date": "2026-01-02"},
        {"nhs_number": NHS[5]},
        {"nhs_number": NHS[6], "event_date": "2024-05-05"},
    )
    found = ascertain(
        episodes=made.episodes(
            tmp_path, {"NHS NO": NHS[0], "START": "2025-12-30"}, {"NHS NO": NHS[1], "START": "2026-01-01"}, {"NHS NO": NHS[2]}
        ),
        sets=made.rule_sets(tmp_path), cases=made.cases(tmp_path, *sent), layouts=[made.layout(tmp_path)],
        engine=engines.started("duckdb"), pseudonyms=kept, period=Period(date(2025, 1, 1), date(2026, 1, 1)),
    )  # fmt: skip
    document = report.document(found, kept)
    counts = document["counts"]
    assert document["period"] == {"from": "2025-01-01", "to": "2026-01-01"}
    assert (counts["expected"], counts["matched"], counts["missing"], counts["expected_outside"]) == (2, 1, 1, 1)
    assert (counts["cases"], counts["series_only"], counts["cases_outside"]) == (3, 1, 1)
    assert counts["cases"] == counts["matched"] + counts["series_only"] + counts["cases_refused"] + counts["cases_outside"]
    (service,) = document["services"]
    assert (service["expected"], service["series"]) == (2, 2)
    days = {row["status"]: (row["event_on"], row["case_event_on"]) for row in document["cases"]}
    assert days["matched"] == ("2025-12-30", "2026-01-02")  # linked over the turn of the year, and counted by the hospital's day


def test_a_period_that_ends_before_it_starts_is_refused(tmp_path):
    with pytest.raises(InputError, match="ends after it starts"):
        ascertain(
            episodes=tmp_path, sets=[], cases=tmp_path, layouts=[], engine=engines.started("duckdb"), pseudonyms=secret(),
            period=Period(date(2026, 1, 1), date(2025, 1, 1)),
        )  # fmt: skip


def test_each_case_has_a_row_with_what_became_of_it(tmp_path):
    rows = answer(tmp_path)["cases"]
    assert [set(row) for row in rows] == [set(report.COLUMNS)] * 4
    matched = next(row for row in rows if row["status"] == "matched")
    assert matched | {"person": ""} == {
        "status": "matched", "service": "eyes", "centre": "R1H", "event_on": "2025-06-01", "rules": "code",
        "records": "episodes.csv: 1; episodes.csv: 2", "other_providers": "RQ3", "case_centre": "R1H", "case": "C1",
        "case_event_on": "2025-06-01", "linked_by": "nhs-number", "probability": matched["probability"], "person": "",
    }  # fmt: skip
    assert 0.9 < matched["probability"] <= 1
    assert {row["status"]: row["case"] for row in rows if not row["records"]} == {"series-only": "@x"}
    assert sorted(row["status"] for row in rows) == ["matched", "missing", "missing", "series-only"]


def test_a_person_has_a_pseudonym_only_under_a_kept_key(tmp_path):
    kept = answer(tmp_path)["cases"]
    assert {row["person"] for row in kept if row["status"] == "matched"} == set(secret().nhs_numbers([NHS[0]]))
    forgotten = answer(tmp_path, secret=lambda: Pseudonyms(b"x" * 32, kept=False))["cases"]
    assert {row["person"] for row in forgotten} == {""}


def test_services_and_centres_have_their_account_and_estimate(tmp_path):
    found = answer(tmp_path)
    (service,) = found["services"]
    assert (service["expected"], service["matched"], service["missing"], service["series"], service["series_only"]) == (
        3,
        1,
        2,
        2,
        1,
    )
    assert service["ascertained"] == pytest.approx(1 / 3, abs=1e-6)
    assert service["estimate"] == pytest.approx(4 * 3 / 2 - 1)
    assert service["lower"] <= 4 <= service["upper"]
    assert [centre["centre"] for centre in found["centres"]] == ["R1H"]
    assert "independent" in found["caution"]


def test_where_nothing_is_in_both_the_estimate_says_why_not(tmp_path):
    (service,) = answer(tmp_path, {"nhs_number": NHS[5]})["services"]
    assert (service["estimate"], service["lower"], service["upper"]) == (None, None, None)
    assert "No case is in both" in service["why_not"]


def test_the_linkage_shows_its_thresholds_errors_and_weights(tmp_path):
    found = answer(tmp_path)["linkage"]
    assert found["links"] == {"nhs-number": 1, "local-id": 0, "probability": 0}
    assert found["policy"] == {"accept": 0.99, "review": 0.2, "version": "built in"}
    assert 0 <= found["expected_false"] < 0.1
    assert {row["field"] for row in found["weights"]} == {"birth_date", "sex", "place", "event_date", "local_id"}
    assert all(0 < row["m"] < 1 and 0 < row["u"] < 1 for row in found["weights"])


def test_rules_files_findings_and_inputs_stand_in_it(tmp_path):
    found = answer(tmp_path)
    assert found["rules"][0]["explained"].startswith("The illness: episodes from 2017-04-01")
    assert found["files"] == [
        {"file": "episodes.csv", "layout": "small 1", "read": 5, "kept": 4, "refused": {"not-a-date:START": 1}, "set_aside": {}}
    ]
    assert found["series"] == {"read": 3, "kept": 2, "refused": {"required": 1}}
    assert {finding["rule"] for finding in found["findings"]} == {"not-a-date", "required"}
    assert set(found["inputs"]) == {"episodes.csv", "cases.csv"}


def test_json_is_read_back(tmp_path):
    found = answer(tmp_path)
    assert json.loads(report.as_json(found)) == found


def test_csv_never_runs_as_a_formula(tmp_path):
    found = answer(tmp_path)
    rows = list(csv.DictReader(io.StringIO(report.as_csv(found))))
    assert len(rows) == 4
    assert list(rows[0]) == list(report.COLUMNS)
    assert "'@x" in {row["case"] for row in rows}
    assert not [cell for row in rows for cell in row.values() if cell[:1] in tuple("=+-@\t\r")]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_a_cell_is_defused(text):
    assert report._defused(text) == f"'{text}"
    assert report._defused(0.5) == 0.5
    assert report._defused(None) == ""


@pytest.mark.parametrize("place", ["row", "centre"])
def test_an_answer_that_would_hold_an_nhs_number_is_refused_and_does_not_repeat_it(tmp_path, place):
    """A file whose row numbers hold the NHS numbers of others, or a centre called so: better no answer than a leak."""
    episodes, sent = list(FOUR), [{"nhs_number": NHS[0]}, {"nhs_number": NHS[3]}]
    if place == "row":
        episodes[2] = episodes[2] | {"ROW": f"E{NHS[0]}"}
    else:
        sent[0] = sent[0] | {"centre": NHS[3]}
    with pytest.raises(InputError, match="would hold an NHS number") as refusal:
        answer(tmp_path, *sent, episodes=episodes)
    assert not any(number in str(refusal.value) for number in NHS)


def test_a_case_called_by_the_nhs_number_of_another_is_named_by_its_row(tmp_path):
    found = answer(tmp_path, {"nhs_number": NHS[0]}, {"nhs_number": NHS[4], "case_id": NHS[0]})
    assert NHS[0] not in report.as_json(found)
    assert "cases.csv row 3" in {row["case"] for row in found["cases"]}


def test_data_that_could_leak_do_not(tmp_path):
    """Every identifier that goes in, valid or not, in any spelling, is looked for in what comes out."""
    spelt = f"{NHS[4][:3]} {NHS[4][3:6]} {NHS[4][6:]}"
    leaks = {
        "NHS NO": spelt, "LOCAL": "HOSP-4711", "DOB": "1999-12-31", "NAME": "Ada Lovelace", "START": "2025-06-02",
    }  # fmt: skip
    case = {"nhs_number": "999 000 0051", "local_id": "HOSP-4711", "birth_date": "31/12/1999", "case_id": "HOSP 4711"}
    found = answer(tmp_path, case, episodes=[leaks, leaks | {"ROW": "9", "START": "x"}])
    text = report.as_json(found) + report.as_csv(found)
    for secret_text in (NHS[4], spelt, "HOSP", "4711", "1999", "Ada", "Lovelace", "9990000051", "999 000 0051"):
        assert secret_text not in text, secret_text
    assert date(1999, 12, 31).isoformat() not in text
