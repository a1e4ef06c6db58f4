"""A whole collection folder: every file read, hashed and checked; a bad file contributes nothing, a stray one is named."""

import hashlib
import io
from datetime import date, timedelta

import numpy as np
import openpyxl
import pytest

from plenary_stats import folder
from plenary_stats.errors import InputError
from plenary_stats.folder import Centre, Expected, Population, Service, Spending

FILES = {
    "collection.toml": 'label = "2025"\nperiod_start = 2025-01-01\nperiod_end = 2026-01-01\nnation = "England"\nthreshold = 30\n',
    "services.csv": "service,name,category,description\nlam,LAM service,respiratory,Rare lung disease\n",
    "centres.csv": "service,centre,name,designated_from,designated_to\nlam,RX1,Nottingham,2011-04-01,\nlam,RRK,Birmingham,01/04/2015,\n",
    "expenditure.csv": 'service,centre,amount_gbp,basis\nlam,RX1,"1,200,000",block\n',
    "populations.csv": "area,sex,age_band,persons\nNorth,female,0-17,100\nNorth,male,0-17,110\nSouth,female,0-17,90\nTotal,Total,Total,300\n",
    "lam/dictionary.csv": (
        "Variable / Field Name,Field Type,Field Label,Choices,Text Validation Type,Identifier?,Required Field?,Field Annotation\n"
        "case_id,text,Case,,,,y,\nlisted,text,Listed,,date_dmy,,y,@INDEXDATE\n"
        'status,radio,Status,"alive, Alive | dead, Dead",,,,\nnhs_number,text,NHS number,,,y,,\n'
    ),
    "lam/outcomes.toml": (
        'service = "lam"\nversion = "1"\nagreed_on = 2025-05-01\n[[outcome]]\nid = "alive"\nmeasure = "proportion"\nmet = "status = \'alive\'"\n'
    ),
    "lam/cases-2025.csv": "centre,case_id,listed,status,nhs_number,area\nRX1,1,04/03/2025,alive,9434765919,North\nRRK,1,05/03/2025,dead,,South\n",
    "lam/cases-2024.csv": "centre,case_id,listed,status,nhs_number,sex\nRX1,2,04/03/2024,,,f\n",
    "lam/expected.csv": "centre,case_id,count\nRX1,1,\nRRK,,3\n",
    "lam/narrative.md": "# Description\n\nWhat we do.\n\n## Patient feedback\n\nThey said.\n",
}


def written(tmp_path, **changes):
    """Write the sound folder with some files changed (None: left out)."""
    return write(tmp_path, {**FILES, **changes})


def write(root, files):
    for name, text in files.items():
        if text is not None:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def told(findings, *severities):
    return [(f.file, f.row, f.field, f.rule) for f in findings if not severities or f.severity in severities]


def test_a_sound_folder(tmp_path):
    collection, findings = folder.read(write(tmp_path, FILES))
    assert told(findings, "blocking", "warning") == []
    assert (collection.label, collection.period_start, collection.period_end) == ("2025", date(2025, 1, 1), date(2026, 1, 1))
    assert (collection.nation, collection.threshold, collection.invented) == ("England", 30, False)
    assert collection.services == (Service("lam", "LAM service", "respiratory", "Rare lung disease"),)
    assert collection.centres == (
        Centre("lam", "RX1", "Nottingham", date(2011, 4, 1), None),
        Centre("lam", "RRK", "Birmingham", date(2015, 4, 1), None),
    )
    assert collection.centres_of("lam") == ("RRK", "RX1")
    assert collection.expenditure == (Spending("lam", "RX1", 1_200_000.0, "block"),)
    assert collection.populations[0] == Population("North", "female", "0-17", 100.0)
    assert collection.population_by_area() == {"North": 210.0, "South": 90.0, "Total": 300.0}
    assert collection.expected == {"lam": (Expected("RX1", "1"), Expected("RRK", "", 3))}
    assert collection.narrative == {"lam": {"Description": "What we do.", "Patient feedback": "They said."}}
    assert collection.outcome_sets["lam"].outcomes[0].id == "alive"


def test_the_cases_of_all_files_are_one_table(tmp_path):
    cases = folder.read(write(tmp_path, FILES))[0].cases["lam"]
    assert cases.service == "lam"
    assert cases["period"].tolist() == ["2024", "2025", "2025"]
    assert cases["centre"].tolist() == ["RX1", "RX1", "RRK"]
    assert cases["status"].tolist() == ["", "alive", "dead"]
    assert cases["sex"].tolist() == ["female", "", ""]
    assert cases["area"].tolist() == ["", "North", "South"]
    assert "nhs_number" not in cases.columns


def test_every_input_is_hashed(tmp_path):
    collection, _ = folder.read(write(tmp_path, FILES))
    assert list(collection.inputs) == sorted(FILES)
    assert collection.inputs["lam/narrative.md"] == hashlib.sha256(FILES["lam/narrative.md"].encode()).hexdigest()
    assert collection.datasets["lam"].version == collection.inputs["lam/dictionary.csv"][:12]


def test_optional_files_may_be_absent(tmp_path):
    absent = dict.fromkeys(["expenditure.csv", "populations.csv", "lam/expected.csv", "lam/narrative.md", "lam/outcomes.toml"])
    collection, findings = folder.read(written(tmp_path, **absent))
    assert told(findings, "blocking", "warning") == []
    assert ("lam/outcomes.toml", 0, "", "missing-file") in told(findings)
    assert collection.expenditure == collection.populations == ()
    assert collection.population_by_area() == {}
    assert len(collection.cases["lam"]) == 3


def test_a_file_with_a_blocking_finding_contributes_nothing(tmp_path):
    bad = FILES["lam/cases-2025.csv"].replace("05/03/2025", "31/02/2025")
    collection, findings = folder.read(written(tmp_path, **{"lam/cases-2025.csv": bad}))
    assert told(findings, "blocking") == [("lam/cases-2025.csv", 3, "listed", "impossible-date")]
    assert collection.cases["lam"]["case_id"].tolist() == ["2"]


def test_a_case_stands_once_over_all_files(tmp_path):
    again = FILES["lam/cases-2024.csv"].replace("RX1,2,", "RX1,1,")
    collection, findings = folder.read(written(tmp_path, **{"lam/cases-2024.csv": again}))
    assert told(findings, "blocking") == [("lam/cases-2025.csv", 0, "case_id", "duplicate-case")]
    assert len(collection.cases["lam"]) == 1


def test_a_service_without_cases_keeps_typed_columns(tmp_path):
    collection, findings = folder.read(written(tmp_path, **{"lam/cases-2025.csv": None, "lam/cases-2024.csv": None}))
    assert told(findings, "warning") == [("lam", 0, "", "missing-file")]
    cases = collection.cases["lam"]
    assert len(cases) == 0
    assert cases["listed"].dtype == np.dtype("datetime64[D]")
    assert "nhs_number" not in cases.columns


def test_workbooks_are_read_too(tmp_path):
    book = openpyxl.Workbook()
    for row in (["centre", "case_id", "listed", "status"], ["RX1", "9", date(2025, 6, 1), "alive"]):
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    collection, findings = folder.read(write(tmp_path, {**FILES, "lam/cases-late.xlsx": stream.getvalue()}))
    assert told(findings, "blocking") == []
    assert "9" in collection.cases["lam"]["case_id"].tolist()


def test_strangers_are_named(tmp_path):
    more = {"notes.docx": "x", "lam/readme.txt": "x", ".DS_Store": "x", "ecmo/cases.csv": "x"}
    _, findings = folder.read(write(tmp_path, {**FILES, **more}))
    assert ("notes.docx", 0, "", "unknown-file") in told(findings, "notice")
    assert ("lam/readme.txt", 0, "", "unknown-file") in told(findings, "notice")
    assert told(findings, "blocking") == [("ecmo", 0, "", "unknown-service")]


def test_areas_of_residence_are_known_by_the_populations_or_the_caller(tmp_path):
    odd = FILES["lam/cases-2025.csv"].replace(",South", ",Atlantis")
    root = written(tmp_path, **{"lam/cases-2025.csv": odd})
    assert told(folder.read(root)[1], "warning") == [("lam/cases-2025.csv", 3, "area", "unknown-area")]
    assert told(folder.read(root, areas={"north": (), "Atlantis": ()})[1], "warning") == []


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("services.csv", "lam,LAM", "Lung Disease,LAM", ("services.csv", 2, "service", "not-permitted")),
        ("services.csv", "LAM service", "", ("services.csv", 2, "name", "required")),
        ("services.csv", "Rare lung disease\n", "x\nlam,Again,,\n", ("services.csv", 3, "service", "repeated")),
        ("centres.csv", "lam,RRK", "ecmo,RRK", ("centres.csv", 3, "service", "unknown-service")),
        ("centres.csv", "01/04/2015,", "2015-04-01,2014-01-01", ("centres.csv", 3, "designated_to", "date-order")),
        ("centres.csv", "01/04/2015", "April", ("centres.csv", 3, "designated_from", "not-a-date")),
        ("expenditure.csv", "RX1", "RYY", ("expenditure.csv", 2, "centre", "unknown-centre")),
        ("expenditure.csv", "1,200,000", "a lot", ("expenditure.csv", 2, "amount_gbp", "not-a-number")),
        ("expenditure.csv", "1,200,000", "-1", ("expenditure.csv", 2, "amount_gbp", "out-of-range")),
        ("expenditure.csv", "block\n", "block\nlam,RX1,3,x\n", ("expenditure.csv", 3, "centre", "repeated")),
        ("expenditure.csv", "amount_gbp", "amount", ("expenditure.csv", 0, "amount_gbp", "missing-column")),
        ("lam/expected.csv", "RRK,,3", "RYY,,3", ("lam/expected.csv", 3, "centre", "unknown-centre")),
        ("lam/expected.csv", "RRK,,3", "RRK,,", ("lam/expected.csv", 3, "case_id", "required")),
        ("lam/expected.csv", "RRK,,3", "RRK,,2.5", ("lam/expected.csv", 3, "count", "not-whole")),
        ("lam/dictionary.csv", "radio", "wireless", ("lam/dictionary.csv", 0, "", "dictionary")),
        ("lam/outcomes.toml", "'alive'", "'well'", ("lam/outcomes.toml", 0, "", "outcome-set")),
        ("lam/outcomes.toml", 'service = "lam"', 'service = "ecmo"', ("lam/outcomes.toml", 0, "", "outcome-set")),
        ("lam/outcomes.toml", "version", "verzion", ("lam/outcomes.toml", 0, "", "outcome-set")),
        ("lam/cases-2024.csv", "centre", '"centre', ("lam/cases-2024.csv", 0, "", "unusable")),
    ],
)
def test_blocking(tmp_path, file, old, new, expected):
    assert old in FILES[file]
    _, findings = folder.read(written(tmp_path, **{file: FILES[file].replace(old, new, 1)}))
    assert expected in told(findings, "blocking")
    assert all(finding.message for finding in findings)


def test_the_narrative_knows_its_sections(tmp_path):
    text = "Dear all\n# description\n\nOne.\n# Description\nTwo.\n# Finance\nNo.\n"
    collection, findings = folder.read(written(tmp_path, **{"lam/narrative.md": text}))
    assert collection.narrative["lam"] == {"Description": "One."}
    assert told(findings, "warning") == [("lam/narrative.md", 0, "", "narrative")] * 3


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ('label = "2025"\n', "", "must say its label"),
        ("period_start = 2025-01-01", 'period_start = "2025-01-01"', "without quotation marks"),
        ("period_start = 2025-01-01", "period_start = 2025-01-01T00:00:00", "as a date"),
        ("period_end = 2026-01-01", "period_end = 2025-01-01", "must lie after period_start"),
        ("threshold = 30", "threshold = 0", "threshold"),
        ("threshold = 30", "threshold = ", "not TOML"),
    ],
)
def test_a_collection_that_cannot_be_used(tmp_path, old, new, part):
    with pytest.raises(InputError, match=part):
        folder.read(written(tmp_path, **{"collection.toml": FILES["collection.toml"].replace(old, new)}))


def test_no_folder_and_no_settings(tmp_path):
    with pytest.raises(InputError, match="no folder"):
        folder.read(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"no collection\.toml"):
        folder.read(tmp_path)


def test_misspelt_settings_are_told(tmp_path):
    _, findings = folder.read(written(tmp_path, **{"collection.toml": FILES["collection.toml"] + "treshold = 5\n"}))
    assert ("collection.toml", 0, "", "unknown-file") in told(findings, "notice")


@pytest.mark.parametrize(
    ("ends", "latest"), [("2025-12-31", "2026-12-31"), ("2024-02-29", "2025-02-28"), ("2026-01-01", "2027-01-01")]
)
def test_follow_up_may_arrive_for_a_whole_year_after_the_period(tmp_path, ends, latest):
    """The last day of that year is still a date that a case may carry; the day after is not."""
    start = f"{int(ends[:4]) - 1}-01-01"
    settings = f'label = "{start[:4]}"\nperiod_start = {start}\nperiod_end = {ends}\n'
    on = date.fromisoformat(latest)

    def problems(day):
        cases = f"centre,case_id,listed,status\nRX1,1,{day:%d/%m/%Y},alive\n"
        changed = {"collection.toml": settings, "lam/cases-2025.csv": cases, "lam/cases-2024.csv": None, "lam/expected.csv": None}
        return {finding.rule for finding in folder.read(written(tmp_path, **changed))[1]}

    assert "future-date" not in problems(on)
    assert "future-date" in problems(on + timedelta(days=1))


@pytest.mark.parametrize(("threshold", "accepted"), [("1", True), ("0", False), ("-5", False), ("true", False), ("29.5", False)])
def test_the_threshold_is_a_whole_number_of_at_least_one(tmp_path, threshold, accepted):
    settings = FILES["collection.toml"].replace("threshold = 30", f"threshold = {threshold}")
    root = written(tmp_path, **{"collection.toml": settings})
    if accepted:
        assert folder.read(root)[0].threshold == 1
    else:
        with pytest.raises(InputError, match="whole number of patients"):
            folder.read(root)


@pytest.mark.parametrize(("persons", "rule"), [("0", None), ("", "required"), ("-1", "out-of-range"), ("many", "not-a-number")])
def test_residents_are_a_number_from_nought_up(tmp_path, persons, rule):
    text = f"area,sex,age_band,persons\nNorth,female,0-17,{persons}\nSouth,male,0-17,7\n"
    collection, findings = folder.read(written(tmp_path, **{"populations.csv": text}))
    about = [finding.rule for finding in findings.blocking if finding.file == "populations.csv"]
    assert about == ([rule] if rule else [])
    assert len(collection.populations) == (0 if rule else 2)


def test_what_was_read_cannot_be_changed_afterwards(tmp_path):
    collection, _ = folder.read(write(tmp_path, FILES))
    with pytest.raises(AttributeError):
        collection.threshold = 1
    with pytest.raises(AttributeError):
        collection.services[0].slug = "other"
    with pytest.raises(TypeError):
        collection.inputs["services.csv"] = "0"


def test_a_seal_is_read_and_a_short_one_refused(tmp_path):
    collection, findings = folder.read(written(tmp_path / "long", **{"seal.txt": "3f9c" * 8}))
    assert told(findings, "blocking") == []
    assert collection.inputs["seal.txt"] == hashlib.sha256(b"3f9c" * 8).hexdigest()
    _, findings = folder.read(written(tmp_path / "short", **{"seal.txt": "secret" + " " * 40}))
    assert told(findings, "blocking") == [("seal.txt", 0, "", "out-of-range")]
