"""A whole collection folder: every file read, hashed and checked; a bad file contributes nothing, a stray one is named."""

import hashlib
import io
from datetime import date, timedelta

import numpy as np
import openpyxl
import pytest

from plenary_stats import folder
from plenary_stats.dictionary.elements import Element
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
        ("threshold = 30", "threshold = " + "[" * 5000, "not TOML"),
        ("threshold = 30", "threshold = " + "1" * 6000, "not TOML"),
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


# -- each file spoilt as files are spoilt in life

NOT_TEXT = bytes(range(256)) * 4
TABLES = [name for name in FILES if name.endswith(".csv")]


@pytest.mark.parametrize("file", [name for name in FILES if name != "collection.toml"])
def test_a_file_of_no_text_is_told_and_stops_nothing_else(tmp_path, file):
    collection, findings = folder.read(written(tmp_path, **{file: NOT_TEXT}))
    blocking = [finding for finding in findings.blocking if finding.file == file]
    assert blocking
    assert all(finding.message and finding.severity == "blocking" for finding in blocking)
    assert collection.inputs[file] == hashlib.sha256(NOT_TEXT).hexdigest()
    if file != "services.csv":  # without its services a collection has nothing
        assert collection.services


def test_a_collection_of_no_text_cannot_be_used(tmp_path):
    with pytest.raises(InputError):
        folder.read(written(tmp_path, **{"collection.toml": NOT_TEXT}))


@pytest.mark.parametrize("file", TABLES)
def test_an_empty_table_is_told_by_its_name(tmp_path, file):
    _, findings = folder.read(written(tmp_path, **{file: ""}))
    assert file in {finding.file for finding in findings.blocking}


@pytest.mark.parametrize("file", TABLES)
def test_a_table_with_its_heading_alone_says_nothing_and_blocks_nothing_of_its_own(tmp_path, file):
    heading = FILES[file].splitlines()[0] + "\n"
    collection, findings = folder.read(written(tmp_path, **{file: heading}))
    own = {finding.rule for finding in findings.blocking if finding.file == file}
    assert own <= ({"dictionary", "missing-file"} if file == "lam/dictionary.csv" else set())
    empty = {
        "services.csv": not collection.services,
        "centres.csv": not collection.centres,
        "expenditure.csv": collection.expenditure == (),
        "populations.csv": collection.population_by_area() == {},
        "lam/dictionary.csv": "lam" not in collection.datasets,
        "lam/expected.csv": collection.expected == {},
        "lam/cases-2025.csv": "lam" not in collection.cases or collection.cases["lam"]["case_id"].tolist() == ["2"],
        "lam/cases-2024.csv": "lam" not in collection.cases or len(collection.cases["lam"]) == 2,
    }
    assert empty[file]


@pytest.mark.parametrize("file", ["services.csv", "centres.csv", "expenditure.csv", "lam/expected.csv", "lam/cases-2025.csv"])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace(",", ";") if '"' not in text else text,
        lambda text: text + "\n\n",
        lambda text: text.rstrip("\n"),
    ],
    ids=["Windows lines", "byte-order mark", "semicolons", "empty lines at the end", "no last line end"],
)
def test_the_habits_of_spreadsheets_change_nothing(tmp_path, file, spoil):
    plain, _ = folder.read(write(tmp_path / "plain", FILES))
    odd, findings = folder.read(write(tmp_path / "odd", {**FILES, file: spoil(FILES[file])}))
    assert told(findings, "blocking", "warning") == []
    assert (odd.services, odd.centres, odd.expenditure, odd.expected) == (
        plain.services,
        plain.centres,
        plain.expenditure,
        plain.expected,
    )
    assert [list(map(str, row.values())) for row in _rows(odd)] == [list(map(str, row.values())) for row in _rows(plain)]


def _rows(collection):
    cases = collection.cases["lam"]
    return [{name: column[row] for name, column in cases.columns.items()} for row in range(len(cases))]


def test_names_in_windows_letters_are_read(tmp_path):
    text = FILES["services.csv"].replace("LAM service", "Söring’s disease")
    collection, findings = folder.read(written(tmp_path, **{"services.csv": text.encode("cp1252")}))
    assert collection.services[0].name == "Söring’s disease"
    assert told(findings, "blocking") == []
    assert "services.csv" in {finding.file for finding in findings}


@pytest.mark.parametrize("text", ['"A, B"', '"A ""quoted"" name"', '"two\nlines"', "<b>bold</b>", "Ünïcode ✓"])
def test_any_name_is_kept_as_it_was_written(tmp_path, text):
    file = FILES["services.csv"].replace("LAM service", text)
    collection, findings = folder.read(written(tmp_path, **{"services.csv": file}))
    assert told(findings, "blocking") == []
    assert collection.services[0].name == (text[1:-1].replace('""', '"') if text.startswith('"') else text)


@pytest.mark.parametrize("formula", ["=1+1", '"=HYPERLINK(""http://example.org"",""x"")"'])
def test_a_name_that_a_spreadsheet_would_run_is_refused(tmp_path, formula):
    file = FILES["services.csv"].replace("LAM service", formula)
    collection, findings = folder.read(written(tmp_path, **{"services.csv": file}))
    assert ("services.csv", 2, "name", "formula") in told(findings, "blocking")
    assert collection.services == ()


def test_codes_are_the_same_in_either_letter_case(tmp_path):
    changed = {name: FILES[name].replace("RX1", "rx1") for name in ("expenditure.csv", "lam/expected.csv", "lam/cases-2025.csv")}
    collection, findings = folder.read(written(tmp_path, **changed))
    assert told(findings, "blocking") == []
    assert collection.expenditure[0].centre == collection.expected["lam"][0].centre == "RX1"
    assert set(collection.cases["lam"]["centre"].tolist()) == {"RX1", "RRK"}


def test_one_services_faults_leave_another_service_whole(tmp_path):
    other = {name.replace("lam/", "ecmo/"): text for name, text in FILES.items() if name.startswith("lam/")}
    other["ecmo/outcomes.toml"] = other["ecmo/outcomes.toml"].replace('"lam"', '"ecmo"')
    shared = {
        "services.csv": FILES["services.csv"] + "ecmo,ECMO,critical care,Support\n",
        "centres.csv": FILES["centres.csv"] + "ecmo,RX1,Nottingham,,\necmo,RRK,Birmingham,,\n",
        "lam/dictionary.csv": FILES["lam/dictionary.csv"].replace("radio", "wireless"),
    }
    collection, findings = folder.read(write(tmp_path, {**FILES, **other, **shared}))
    assert set(collection.cases) == set(collection.datasets) == {"ecmo"}
    assert len(collection.cases["ecmo"]) == 3
    assert {finding.file.split("/")[0] for finding in findings.blocking} == {"lam"}


def test_findings_come_in_an_order_that_does_not_change(tmp_path):
    changed = {
        "expenditure.csv": "service,centre\n",
        "lam/expected.csv": "centre\nRYY\n",
        "services.csv": FILES["services.csv"] + "lam,B,,\n",
    }
    first, second = (told(folder.read(written(tmp_path, **changed))[1]) for _ in range(2))
    assert first == second
    assert len(set(first)) > 3


def test_the_residents_of_an_area_are_counted_once(tmp_path):
    """Rows of a margin are not added to the parts that they sum."""
    text = (
        "area,sex,age_band,persons\nNorth,female,0-17,10\nNorth,male,0-17,20\nNorth,Total,0-17,30\nNorth,female,Total,10\n"
        "Total,female,0-17,10\nSouth,,,5\n"
    )
    collection, _ = folder.read(written(tmp_path, **{"populations.csv": text}))
    assert collection.population_by_area() == {"North": 30.0, "South": 5.0, "Total": 35.0}


def test_hidden_files_are_nobodys_business(tmp_path):
    more = {".git/config": "x", "lam/.DS_Store": "x", ".hidden": "x"}
    plain = told(folder.read(write(tmp_path / "plain", FILES))[1])
    assert told(folder.read(write(tmp_path / "hidden", {**FILES, **more}))[1]) == plain


def test_an_empty_folder_of_an_unknown_service_is_no_fault(tmp_path):
    root = write(tmp_path, FILES)
    (root / "ecmo").mkdir()
    assert told(folder.read(root)[1], "blocking") == []


def test_a_change_of_one_byte_changes_one_hash(tmp_path):
    plain = folder.read(write(tmp_path / "plain", FILES))[0].inputs
    changed = folder.read(write(tmp_path / "changed", {**FILES, "expenditure.csv": FILES["expenditure.csv"] + "\n"}))[0].inputs
    assert {name for name in plain if plain[name] != changed[name]} == {"expenditure.csv"}


REGISTER = "service,centre,period,value,source,date\nlam,RX1,2025,12,Annual report of the network,2026-02\n"


def test_figures_that_are_public_elsewhere_are_read_and_hashed(tmp_path):
    collection, findings = folder.read(written(tmp_path, **{"public.csv": REGISTER}))
    assert "public.csv" not in {finding.file for finding in findings}
    (entry,) = collection.public
    assert (entry["service"], entry["centre"], entry["period"], entry["value"]) == ("lam", "RX1", "2025", 12)
    assert collection.inputs["public.csv"] == hashlib.sha256(REGISTER.encode()).hexdigest()
    assert folder.read(written(tmp_path, **{"public.csv": None}))[0].public == (entry,)  # the file is still there
    (tmp_path / "public.csv").unlink()
    assert folder.read(tmp_path)[0].public == ()


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        (REGISTER + "lam,RRK,2025,few,A journal,2026\n", ("public.csv", 0, "", "unusable")),
        (REGISTER.replace("centre", "hospital"), ("public.csv", 2, "hospital", "unknown-column")),
        ("service,value\nlam,3\n", ("public.csv", 0, "", "unusable")),
    ],
)
def test_a_register_that_cannot_be_used_blocks(tmp_path, content, finding):
    _, findings = folder.read(written(tmp_path, **{"public.csv": content}))
    assert finding in told(findings, "blocking")


def test_a_public_figure_of_a_service_that_is_not_here_is_a_warning(tmp_path):
    collection, findings = folder.read(written(tmp_path, **{"public.csv": REGISTER + "ecmo,RX1,2025,9,A journal,2026\n"}))
    assert ("public.csv", 3, "service", "unknown-service") in told(findings, "warning")
    assert not findings.blocking
    assert len(collection.public) == 2


def test_a_table_of_places_turns_postcodes_into_areas(tmp_path):
    files = {
        "lam/dictionary.csv": FILES["lam/dictionary.csv"] + "home,text,Postcode,,,,,@PLENARY-ELEMENT='postcode'\n",
        "lam/cases-2025.csv": "centre,case_id,listed,home\nRX1,1,04/03/2025,m1 1ae\n",
        "places.csv": "place,area\nM1 1AE,North\n",
    }
    library = {
        "postcode": Element("postcode", "Postcode", "[A-Z0-9]+", "letters", "A1", spacing=" ", identifier=True, reduces_to="area")
    }
    collection, findings = folder.read(written(tmp_path / "with", **files), elements=library)
    assert "places.csv" in collection.inputs
    cases = collection.cases["lam"]
    assert "home" not in cases.columns
    assert dict(zip(cases["case_id"].tolist(), cases["area"].tolist(), strict=True)) == {"1": "North", "2": ""}
    assert [one for one in findings if one.rule in {"area-looked-up", "unknown-file", "unknown-area"}] == []
    _, without = folder.read(written(tmp_path / "without", **{**files, "places.csv": None}), elements=library)
    assert "There is no table of places" in next(one.message for one in without if one.rule == "area-looked-up")


MAPPING = 'service = "lam"\nfrom = "1"\nto = "2"\nfiles = ["cases-2024*"]\n[[field]]\nold = "state"\nnew = "status"\nrecode = { "1" = "dead" }\n'


def test_a_mapping_is_for_the_files_that_it_names(tmp_path):
    files = {
        "lam/cases-2024.csv": "centre,case_id,listed,state\nRX1,2,04/03/2024,1\n",
        "lam/cases-2025.csv": "centre,case_id,listed,state\nRX1,1,04/03/2025,1\n",
        "lam/mapping-2024.toml": MAPPING,
    }
    collection, findings = folder.read(written(tmp_path, **files))
    cases = collection.cases["lam"]
    assert dict(zip(cases["case_id"].tolist(), cases["status"].tolist(), strict=True)) == {"1": "", "2": "dead"}
    assert [(one.file, one.field) for one in findings if one.rule == "mapped"] == [("lam/cases-2024.csv", "status")]
    assert "lam/mapping-2024.toml" in collection.inputs


@pytest.mark.parametrize(
    ("text", "severity", "part"),
    [
        ("[[", "blocking", "not TOML"),
        (MAPPING.replace('"dead"', '"died"'), "blocking", "'died', which 'status' is recoded to"),
        (MAPPING.replace('files = ["cases-2024*"]\n', ""), "warning", "names no files"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_told(tmp_path, text, severity, part):
    _, findings = folder.read(written(tmp_path, **{"lam/mapping.toml": text}))
    (found,) = [one for one in findings if one.rule == "mapping"]
    assert (found.file, found.severity) == ("lam/mapping.toml", severity)
    assert part in found.message
