"""Published editions, byte for byte, and nothing that is not published."""

import json
import os
from datetime import UTC, date, datetime

import pytest
from django.urls import reverse
from markupsafe import escape

from plenary.editions.models import Edition
from plenary.editions.terms import EditionState
from plenary.web.public import editions

SECRET = "case 4711 is alive"


def document(label="2025", number=1, draft="", note="", services=("lam",), invented=""):
    return {
        "edition": {
            "label": label,
            "number": number,
            "title": f"Highly specialised services: annual edition {label}",
            "correction_note": note,
            "period_start": f"{label}-01-01",
            "period_end": f"{int(label) + 1}-01-01",
            "period_text": f"1 January {label} to 31 December {label}",
            "draft": draft,
            "invented": invented,
        },
        "services": [{"slug": slug, "name": slug.upper()} for slug in services],
    }


def row(key, *, label="2025", number=1, note="", **_):
    """Note in the database that the folder was published."""
    earlier = Edition.objects.filter(label=label).first()
    return Edition.objects.create(
        label=label,
        number=number,
        period_start=date(int(label), 1, 1),
        period_end=date(int(label) + 1, 1, 1),
        state=EditionState.PUBLISHED,
        release_hash=key,
        proposal=1,
        digest="0",
        folder=key,
        correction_of=earlier if number > 1 else None,
        note=note,
        built_at=datetime(2026, 1, 1, tzinfo=UTC),
        published_at=datetime(2026, 1, 2, tzinfo=UTC),
    )


@pytest.fixture
def publish(settings, db):
    """Put an edition where the published ones lie; ``told`` is whether the database knows of it."""

    def put(key="2025", *, manifest=True, told=True, **content):
        if told:
            row(key, **content)
        folder = settings.PLENARY.editions / key
        (folder / "services").mkdir(parents=True)
        (folder / "data").mkdir()
        (folder / "edition.json").write_text(json.dumps(document(**content)))
        (folder / "index.html").write_text("<h1>The edition</h1>")
        (folder / "services/lam.html").write_text("<h1>LAM</h1>")
        (folder / "edition.pdf").write_bytes(b"%PDF-1.7 \x00\xff")
        (folder / "data/outcomes.csv").write_bytes("edition,note\n2025,Behçet’s\n".encode())
        (folder / "data/datapackage.json").write_text("{}")
        (folder / "run.sh").write_text("echo")
        if manifest:
            (folder / "manifest.json").write_text("{}")
        return folder

    return put


def body(answer):
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


@pytest.mark.django_db
def test_no_edition_yet_says_what_to_read_meanwhile(client):
    page = client.get("/editions/").text
    assert "No edition is published yet." in page
    assert "See the services and their centres" in page
    assert "No edition is published yet." in client.get("/").text


@pytest.mark.django_db
def test_editions_are_listed_the_newest_first_with_their_corrections(client, publish):
    publish("2024", label="2024")
    publish("2025", label="2025")
    publish("2025-2", label="2025", number=2, note="The denominator of LAM was wrong.")
    page = client.get("/editions/").text
    order = [page.index(words) for words in ("Edition 2025, correction 1<", ">Edition 2025<", ">Edition 2024<")]
    assert order == sorted(order)
    assert "The denominator of LAM was wrong." in page
    assert "<title>Published editions – Editions – Plenary</title>" in page


@pytest.mark.django_db
def test_an_invented_edition_is_marked(client, publish):
    publish(invented="Invented data")
    assert "Invented" in client.get("/editions/").text.split("<table")[1]


@pytest.mark.django_db
@pytest.mark.parametrize("hidden", [{"draft": "DRAFT: not reviewed"}, {"manifest": False}, {"told": False}])
def test_what_is_not_published_is_neither_listed_nor_served(client, publish, hidden):
    folder = publish("2026", label="2026", **hidden)
    (folder / "index.html").write_text(SECRET)
    assert "2026" not in client.get("/editions/").text.split("<main")[1].split("</main>")[0]
    for address in ("/editions/2026/", "/editions/2026/index.html", "/editions/2026/data/outcomes.csv"):
        answer = client.get(address)
        assert answer.status_code == 404
        assert SECRET not in answer.text


@pytest.mark.django_db
def test_a_file_is_served_byte_for_byte_with_its_kind(client, publish):
    folder = publish()
    for name, kind in (
        ("edition.pdf", "application/pdf"),
        ("data/outcomes.csv", "text/csv; charset=utf-8"),
        ("index.html", "text/html; charset=utf-8"),
        ("data/datapackage.json", "application/json"),
    ):
        answer = client.get(f"/editions/2025/{name}")
        assert body(answer) == (folder / name).read_bytes()
        assert answer["Content-Type"] == kind
        assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.django_db
def test_the_address_of_an_edition_leads_to_its_front_page(client, publish):
    publish()
    answer = client.get("/editions/2025/")
    assert (answer.status_code, answer.url) == (302, "/editions/2025/index.html")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    [
        "../secret.csv",
        "data/../../secret.csv",
        "..%2Fsecret.csv",
        "%2e%2e/secret.csv",
        "data",
        "no-such.csv",
        "run.sh",
        "link.csv",
    ],
)
def test_nothing_outside_the_edition_is_served(client, publish, settings, name):
    folder = publish()
    outside = settings.PLENARY.editions / "secret.csv"
    outside.write_text(SECRET)
    (folder / "link.csv").symlink_to(outside)
    answer = client.get(f"/editions/2025/{name}")
    assert answer.status_code == 404
    assert SECRET.encode() not in body(answer)


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["..", ".", "2031", "%2e%2e"])
def test_an_edition_is_named_from_the_list_only(client, publish, settings, key):
    publish()
    (settings.PLENARY.editions.parent / "edition.json").write_text(json.dumps(document()))
    (settings.PLENARY.editions.parent / "manifest.json").write_text("{}")
    assert client.get(f"/editions/{key}/edition.json").status_code == 404


def test_a_service_leads_to_its_results(publish):
    publish("2024", label="2024", services=("ahus",))
    publish("2025", label="2025", services=("lam", "ahus"))
    assert editions.results_of("lam") == [
        ("Results in edition 2025", reverse("edition_file", args=["2025", "services/lam.html"])),
    ]
    assert [words for words, _ in editions.results_of("ahus")] == ["Results in edition 2025", "Results in edition 2024"]
    assert editions.results_of("no-such") == []


def test_a_rebuilt_edition_is_read_again(publish):
    folder = publish()
    assert editions.published()[0].services == (("lam", "LAM"),)
    (folder / "edition.json").write_text(json.dumps(document(services=("ahus",))))
    manifest = folder / "manifest.json"
    os.utime(manifest, ns=(1, 1))
    assert editions.published()[0].services == (("ahus", "AHUS"),)


@pytest.mark.django_db
def test_the_start_page_shows_the_newest_three(client, publish):
    for label in ("2022", "2023", "2024", "2025"):
        publish(label, label=label)
    page = client.get("/").text
    assert [label for label in ("2022", "2023", "2024", "2025") if f">Edition {label}<" in page] == ["2023", "2024", "2025"]


@pytest.mark.django_db
def test_the_list_asks_the_database_as_often_for_one_edition_as_for_three(client, publish, django_assert_num_queries):
    publish("2023", label="2023")
    client.get("/editions/")
    with django_assert_num_queries(1):
        client.get("/editions/")
    publish("2024", label="2024")
    publish("2025", label="2025")
    client.get("/editions/")
    with django_assert_num_queries(1):
        client.get("/editions/")


@pytest.mark.django_db
@pytest.mark.parametrize("damage", [b"", b"{", b"null", b"[]", b'{"edition": {}}', b'{"edition": {"draft": ""}}', b"\xff\xfe"])
def test_a_document_damaged_on_disk_does_not_take_the_other_editions_along(client, publish, damage):
    """The start page, the list and every service's page read them all: one damaged file was a fault of each."""
    publish("2024", label="2024")
    damaged = publish("2025", label="2025")
    (damaged / "edition.json").write_bytes(damage)
    for address in ("/", "/editions/"):
        page = client.get(address).text.split("<main")[1]
        assert ">Edition 2024<" in page
        assert ">Edition 2025<" not in page
    assert body(client.get("/editions/2024/index.html")).startswith(b"<h1>")
    assert client.get("/editions/2025/index.html").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    "words", ["<script>alert(1)</script>", '" onmouseover="alert(1)', "{{ 7*7 }}", "Ŵ 病院 😊", "W" * 2000, "&lt;b&gt;"]
)
def test_a_correction_note_is_text_whatever_is_in_it(client, publish, words):
    publish("2025", label="2025")
    publish("2025-2", label="2025", number=2, note=words)
    page = client.get("/editions/").text.split("<main")[1]
    assert str(escape(words)) in page
    assert "<script>" not in page.split("</main>")[0]


@pytest.mark.django_db
def test_a_later_correction_stands_before_an_earlier_one_also_beyond_nine(client, publish):
    publish("2025", label="2025")
    for number in (2, 10, 9):
        publish(f"2025-{number}", label="2025", number=number, note="n")
    assert [one.number for one in editions.published()] == [10, 9, 2, 1]
