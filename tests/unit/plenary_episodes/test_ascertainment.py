"""The whole way on synthetic national data with known truth: right, calibrated, and every case accounted for."""

import json
import os
import shutil
from collections import Counter
from pathlib import Path

import pytest
from benchmarks.national.invented import Errors, Nation, invent
from benchmarks.national.judged import judged

from plenary_episodes import ascertainment, engines, layouts, report, rules
from plenary_episodes.ascertainment import Line
from tests.unit.plenary_episodes import made

LAYOUTS = layouts.shipped(Path(__file__).parents[3] / "definitions" / "layouts")
POOR = Errors(nhs_missing=0.3, local_missing=0.4, nhs_of_another=0.002, birth_part_wrong=0.02, birth_missing=0.02, moved=0.08)


def run(invented, engine="duckdb", key=made.KEY, **known):
    return ascertainment.ascertain(
        episodes=invented.episodes, sets=rules.read_rules(invented.rules), cases=invented.cases, layouts=LAYOUTS,
        engine=engines.started(engine), pseudonyms=made.Pseudonyms(key), **known,
    )  # fmt: skip


def links(found, *statuses):
    return [
        (line.expected.records[0].split(": ")[1], (line.case.service, line.case.centre, line.case.name))
        for line in found.lines
        if line.status in statuses
    ]


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    """Synthetic data with the usual errors, and the answer."""
    invented = invent(tmp_path_factory.mktemp("usual"), Nation(services=6, patients=250), seed=11)
    return invented, run(invented)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return invent(tmp_path_factory.mktemp("small"), Nation(services=2, patients=30), seed=3)


def held_to_account(found):
    """Assert that nothing is lost: what came in is what went out."""
    counts = Counter(line.status for line in found.lines)
    assert found.series.read == counts["matched"] + counts["series-only"] + sum(found.series.refused.values())
    expected = sum(1 for line in found.lines if line.expected)
    assert expected == counts["matched"] + counts["missing"] + counts["review"]
    records = [record for line in found.lines if line.expected for record in line.expected.records]
    assert len(set(records)) == found.identified
    for account in found.accounts:
        assert account.read == account.kept + sum(account.refused.values())
    cases = [line.case for line in found.lines if line.status in ("matched", "series-only")]
    assert len(cases) == len(set(map(id, cases))) == len(found.series.cases)


def test_precision_and_recall_with_the_usual_errors(usual):
    invented, found = usual
    right = judged(invented, links(found, "matched"))
    assert right.precision >= 0.999
    assert right.recall >= 0.98
    assert right.pairs > 1_200


def test_the_errors_are_about_as_many_as_it_says(usual):
    invented, found = usual
    right = judged(invented, links(found, "matched"))
    assert abs(right.links - right.right - found.linked.expected_false) <= 3
    assert abs(right.pairs - right.right - found.linked.expected_missed) <= 3 + 2 * found.linked.expected_missed**0.5


def test_everything_is_accounted_for(usual):
    held_to_account(usual[1])


def test_the_estimate_covers_the_truth_of_most_services(usual):
    _, found = usual
    totals = [one for one in found.tallies if one.centre == "Total"]
    assert len(totals) == 6
    assert sum(one.estimate.lower <= 250 <= one.estimate.upper for one in totals) >= 5


def test_centres_add_up_to_their_service(usual):
    _, found = usual
    for total in (one for one in found.tallies if one.centre == "Total"):
        centres = [one for one in found.tallies if one.service == total.service and one.centre != "Total"]
        for name in ("expected", "matched", "review", "missing", "series", "series_only"):
            assert sum(getattr(one, name) for one in centres) == getattr(total, name), name
        assert total.series == total.matched + total.series_only
        assert total.expected == total.matched + total.review + total.missing
        assert total.elsewhere == 0
        assert sum(one.elsewhere for one in centres) > 0


def test_a_pair_under_review_stands_with_the_expected_case_and_alone(tmp_path):
    invented = invent(tmp_path, Nation(services=2, patients=200, hospital=POOR, series=POOR), seed=4)
    found = run(invented)
    held_to_account(found)
    review = [line for line in found.lines if line.status == "review"]
    alone = [line.case for line in found.lines if line.status == "series-only" and line.link is not None]
    assert review
    assert sorted(line.case for line in review) == sorted(alone)
    wider = [one for one in found.tallies if one.centre == "Total" and one.review]
    assert all(one.if_reviewed.estimate < one.estimate.estimate for one in wider)


def test_the_same_inputs_give_the_same_bytes_and_the_key_changes_pseudonyms_alone(small):
    texts = []
    for key in (made.KEY, made.KEY, b"another key that is long enough"):
        secret = made.Pseudonyms(key)
        document = report.document(run(small, key=key), secret)
        texts.append(report.as_json(document))
        for row in document["cases"]:
            row["person"] = ""
        document["inputs"] = {}
        texts.append(report.as_json(document))
    assert texts[0] == texts[2] != texts[4]
    assert texts[1] == texts[3] == texts[5]


def test_no_identifier_is_in_the_answer(small):
    secret = made.secret()
    found = run(small)
    text = report.as_json(report.document(found, secret)) + report.as_csv(report.document(found, secret))
    given = small.episodes.read_text() + small.cases.read_text()
    numbers = {cell for line in given.splitlines() for cell in line.split(",") if cell.isdigit() and len(cell) in (7, 10)}
    assert len(numbers) > 100
    assert not [number for number in numbers if number in text]
    assert "Synthetic" not in text.replace("synthetic", "")
    born = {line.split(",")[5] for line in small.episodes.read_text().splitlines()[1:]} - {""}
    events = {row["event_on"] for row in report.rows(found, secret)} | {
        row["case_event_on"] for row in report.rows(found, secret)
    }
    assert not [day for day in born - events if day in text]


def test_inputs_are_named_by_their_keyed_digests(small):
    found = run(small)
    assert found.inputs[small.cases.name] == made.secret().of_file(small.cases)
    assert set(found.inputs) == {small.cases.name, small.episodes.name}


def test_progress_is_said(small):
    said = []
    run(small, say=said.append)
    assert len(said) == 3
    assert "File 1 of 1" in said[0]
    assert "expected cases" in said[1]
    assert said[2].startswith("Linking")


def test_several_files_are_one_nation_and_repeated_rows_count_once(tmp_path):
    care = made.episodes(tmp_path, {"NHS NO": made.NHS[0]}, {"NHS NO": made.NHS[1]}, {"NHS NO": made.NHS[1], "ROW": "2"})
    folder = tmp_path / "episodes"
    folder.mkdir()
    care.rename(folder / "a.csv")
    made.episodes(folder, {"NHS NO": made.NHS[0], "ROW": "77", "START": "2025-08-01"}, {"START": ""}, name="b.csv")
    sets = made.rule_sets(tmp_path)
    given = made.cases(tmp_path, {"nhs_number": made.NHS[0]}, {"nhs_number": made.NHS[2]}, {"centre": ""})
    layout = made.layout(tmp_path)
    found = ascertainment.ascertain(
        episodes=folder, sets=sets, cases=given, layouts=[layout], engine=engines.started("duckdb"), pseudonyms=made.secret()
    )
    held_to_account(found)
    assert (found.identified, found.repeated) == (3, 1)
    assert [line.status for line in found.lines] == ["matched", "missing", "series-only"]
    assert found.lines[0].expected.records == ("a.csv: 1", "b.csv: 77")
    assert {finding.rule for finding in found.findings} == {"required", "repeated-row"}
    assert [account.read for account in found.accounts] == [3, 2]


def test_nobody_at_all_is_an_answer_too(tmp_path):
    episodes = made.episodes(tmp_path, {"DIAG_01": "J18"})
    found = ascertainment.ascertain(
        episodes=episodes, sets=made.rule_sets(tmp_path), cases=made.cases(tmp_path), layouts=[made.layout(tmp_path)],
        engine=engines.started("duckdb"), pseudonyms=made.secret(),
    )  # fmt: skip
    assert found.lines == found.tallies == ()
    json.dumps(report.document(found, made.secret()))


def test_a_line_is_of_somebody():
    with pytest.raises(ValueError, match="of an expected case, of a case"):
        _ = Line("missing").person


@pytest.mark.slow
def test_precision_recall_and_calibration_of_a_large_nation(tmp_path):
    invented = invent(tmp_path, Nation(services=40, patients=600), seed=5)
    found = run(invented)
    held_to_account(found)
    right = judged(invented, links(found, "matched"))
    assert right.precision >= 0.999
    assert right.recall >= 0.98
    false, missed = right.links - right.right, right.pairs - right.right
    assert abs(false - found.linked.expected_false) <= 3 + 3 * found.linked.expected_false**0.5
    assert abs(missed - found.linked.expected_missed) <= 3 + 3 * found.linked.expected_missed**0.5


@pytest.mark.slow
def test_links_by_likeness_are_as_sure_as_they_say(tmp_path):
    """With most numbers missing, the links that likeness alone makes are right about as often as their probabilities say."""
    poor = Nation(services=10, patients=800, hospital=POOR, series=POOR, twins=0.02)
    invented = invent(tmp_path, poor, seed=6)
    found = run(invented)
    held_to_account(found)
    by_likeness = [line for line in found.lines if line.status == "matched" and line.link.stage == "probability"]
    truth = [
        invented.of_record[line.expected.records[0].split(": ")[1]]
        == invented.of_case[line.case.service, line.case.centre, line.case.name]
        for line in by_likeness
    ]
    assert len(truth) > 1_000
    said = sum(1 - line.link.probability for line in by_likeness)
    assert abs(len(truth) - sum(truth) - said) <= 3 + 3 * said**0.5
    assert judged(invented, links(found, "matched")).precision >= 0.998


@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("java") or os.environ.get("JAVA_HOME")), reason="Spark needs Java, which is not here")
def test_duckdb_and_spark_give_the_same_answer(small, tmp_path):
    pytest.importorskip("pyspark", reason="Spark is not installed here")
    torn = tmp_path / small.episodes.name
    torn.write_bytes(small.episodes.read_bytes() + b"short,row\r\n1,2,3,RXX,soon,,,,,,,,\r\n")
    given = type(small)(torn, small.rules, small.cases, small.of_record, small.of_case, small.events)
    ours, theirs = (report.document(run(given, engine), made.secret()) for engine in engines.ENGINES)
    assert report.as_json(ours) == report.as_json(theirs)
    assert ours["counts"]["episodes_refused"] == 2


def test_the_lower_limit_allows_for_pairs_that_were_not_linked():
    counts = {
        ("eyes", "Total", name): number for name, number in {"matched": 90, "review": 2, "missing": 5, "series-only": 6}.items()
    }
    strict, wary = (ascertainment._tally("eyes", "Total", Counter(counts), unseen) for unseen in (0.0, 0.3))
    assert strict.estimate.lower == strict.if_reviewed.lower == 101
    assert wary.estimate.lower == 99
    assert strict.estimate.upper == wary.estimate.upper > strict.if_reviewed.upper
    assert strict.estimate.estimate == pytest.approx(98 * 97 / 91 - 1)


def test_no_more_pairs_are_allowed_for_than_there_can_be():
    assert ascertainment._if_linked(10, 2, 1, 5).known == 12
    assert ascertainment._if_linked(0, 2, 1, 0).why_not
