"""Whatever an edition prints of a group stands in its open data: page, chart text, PDF, slides and the workbooks inside them."""

import json
import re
import shutil
from collections import defaultdict

import pytest

from plenary.cli.main import main
from plenary.editions.render import write
from tests.golden import artefacts, attacked, attacker

WAYS = 4  # decimals to which something may be rounded for reading
NUMBERS = ("value", "numerator", "denominator", "lower", "upper", "not_eligible", "not_known")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    root = tmp_path_factory.mktemp("printed")
    source = attacked.small_folder(root / "in", attacked.patients(7, {"AAA": 3, "BBB": 300, "CCC": 60, "DDD": 90}))
    centres = (source / "centres.csv").read_text()
    (source / "centres.csv").write_text(re.sub(r",(\w+),\1,", r",\1,Hospital \1,", centres))
    assert main(["edition", "build", str(source), "--out", str(root / "out")]) == 0
    return write.read_back(root / "out")


def printed_as(value):
    """Every way in which a number may be printed: whole, as money, rounded, as a share of a hundred, in full."""
    number = float(value)
    ways = {f"{number:,.0f}", f"£{number:,.0f}", value, repr(number)}
    ways |= {f"{number:,.{places}f}" for places in range(1, WAYS)} | {f"{100 * number:.1f}%"}
    return ways


def by_label(files):
    """What the open data show, by service and by the words that stand for a group on a page."""
    names = {(row["service"], row["centre"]): row["name"] for row in attacker.rows_of(files, "centres")}
    found = defaultdict(lambda: defaultdict(set))
    for row in attacker.rows_of(files, "centres"):  # the days of a designation are printed as 1 January 2000
        days = [row[name].split("-") for name in ("designated_from", "designated_to") if row[name]]
        found[row["service"]][row["name"]] |= {part for year, _, day in days for part in (year, str(int(day)))}
    for table in (*attacker.TABLES, "spend"):
        for row in attacker.rows_of(files, table):
            numbers = {way for name in NUMBERS if row.get(name) for way in printed_as(row[name])}
            for label in labels_of(row, names):
                found[row["service"]][label] |= numbers
            found[row["service"]][""] |= numbers
    return found


def labels_of(row, names):
    given = {name: row[name] for name in ("centre", "area", "sex", "age_band") if row[name] not in ("", "Total")}
    if not given:
        return {"All centres", "All areas", "All patients"}
    words = {"centre": names.get((row["service"], row["centre"]), row["centre"]), "area": row["area"]}
    words |= {"sex": row["sex"].capitalize(), "age_band": f"Age {row['age_band']}"}
    return {words[name] for name in given}


def unexplained(files):
    """Every number that is printed beside a group's name and that the open data do not show of that group."""
    shown = by_label(files)
    found = []
    for service, groups in shown.items():
        own = {path: words for path, words in files.items() if service in path}
        found += [
            (line.file, line.label, number)
            for line in artefacts.lines(own, set(groups) - {""})
            if line.label in groups
            for number in line.numbers
            if number not in groups[line.label]
        ]
    return found


def test_nothing_is_printed_of_a_group_that_its_open_data_do_not_show(built):
    assert unexplained(built) == []


def test_every_view_was_read(built):
    services = by_label(built)
    for service, groups in services.items():
        own = {path: words for path, words in built.items() if service in path}
        kinds = defaultdict(int)
        for line in artefacts.lines(own, set(groups) - {""}):
            if line.label in groups and line.numbers:
                kinds[re.sub(r"\d+", "", line.file.rpartition("/")[2])] += 1
        assert {f"{service}.html", "slide.xml", "chart.xml", "chart.xlsx"} <= set(kinds)


def test_a_number_behind_a_mark_would_be_seen(built):
    page = "services/one.html"
    words = built[page].decode()
    place = words.index("[c]", words.index("activity-patients-centre"))
    leaky = words[:place] + "17" + words[place + 3 :]
    assert any(number == "17" for _, _, number in unexplained({**built, page: leaky.encode()}))


def test_a_chart_text_that_tells_would_be_seen(built):
    page = "services/one.html"
    words = built[page].decode().replace("</main>", "<p>Patients: Hospital AAA 17; others more.</p></main>")
    assert (page, "Hospital AAA", "17") in unexplained({**built, page: words.encode()})


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler) reads the PDF")
def test_the_pdf_prints_nothing_else_in_the_rows_that_hold_a_mark(built):
    groups = {label: numbers for shown in by_label(built).values() for label, numbers in shown.items() if label}
    marked = list(artefacts.marked_in_pdf(built["edition.pdf"], set(groups)))
    assert {"Hospital AAA"} < {line.label for line in marked}
    told = [(one.label, number) for one in marked for number in one.numbers if number.rstrip("%") not in _bare(groups[one.label])]
    assert told == []


def _bare(numbers):
    return {number.rstrip("%") for number in numbers}


def test_the_document_holds_no_value_beside_a_mark(built):
    document = json.loads(built["edition.json"])
    marked = [one for service in document["services"] for one in service["figures"].values() if one["status"] in {"c", "x", "z"}]
    assert marked
    assert {one["value"] for one in marked} == {None}
    assert {re.sub(r"[a-z]+", "", one["text"]) for one in marked} == {"[]"}
