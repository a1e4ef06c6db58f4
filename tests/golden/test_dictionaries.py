"""Fourteen dictionaries in the dress of real ones: each comes back cell for cell, and nothing of it is lost.

What is *normalised*, and nothing else: encoding and byte order mark, line endings, the separator and the line that names it, quotation
marks, the spelling and order of the headings, empty rows. The normaliser here is the test's own and shares nothing with the reader.
"""

import csv
import io
from pathlib import Path

import pytest

from plenary_stats import spec
from plenary_stats.dictionary import checks, document
from plenary_stats.dictionary.document import HEADINGS, read_choices, spelt_choices
from plenary_stats.dictionary.elements import read_library

FOLDER = Path(__file__).parent / "dictionaries"
LIBRARY = read_library((Path(__file__).parents[2] / "definitions" / "elements" / "elements.toml").read_bytes())
API = [
    "field_name", "form_name", "section_header", "field_type", "field_label", "select_choices_or_calculations", "field_note",
    "text_validation_type_or_show_slider_number", "text_validation_min", "text_validation_max", "identifier", "branching_logic",
    "required_field", "custom_alignment", "question_number", "matrix_group_name", "matrix_ranking", "field_annotation",
]  # fmt: skip
DRESS = {
    "every-type": ("utf-8", ","),
    "excel-semicolons": ("cp1252", ";"),
    "byte-order-mark": ("utf-8-sig", ","),
    "html-labels": ("utf-8", ","),
    "matrix-ranking": ("utf-8", ","),
    "calculations": ("utf-8", ","),
    "branching": ("utf-8", ","),
    "action-tags": ("utf-8", ","),
    "programming-interface": ("utf-8", ","),
    "longitudinal": ("utf-8", ","),
    "beyond": ("utf-8", ","),
    "utf-16-tabs": ("utf-16", "\t"),
    "named-separator": ("utf-8-sig", ";"),
    "old-macintosh": ("utf-8", ","),
}
NAMES = sorted(DRESS)


def content(name):
    return (FOLDER / f"{name}.csv").read_bytes()


def normalised(name):
    encoding, separator = DRESS[name]
    text = content(name).decode(encoding).replace("\r\n", "\n").replace("\r", "\n").removeprefix("sep=;\n")
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if "".join(row).strip()]
    headings = [HEADINGS[API.index(heading)] if heading in API else heading for heading in rows[0]]
    extra = [heading for heading in headings if heading not in HEADINGS]
    wanted = [*HEADINGS, *extra]
    out = io.StringIO()
    writer = csv.DictWriter(out, wanted, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(dict(zip(headings, row, strict=True)) for row in rows[1:])
    return out.getvalue().encode()


def test_every_dictionary_of_the_folder_is_tried():
    assert {path.stem for path in FOLDER.glob("*.csv")} == set(DRESS)
    assert len(DRESS) >= 10


@pytest.mark.parametrize("name", NAMES)
class TestRoundTrip:
    def test_what_is_read_is_written_back_byte_for_byte(self, name):
        assert document.write(document.read(content(name))) == normalised(name)

    def test_what_was_written_is_read_as_the_same_document(self, name):
        first = document.read(content(name))
        assert document.read(document.write(first)) == first

    def test_it_can_be_used(self, name):
        found = checks.check(document.read(content(name)), LIBRARY)
        assert found.blocking == []
        assert spec.read_dictionary(content(name), "service", "1", LIBRARY).fields

    def test_its_choices_are_spelt_as_they_were(self, name):
        for one in document.read(content(name)).entries:
            if one.type in document.LISTING:
                assert read_choices(spelt_choices(one.choices)) == one.choices

    def test_whatever_is_not_used_is_named(self, name):
        told = {(one.row, one.field) for one in checks.check(document.read(content(name)), LIBRARY) if one.rule == "carried"}
        expected = {
            "every-type": {(18, "pain"), (19, "consent_form"), (20, "ward")},
            "branching": {(11, "elsewhere"), (12, "own")},
            "action-tags": {(13, "strange")},
            "longitudinal": {(3, "diagnosis"), (4, "phenotype"), (5, "weight"), (7, "image"), (8, "comfort"), (9, "who"),
                             (11, "site"), (12, "flag")},
            "beyond": {(1, "")},
        }  # fmt: skip
        assert told == expected.get(name, set())


def test_every_type_and_column_of_redcap_is_among_them():
    entries = [one for name in NAMES for one in document.read(content(name)).entries]
    assert {one.type for one in entries} == set(document.TYPES)
    for place, heading in enumerate(HEADINGS):
        assert any(one.cells[place] for one in entries), heading


def test_markup_quotation_marks_and_line_feeds_within_cells():
    named = document.read(content("html-labels")).by_name
    assert named["quote"].label == 'Did the patient say ""yes""?'
    assert named["lines"].label == "First line\nsecond line\n\nfourth line"
    assert named["head"].title == "Read this & go on Second line"
    assert named["less"].title == "Platelets < 150 and > 20?"
    assert [(one.code, one.label) for one in named["label"].choices] == [
        ("1", "<i>in situ</i>, early"),
        ("2", "Spread &#124; elsewhere"),
        ("3", '"Not, staged"'),
    ]


def test_other_alphabets_and_encodings():
    assert document.read(content("byte-order-mark")).by_name["iaith"].choices[2].label == "日本語"
    assert document.read(content("excel-semicolons")).by_name["cout"].label == "Coût en €"
    assert document.read(content("utf-16-tabs")).by_name["texto"].label == "Ёлка\tи ещё"
    assert document.read(content("old-macintosh")) == document.read(content("matrix-ranking"))


def test_columns_that_redcap_does_not_have_stay_with_their_fields():
    found = document.read(content("beyond"))
    assert found.beyond == ("Agreed by", "Priority")
    assert [one.beyond for one in found.entries] == [("nobody", "1"), ("the network, in May", "2"), ("", "3")]
    assert found.by_name["seen"].row == 5
