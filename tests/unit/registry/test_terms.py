import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary.registry.terms import CONFIDENCE, BadDefinition, first_day, normalised, read_service

FOLDER = Path(__file__).parents[3] / "definitions" / "services"
FILES = sorted(FOLDER.glob("*.toml"))

SERVICE = """
slug = "lam"
name = "LAM service"
description = "What it does."
category = "very rare disease"
age_group = "adults"
confidence = "confirmed"
reviewed = 2026-11-22
next_review = 2027-11-22

[[centre]]
ods = "RX1"
provider = "Nottingham"
sites = ["Queen's Medical Centre"]
designated_from = "2011-10"
confidence = "recalled"
ods_confidence = "confirmed"
"""


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("", None),
        ("2006", date(2006, 1, 1)),
        ("2011-12", date(2011, 12, 1)),
        ("2012-06-18", date(2012, 6, 18)),
        ("2024-02-29", date(2024, 2, 29)),
        ("2026-04", date(2026, 4, 1)),
        ("0001", date(1, 1, 1)),
    ],
)
def test_first_day(written, day):
    assert first_day(written) == day


@pytest.mark.parametrize(
    "written",
    [
        "about 2006",
        "2006-13",
        "06",
        "2012-02-30",
        "2012-2-3",
        "2012-06-18-01",
        "2012-W05-1",
        "20120618",
        "2023-02-29",
        "2012-",
        "2012-06-",
        " 2012",
        "0000",
        "2012-06-18T00:00",
    ],
)
def test_first_day_refuses_what_is_no_date(written):
    with pytest.raises(ValueError, match="is not a date"):
        first_day(written)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Addenbrooke's Hospital", "addenbrookes hospital"),
        ("Addenbrooke’s  hospital ", "addenbrookes hospital"),
        ("Saint Mary's Hospital, Manchester", "st marys hospital manchester"),
        ("ST. MARY’S", "st marys"),
        ("Royal Brompton & Harefield", "royal brompton and harefield"),
        ("Behçet", "behcet"),
        ("Bo'ness", "boness"),
        ("R1H", "r1h"),
        ("100%", "100"),
        ("' -- _ %", ""),
        ("", ""),
    ],
)
def test_normalised(typed, kept):
    assert normalised(typed) == kept
    assert normalised(kept) == kept


def test_a_service_document_is_read():
    service = read_service(SERVICE.encode(), "services/lam.toml")
    assert service.slug == "lam"
    assert service.note == ""
    centre = service.centres[0]
    assert (centre.valid_from, centre.valid_to, centre.from_as_written) == (date(2011, 10, 1), None, "2011-10")
    assert centre.sites == ("Queen's Medical Centre",)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('confidence = "confirmed"\nreviewed', 'confidence = "sure"\nreviewed', "no degree of confidence"),
        ('name = "LAM service"', "", "the key 'name' is missing"),
        ('slug = "lam"', 'slug = "lamb"', "must be the file's name"),
        ('"2011-10"', '"October 2011"', "is not a date"),
        ('designated_from = "2011-10"', 'designated_from = "2011"\ndesignated_to = "2010"', "ends before it begins"),
        ("[[centre]]", "[[centre", "lam.toml"),
        ('ods = "RX1"', "", "the key 'ods' is missing"),
        ('sites = ["Queen\'s Medical Centre"]', 'sites = "Queen\'s"', "sites must be a list of texts"),
        ('sites = ["Queen\'s Medical Centre"]', "sites = [1, 2]", "sites must be a list of texts"),
        ('category = "', 'former_names = "LAM"\ncategory = "', "former_names must be a list of texts"),
        ('ods_confidence = "confirmed"', 'ods_confidence = "confirmed"\nsources = "web"', "sources must be a list of texts"),
        ("reviewed = 2026-11-22", "", "the key 'reviewed' is missing"),
        ('description = "What it does."', "", "the key 'description' is missing"),
        ('designated_from = "2011-10"', "designated_from = 2011-13-40", "lam.toml"),
        ('designated_from = "2011-10"', 'designated_from = "2011-10"\ndesignated_to = "2011-10"', "ends before it begins"),
    ],
)
def test_a_wrong_document_is_refused_by_name(old, new, says):
    assert old in SERVICE
    with pytest.raises(BadDefinition, match=r"services/lam\.toml") as refusal:
        read_service(SERVICE.replace(old, new, 1).encode(), "services/lam.toml")
    assert says in str(refusal.value)


@pytest.mark.parametrize(
    ("written", "kept"), [("2011-10-01", "2011-10-01"), ('"2011-10-01"', "2011-10-01"), ("2011", "2011"), ('"2011"', "2011")]
)
def test_a_date_of_designation_is_read_with_and_without_quotation_marks(written, kept):
    """TOML has dates of its own: written without quotation marks, one stopped the load with a fault of the programme."""
    document = SERVICE.replace('"2011-10"', written)
    (centre,) = read_service(document.encode(), "services/lam.toml").centres
    assert (centre.from_as_written, centre.valid_from.year) == (kept, 2011)


@given(st.dates())
def test_every_day_is_its_own_first_day_and_of_its_month_and_year_the_first(day):
    written = day.isoformat()
    assert first_day(written) == day
    assert first_day(written[:7]) == day.replace(day=1)
    assert first_day(written[:4]) == day.replace(day=1, month=1)


@given(st.text(max_size=40))
def test_a_name_as_people_type_it_is_found_whatever_its_case_spaces_and_marks(text):
    plain = normalised(text)
    assert normalised(plain) == plain
    assert normalised(f"  {text.replace(' ', '   ')} ") == plain
    assert re.fullmatch(r"([a-z0-9]+( [a-z0-9]+)*)?", plain)


@given(st.text(st.sampled_from("abcXYZ é’&-. 09"), max_size=20))
def test_capitals_do_not_matter(text):
    assert normalised(text.upper()) == normalised(text.lower())


@pytest.mark.parametrize("document", [b"", b"slug = 3", b"= 1", b"centre = 'x'", b"[[centre]]", "slug = 'ü".encode("latin-1")])
def test_a_document_that_is_none_names_its_file(document):
    with pytest.raises(BadDefinition, match=r"services/lam\.toml: ."):
        read_service(document, "services/lam.toml")


def test_a_centre_twice_is_refused():
    twice = SERVICE + SERVICE[SERVICE.index("[[centre]]") :]
    with pytest.raises(BadDefinition, match="stands in it twice"):
        read_service(twice.encode(), "services/lam.toml")


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(BadDefinition, match=r"lam\.toml"):
        read_service(b"\xff\xfe", "services/lam.toml")


def test_there_are_82_services():
    assert len(FILES) == 82


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_service_can_be_read_and_says_enough(path):
    service = read_service(path.read_bytes(), f"services/{path.name}")
    assert 20 < len(service.description) < 200
    assert service.description.endswith(".")
    assert service.centres
    assert service.reviewed < service.next_review
    assert service.source or service.confidence != "confirmed"
    for centre in service.centres:
        assert centre.sites
        assert centre.confidence in CONFIDENCE
        assert centre.sources or centre.confidence != "confirmed"
