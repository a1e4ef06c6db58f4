import csv
import gc
import io
import json
import shutil
from datetime import date

import pytest

from plenary.cli import edition
from plenary.cli.edition import seldom_tidied
from plenary.cli.main import main
from plenary.editions.render import write
from plenary_stats import folder
from plenary_stats.errors import InputError

DICTIONARY = """Variable / Field Name,Form Name,Section Header,Field Type,Field Label,"Choices, Calculations, OR Slider Labels",Field Note,\
Text Validation Type OR Show Slider Number,Text Validation Min,Text Validation Max,Identifier?,Branching Logic (Show field only if...),\
Required Field?,Custom Alignment,Question Number (surveys only),Matrix Group Name,Matrix Ranking?,Field Annotation
centre,case,,text,Centre,,,,,,,,y,,,,,
case_id,case,,text,Case,,,,,,,,y,,,,,
area,case,,text,Area,,,,,,,,,,,,,
sex,case,,radio,Sex,"F, Female | M, Male",,,,,,,,,,,,
age,case,,text,Age,,,integer,0,120,,,,,,,,
alive,case,,radio,Alive at discharge,"yes, Yes | no, No",,,,,,,,,,,,
"""
OUTCOMES = """service = "invented-lung"
version = "2026-1"
sources = ["invented"]

[[outcome]]
id = "alive"
label = "Alive at discharge"
measure = "proportion"
met = "alive = 'yes'"
direction = "higher"
benchmark = { value = 0.74, source = "invented" }
by = ["centre", "sex"]
"""
CENTRES = {"AAA": 90, "BBB": 60, "CCC": 17, "DDD": 12}


def collection(path, *, label="2025", year=2025, broken=False):
    """Write a small collection: two large centres, two small ones, all invented."""
    (path / "invented-lung").mkdir(parents=True)
    (path / "collection.toml").write_text(
        f'label = "{label}"\nperiod_start = {year}-01-01\nperiod_end = {year + 1}-01-01\nnation = "England"\n'
        "threshold = 30\ninvented = true\n"
    )
    (path / "services.csv").write_text("service,name,category,description\ninvented-lung,Invented lung,Chest,Nothing real\n")
    centres = "".join(f"invented-lung,{code},Hospital {code},2010-04-01,\n" for code in CENTRES)
    (path / "centres.csv").write_text(f"service,centre,name,designated_from,designated_to\n{centres}")
    (path / "expenditure.csv").write_text(
        "service,centre,amount_gbp,basis\ninvented-lung,AAA,1000000,block\ninvented-lung,BBB,500000,block\n"
    )
    (path / "populations.csv").write_text("area,sex,age_band,persons\nNorth,,,1000000\nSouth,,,2000000\n")
    (path / "invented-lung" / "dictionary.csv").write_text(DICTIONARY)
    (path / "invented-lung" / "outcomes.toml").write_text(OUTCOMES)
    (path / "invented-lung" / "narrative.md").write_text("# Innovation\n\nA new *pump*.\n")
    lines = []
    for centre, number in CENTRES.items():
        for case in range(number):
            area, sex = ("North", "South")[case % 3 == 0], "FM"[case % 2]
            alive = "no" if case % 4 == 0 else "yes"
            lines.append(
                f"{centre},{centre}{case},{area},{sex},{20 + case % 60},{'perhaps' if broken and case == 3 else alive}\n"
            )
    (path / "invented-lung" / "cases.csv").write_text(f"centre,case_id,area,sex,age,alive\n{''.join(lines)}")
    return path


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    root = tmp_path_factory.mktemp("edition")
    collection(root / "in")
    assert main(["edition", "build", str(root / "in"), "--out", str(root / "out"), "--reviewer", "A", "--reviewer", "B"]) == 0
    return root


def rows(built, name):
    return list(csv.DictReader(io.StringIO((built / "out" / "data" / f"{name}.csv").read_text())))


def test_a_folder_becomes_an_edition_that_is_verified(built, capsys):
    assert main(["edition", "verify", str(built / "out"), "--json"]) == 0
    told = capsys.readouterr()
    report = json.loads(told.out)
    assert report["verified"] is True
    assert report["audit"]["withheld_rows"] > 0
    assert "verified" in told.err


def test_small_centres_are_withheld_and_large_ones_shown(built):
    found = {
        row["centre"]: row["value"] for row in rows(built, "activity") if row["area"] == row["sex"] == row["age_band"] == "Total"
    }
    assert found == {"Total": "179", "AAA": "90", "BBB": "60", "CCC": "", "DDD": ""}


def test_the_results_are_those_of_the_cases(built):
    (total,) = (row for row in rows(built, "outcomes") if row["centre"] == "Total" and row["sex"] == "Total")
    assert (total["numerator"], total["denominator"]) == ("133", "179")
    assert float(total["value"]) == pytest.approx(133 / 179, abs=1e-15)
    access = {row["area"]: row for row in rows(built, "access")}
    assert float(access["North"]["value"]) == pytest.approx(119.0)
    assert float(access["South"]["value"]) == pytest.approx(30.0)


def test_the_edition_knows_its_inputs_definitions_and_reviewers(built):
    manifest = json.loads((built / "out" / "manifest.json").read_text())
    source = built / "in"
    assert set(manifest["inputs"]) == {str(path.relative_to(source)) for path in source.rglob("*") if path.is_file()}
    assert all(len(digest) == 64 for digest in manifest["inputs"].values())
    plain = {name for name, kind in manifest["input_digests"].items() if kind == "sha256"}
    assert {"collection.toml", "invented-lung/outcomes.toml"} <= plain
    assert all(manifest["inputs"][name] == write.digest((source / name).read_bytes()) for name in plain)
    assert manifest["definitions"]["invented-lung/outcomes"] == "2026-1"
    assert (manifest["draft"], manifest["reviewers"]) == (False, ["A", "B"])


def test_no_withheld_number_can_be_guessed_from_what_the_manifest_says_of_the_inputs(built, tmp_path):
    collection(tmp_path / "in")
    secret = tmp_path / "in" / "invented-lung" / "expected.csv"
    secret.write_text("centre,case_id,count\nCCC,,17\n")  # fewer than 30: withheld everywhere else
    assert main(["edition", "build", str(tmp_path / "in"), "--out", str(tmp_path / "out")]) == 0
    published = b"".join(write.read_back(tmp_path / "out")[name] for name in ("manifest.json", "edition.json", "disclosure.json"))
    guesses = {count: f"centre,case_id,count\nCCC,,{count}\n".encode() for count in range(100)}
    assert guesses[17] == secret.read_bytes()
    assert [count for count, words in guesses.items() if write.digest(words).encode() in published] == []
    for path in (tmp_path / "in").rglob("*.*"):
        if path.name in {"cases.csv", "expenditure.csv", "narrative.md"}:
            assert write.digest(path.read_bytes()).encode() not in published


def test_the_audit_of_an_edition_says_only_what_every_reader_can_work_out(built):
    totals = json.loads((built / "out" / "disclosure.json").read_bytes())["audit"]["totals"]
    assert set(totals) == {"cells", "withheld", "exact", "narrow", "below"}, "not how many were too small in themselves"
    assert not list((built / "out").rglob("audit.json"))


def test_the_holder_of_the_inputs_can_still_tell_that_they_are_the_ones(built, tmp_path, capsys):
    command = ["edition", "verify", str(built / "out"), "--inputs"]
    assert main([*command, str(built / "in")]) == 0
    shutil.copytree(built / "in", tmp_path / "in")
    cases = tmp_path / "in" / "invented-lung" / "cases.csv"
    cases.write_text(cases.read_text().replace("AAA,AAA7,", "AAA,AAA-7,"))
    assert main([*command, str(tmp_path / "in")]) == 1
    assert "made from another invented-lung/cases.csv" in capsys.readouterr().err


def test_what_the_network_wrote_and_agreed_is_in_it(built):
    page = (built / "out" / "services" / "invented-lung.html").read_text()
    assert "A new <em>pump</em>." in page
    assert "74.0% (invented)" in page
    assert "Invented data" in page
    assert "<strong>Draft</strong>" not in page


def test_the_same_folder_gives_the_same_bytes(built, tmp_path):
    assert main(["edition", "build", str(built / "in"), "--out", str(tmp_path / "b"), "--reviewer", "A", "--reviewer", "B"]) == 0
    assert write.read_back(tmp_path / "b") == write.read_back(built / "out")


@pytest.mark.parametrize("names", [[], ["A"], ["A", "A"], ["A", " "]])
def test_without_two_different_reviewers_it_is_a_draft(built, tmp_path, capsys, names):
    given = [word for name in names for word in ("--reviewer", name)]
    assert main(["edition", "build", str(built / "in"), "--out", str(tmp_path / "d"), "--json", *given]) == 0
    assert json.loads(capsys.readouterr().out)["draft"] is True
    assert "<strong>Draft</strong>" in (tmp_path / "d" / "index.html").read_text()


def test_blocking_findings_stop_the_build_and_are_told(tmp_path, capsys):
    collection(tmp_path / "in", broken=True)
    assert main(["edition", "build", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["built"] is False
    assert any(one["severity"] == "blocking" and one["field"] == "alive" for one in report["findings"])
    assert not (tmp_path / "out").exists()


def test_a_correction_needs_a_note_and_gets_the_next_number(built, tmp_path, capsys):
    command = ["edition", "build", str(built / "in"), "--out", str(tmp_path / "c"), "--previous", str(built / "out")]
    assert main(command) == 2
    assert "--note" in capsys.readouterr().err
    assert main([*command, "--note", "Nothing, to show it."]) == 0
    document = json.loads((tmp_path / "c" / "edition.json").read_text())
    assert (document["edition"]["number"], document["edition"]["correction_note"]) == (2, "Nothing, to show it.")
    assert document["previous"][0]["href"] == ""
    assert document["previous"][0]["digest"] == write.digest((built / "out" / "manifest.json").read_bytes())
    assert main(["edition", "verify", str(tmp_path / "c"), "--previous", str(built / "out")]) == 0


def test_the_next_edition_draws_how_the_outcome_moved_from_what_was_published(built, tmp_path, capsys):
    collection(tmp_path / "in", label="2026", year=2026)
    cases = tmp_path / "in" / "invented-lung" / "cases.csv"
    cases.write_text(cases.read_text().replace(",no\n", ",yes\n", 9))
    out, before = tmp_path / "out", str(built / "out")
    assert main(["edition", "build", str(tmp_path / "in"), "--out", str(out), "--previous", before]) == 0
    service = json.loads((out / "edition.json").read_text())["services"][0]
    blocks = [block for section in service["sections"] for block in section["blocks"]]
    (chart,) = [block for block in blocks if block["kind"] == "chart" and block["chart"] == "run"]
    shown = {point["label"]: service["figures"][point["value"]["f"]]["value"] for point in chart["points"]}
    for label, folder_ in (("2025", built / "out"), ("2026", out)):
        with (folder_ / "data" / "outcomes.csv").open(newline="") as file:
            (row,) = [row for row in csv.DictReader(file) if (row["centre"], row["sex"]) == ("Total", "Total")]
        assert shown[label] == float(row["value"])
    capsys.readouterr()
    assert main(["edition", "verify", str(out), "--previous", before]) == 0
    assert "Note:" not in capsys.readouterr().err
    assert main(["edition", "verify", str(out)]) == 0
    assert "The figures of earlier years were not compared" in capsys.readouterr().err


def test_an_approved_edition_is_not_overwritten(built, capsys):
    before = write.read_back(built / "out")
    assert main(["edition", "build", str(built / "in"), "--out", str(built / "out")]) == 2
    assert "never changes" in capsys.readouterr().err
    assert write.read_back(built / "out") == before


def test_a_text_that_names_few_people_is_noted_and_printed_as_it_is(tmp_path, capsys):
    collection(tmp_path / "in")
    leak = "Hospital DDD treated **12 patients**, 9 alive."
    (tmp_path / "in" / "invented-lung" / "narrative.md").write_text(
        f"# Innovation\n\nA pump since 2024, open 24 hours.\n\n# Improvement\n\nIt was 2019. {leak} No patient waits. 4 died.\n"
    )
    (tmp_path / "in" / "services.csv").write_text(
        "service,name,category,description\ninvented-lung,Invented lung,Chest,3 people\n"
    )
    command = ["edition", "build", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--json"]
    assert main(command) == 0
    told = capsys.readouterr()
    notes = [
        "Invented lung, Description: small numbers of people are named: “3 people”",
        "Invented lung, Improvement: small numbers of people are named: “Hospital DDD treated 12 patients, 9 alive.” “4 died.”",
    ]
    assert json.loads(told.out)["notes"] == notes
    assert [line for line in told.err.splitlines() if line.startswith("Note:")] == [f"Note: {note}" for note in notes]
    assert "<strong>12 patients</strong>, 9 alive." in (tmp_path / "out" / "services" / "invented-lung.html").read_text()


def test_an_edition_whose_texts_name_nobody_has_no_note(tmp_path, capsys):
    collection(tmp_path / "in")
    assert main(["edition", "build", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["notes"] == []
    assert "Note:" not in told.err


def test_a_changed_edition_is_not_verified(built, tmp_path, capsys):
    shutil.copytree(built / "out", tmp_path / "e")
    page = tmp_path / "e" / "index.html"
    page.write_text(page.read_text().replace("179", "178"))
    assert main(["edition", "verify", str(tmp_path / "e")]) == 1
    assert "index.html has changed" in capsys.readouterr().err


def test_what_is_no_folder_or_no_edition_is_told_in_one_line(tmp_path, capsys):
    assert main(["edition", "build", str(tmp_path / "none"), "--out", str(tmp_path / "out")]) == 2
    assert main(["edition", "verify", str(tmp_path)]) == 2
    collection(tmp_path / "in")
    assert main(["edition", "build", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--previous", str(tmp_path)]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_without_populations_of_its_own_the_shipped_areas_are_used(tmp_path):
    collection(tmp_path / "in")
    (tmp_path / "in" / "populations.csv").unlink()
    found, _ = folder.read(tmp_path / "in")
    where = edition.geography(found)
    assert where.regions["E54000027"] == "London"
    assert where.populations["London"] > 8_000_000
    assert set(where.regions.values()) <= set(where.populations)


def test_populations_of_the_folders_own_make_the_regions(tmp_path):
    found, _ = folder.read(collection(tmp_path / "in"))
    where = edition.geography(found)
    assert where.regions == {"North": "North", "South": "South"}
    assert where.populations == {"North": 1_000_000, "South": 2_000_000, "Total": 3_000_000}
    (tmp_path / "in" / "populations.csv").write_text("area,sex,age_band,persons\nLondon,,,8000000\nElsewhere,,,2000000\n")
    where = edition.geography(folder.read(tmp_path / "in")[0])
    assert where.regions["E54000027"] == "London"
    assert set(where.regions.values()) == {"London", "Elsewhere"}


def test_a_service_without_cases_still_has_its_expenditure(tmp_path):
    collection(tmp_path / "in")
    shutil.rmtree(tmp_path / "in" / "invented-lung")
    found, _ = folder.read(tmp_path / "in")
    assert {table.name for table in edition.results_of(found)} == {"spend"}


SURVIVAL = """
[[outcome]]
id = "survival"
label = "Survival"
measure = "survival"
start = "0"
end = "age"
event = "alive = 'no'"
at = ["30d"]
by = ["centre"]
"""


def test_a_survival_outcome_goes_all_the_way_to_its_curve(tmp_path, capsys):
    collection(tmp_path / "in")
    (tmp_path / "in" / "invented-lung" / "outcomes.toml").write_text(OUTCOMES + SURVIVAL)
    (raw,) = (table for table in edition.results_of(folder.read(tmp_path / "in")[0]) if table.name == "curves")
    assert main(["edition", "build", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--json"]) == 0
    found = list(csv.DictReader(io.StringIO((tmp_path / "out" / "data" / "curves.csv").read_text())))
    assert [row["measure"] for row in found] == sorted(raw["measure"].tolist()) == ["survival@30d", "survival@60d"]
    assert [float(row["value"]) for row in found] == pytest.approx(raw["value"].tolist(), abs=1e-15)
    assert {row["centre"] for row in found} == {"Total"}
    document = json.loads((tmp_path / "out" / "edition.json").read_text())
    blocks = [block for section in document["services"][0]["sections"] for block in section["blocks"]]
    assert [one["chart"] for one in blocks if one["kind"] == "chart"].count("survival") == 1
    capsys.readouterr()
    assert main(["edition", "verify", str(tmp_path / "out"), "--json"]) == 0


def test_the_number_of_an_edition_follows_its_label():
    assert edition._number("2025", (), "") == (1, "")
    known = (edition.PreviousEdition("2024", 3), edition.PreviousEdition("2025", 1), edition.PreviousEdition("2025", 2))
    assert edition._number("2025", known, " why ") == (3, "why")
    with pytest.raises(InputError):
        edition._number("2025", known, " ")


def test_an_earlier_edition_is_linked_to_where_it_stands_beside(tmp_path):
    beside = tmp_path / "edition 2024"
    assert edition._beside(beside, tmp_path / "2025") == "../edition%202024/index.html"
    assert edition._beside(beside, tmp_path / "elsewhere" / "2025") == ""
    assert edition._beside(beside, None) == ""


def test_dates_of_designation_are_kept_as_days():
    one = edition._centre(folder.Centre("s", "AAA", "A", date(2010, 4, 1), None))
    assert (one.designated_from, one.designated_to) == ("2010-04-01", "")


def test_how_often_python_tidies_is_as_it_was_afterwards_whatever_happened():
    usual = gc.get_threshold()
    with seldom_tidied():
        assert gc.get_threshold()[0] == 100 * usual[0]
        assert gc.isenabled()
    assert gc.get_threshold() == usual
    with pytest.raises(ZeroDivisionError), seldom_tidied():
        raise ZeroDivisionError
    assert gc.get_threshold() == usual


def test_a_financial_year_after_a_calendar_year_gives_no_quarter_away(tmp_path):
    """What the two share cannot be told from what each has alone, whatever their labels say."""
    collection(tmp_path / "in", label="first report")
    assert main(["edition", "build", str(tmp_path / "in"), "--out", str(tmp_path / "one")]) == 0
    collection(tmp_path / "next", label="second report")
    toml = tmp_path / "next" / "collection.toml"
    toml.write_text(toml.read_text().replace("2025-01-01", "2025-04-01").replace("2026-01-01", "2026-04-01"))
    build = ["edition", "build", str(tmp_path / "next"), "--out", str(tmp_path / "two"), "--previous", str(tmp_path / "one")]
    assert main(build) == 0
    said = json.loads((tmp_path / "two" / "disclosure.json").read_bytes())
    assert said["policy"]["periods"]["first report"] == ["2025-01-01", "2026-01-01"]
    assert said["policy"]["periods"]["second report"] == ["2025-04-01", "2026-04-01"]
    assert main(["edition", "verify", str(tmp_path / "two"), "--previous", str(tmp_path / "one")]) == 0


def withheld(inputs) -> int:
    return sum(table["status"].tolist().count("c") for table in inputs.tables)


def test_figures_that_are_public_elsewhere_are_taken_for_known(tmp_path):
    """With one small centre's patients in a journal the other's could be worked out, so that more is withheld."""
    collection(tmp_path)
    without = edition.inputs_of(folder.read(tmp_path)[0])
    (tmp_path / "public.csv").write_text(
        "service,centre,period,value,source,date\ninvented-lung,CCC,2025,17,An invented journal,2026-01-31\n"
    )
    inputs = edition.inputs_of(folder.read(tmp_path)[0])
    (entry,) = inputs.policy["already_public"]
    assert (entry["centre"], entry["value"], entry["source"]) == ("CCC", 17, "An invented journal")
    assert without.policy["already_public"] == []
    assert withheld(inputs) > withheld(without)
    assert "public.csv" in inputs.inputs
