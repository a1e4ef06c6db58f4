"""What a file may carry besides what it shows: attributes, alternative texts, metadata, hidden columns, sizes, order.

And the whole of it at once: two worlds that differ in nothing but withheld numbers give the same files, byte for byte.
"""

import io
import json
import re
import zipfile
from html.parser import HTMLParser

import pypdf
import pytest

from plenary.cli.main import main
from plenary.editions.render import drawing, write
from plenary.editions.render.figures import describe
from tests.golden import artefacts, attacked, attacker
from tests.golden.test_artefacts import by_label
from tests.unit.editions.published import files

SIZES = {"AAA": 3, "BBB": 300, "CCC": 60, "DDD": 90}
SEALED = {"manifest.json"}
"""The manifest names the inputs by sealed digests: those of other cases are others, and say nothing."""


def cases():
    return attacked.patients(7, SIZES)


def swapped(rows):
    """The same patients, but one of AAA and one of CCC have changed homes: no figure of the edition counts both."""
    rows = [dict(one) for one in rows]
    mine = next(one for one in rows if one["centre"] == "AAA")
    theirs = next(one for one in rows if one["centre"] == "CCC" and one["area"] != mine["area"])
    mine["area"], theirs["area"] = theirs["area"], mine["area"]
    return rows


def build(place, rows):
    source = attacked.small_folder(place / "in", rows)
    assert main(["edition", "build", str(source), "--out", str(place / "out")]) == 0
    return write.read_back(place / "out")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build(tmp_path_factory.mktemp("leaves"), cases())


@pytest.fixture(scope="module")
def document(built):
    return json.loads(built["edition.json"])


def test_two_worlds_that_differ_in_withheld_numbers_alone_give_the_same_files(tmp_path, built):
    other = build(tmp_path, swapped(cases()))
    differ = {path for path in built.keys() | other.keys() if built.get(path) != other.get(path)}
    assert differ <= SEALED


def test_of_inputs_the_manifest_gives_sealed_digests_alone_where_cases_are_few(built):
    manifest = json.loads(built["manifest.json"])
    assert "cases" not in json.dumps({name: kind for name, kind in manifest["input_digests"].items() if kind == "sha256"})


# ------------------------------------------------------------------------------------------------ attributes and texts


class _Attributes(HTMLParser):
    def __init__(self, words):
        super().__init__()
        self.found = []
        self.feed(words)

    def handle_starttag(self, tag, attrs):
        self.found += [(tag, name, value or "") for name, value in attrs]


def test_data_attributes_name_a_figure_and_carry_none(built, document):
    keys = {key for service in document["services"] for key in service["figures"]} | set(document["index"]["figures"])
    slugs = {service["slug"] for service in document["services"]}
    seen = set()
    for path, words in built.items():
        if not path.endswith((".html", ".svg")):
            continue
        for _, name, value in _Attributes(words.decode()).found:
            if name.startswith("data-"):
                seen.add(name)
                assert value in {"data-figure": keys, "data-service": slugs}.get(name, ()), f"{path}: {name}={value}"
    assert seen == {"data-figure", "data-service"}


def test_alternative_texts_tell_of_each_group_what_its_data_show(built, document):
    shown = by_label(built)
    labels = {label for groups in shown.values() for label in groups if label}
    texts = [describe(block, figures) for _, block, figures in drawing.charts(document)]
    assert texts
    lines = [line for text in texts for line in artefacts._phrases("alt", text, labels)]
    assert any(line.numbers for line in lines)
    assert [
        (line.label, number)
        for line in lines
        for number in line.numbers
        if not any(number in groups.get(line.label, ()) for groups in shown.values())
    ] == []


def test_a_withheld_group_stands_in_no_alternative_text_with_a_number(built, document):
    texts = [describe(block, figures) for _, block, figures in drawing.charts(document)]
    told = [phrase for text in texts for phrase in re.split(r"[;.]\s", text) if phrase.startswith("AAA ")]
    assert not [phrase for phrase in told if re.search(r"\d", phrase.removeprefix("AAA"))]


# ------------------------------------------------------------------------------------------------ metadata


@pytest.fixture(scope="module")
def deck(built):
    with zipfile.ZipFile(io.BytesIO(built["slides/one.pptx"])) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_slides_carry_a_title_and_a_day_and_nothing_else_about_themselves(built, deck):
    about = {name: words for name, words in deck.items() if name.startswith("docProps/")}
    told = re.findall(r">([^<>]+)<", about.pop("docProps/core.xml").decode())
    assert not [word for word in told if re.search(r"\d", word) and not re.search(r"\b20\d\d\b", word)]
    with zipfile.ZipFile(io.BytesIO(files()["slides/adult-ecmo.pptx"])) as other:  # the rest is the same in every deck
        assert about == {name: other.read(name) for name in other.namelist() if name in about}


def test_slides_have_no_notes_no_comments_and_nothing_linked(deck):
    assert not [name for name in deck if re.search(r"notesSlide|comment|externalLink|customXml|vbaProject", name)]


def test_pictures_on_slides_describe_what_is_shown(built, deck):
    shown = {number for groups in by_label(built).values() for numbers in groups.values() for number in numbers}
    texts = [
        found
        for name, words in deck.items()
        if name.startswith("ppt/slides/slide")
        for found in re.findall(r'descr="([^"]*)"', words.decode())
    ]
    assert texts
    figures = [re.sub(r"\b\d+ (day|month|year)s?\b", "", text) for text in texts]  # at what time is no figure
    loose = {number for text in figures for number in artefacts.line("", "", text).numbers} - shown
    assert {number for number in loose if number.rstrip("%") not in {each.rstrip("%") for each in shown}} == set()


def test_workbooks_hide_no_column_row_or_sheet_and_keep_no_cache(deck):
    books = {name: words for name, words in deck.items() if name.endswith(".xlsx")}
    assert books
    for words in books.values():
        with zipfile.ZipFile(io.BytesIO(words)) as book:
            names = book.namelist()
            assert not [name for name in names if re.search(r"pivot|externalLink|comments|calcChain|customXml", name)]
            for name in (name for name in names if name.endswith(".xml")):
                told = book.read(name).decode()
                assert not re.search(r'hidden="(1|true)"|state="(hidden|veryHidden)"|<f>|<definedName', told), name


def test_the_pdf_tells_of_itself_its_title_and_its_day_and_has_nothing_attached(built):
    read = pypdf.PdfReader(io.BytesIO(built["edition.pdf"]))
    told = {name: str(value) for name, value in (read.metadata or {}).items()}
    assert set(told) <= {"/Title", "/Author", "/Creator", "/Producer", "/CreationDate", "/ModDate", "/Keywords"}
    assert not [
        value for name, value in told.items() if "Date" not in name and re.search(r"\d", re.sub(r"20\d\d|0\.\d+\.\d+", "", value))
    ]
    assert dict(read.attachments) == {}


def test_the_package_describes_columns_and_counts_nothing(built):
    package = json.loads(built["data/datapackage.json"])

    def numbers(part):
        if isinstance(part, dict):
            return [found for value in part.values() for found in numbers(value)]
        if isinstance(part, list):
            return [found for value in part for found in numbers(value)]
        return [part] if isinstance(part, int | float) and not isinstance(part, bool) else []

    assert set(numbers(package)) <= {0, 1}  # the least and the greatest share


def test_the_audit_that_is_published_holds_ranges_and_no_values(built):
    said = json.loads(built["disclosure.json"])
    assert {tuple(sorted(cell)) for cell in said["audit"]["cells"]} != set()
    for cell in said["audit"]["cells"]:
        assert not {"value", "true", "primary", "reason", "rule"} & set(cell)
    assert not {"primary", "secondary"} & set(said["audit"]["totals"])


def test_a_number_of_the_withheld_centre_stands_nowhere_in_its_rows(built):
    rows = [row for table in (*attacker.TABLES, "spend") for row in attacker.rows_of(built, table) if row["centre"] == "AAA"]
    assert rows
    assert not [row for row in rows if any(row[name] for name in ("value", "numerator", "denominator", "lower", "upper", "note"))]
