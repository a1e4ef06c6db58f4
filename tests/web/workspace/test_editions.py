"""Editions are built of releases, looked at, published for good and corrected by a new number."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_tasks_db.models import DBTaskResult

from plenary.core.permissions import Administrator, CentreLead, NationalCommissioner, NetworkLead, Reviewer
from plenary.editions import actions, queries
from plenary.editions.models import Edition
from tests.factories import editions as make
from tests.factories import releases
from tests.factories.registry import CentreFactory, DesignationFactory


@pytest.fixture
def commissioner(as_):
    return as_(NationalCommissioner, "England")


@pytest.fixture
def release(db):
    """A frozen release of which no edition was made."""
    for ods in ("RJ1", "RJ7", "RJ8"):
        DesignationFactory(centre=CentreFactory(service__slug="adult-ecmo", ods=ods))
    return releases.frozen()


LIST = "/workspace/editions/"


# -- who


@pytest.mark.parametrize(
    ("role", "scope"),
    [
        (NetworkLead, "adult-ecmo"),
        (Reviewer, "England"),
        (CentreLead, "adult-ecmo/RJ1"),
        (Administrator, ""),
        (NationalCommissioner, "Wales"),
    ],
    ids=lambda value: getattr(value, "key", value or "all"),
)
def test_what_waits_is_for_the_commissioner_alone(as_, db, role, scope):
    edition, browser = make.built(), as_(role, scope)
    for address in (LIST, "/workspace/editions.csv", f"{LIST}{edition.pk}/publish/", f"{LIST}{edition.pk}/preview/index.html"):
        answer = browser.get(address)
        assert (address, answer.status_code) == (address, 403)
        assert edition.release_hash not in answer.text
    assert browser.post(f"{LIST}{edition.pk}/publish/").status_code == 403
    assert browser.post(f"{LIST}build/{edition.proposal}/").status_code == 403
    edition.refresh_from_db()
    assert edition.state == "built"


def test_the_menu_the_page_and_the_way_back_call_it_the_same(commissioner, release):
    page = commissioner.get(LIST).text
    assert "<h1>Make editions</h1>" in page
    below = commissioner.get(f"{LIST}build/{release.pk}/").text
    said = [
        {
            re.sub(r"<[^>]*>", "", text).strip()
            for text in re.findall(rf'<a[^>]*href="{LIST}"[^>]*>(.*?)</a>', one, flags=re.DOTALL)
        }
        for one in (page, below)
    ]
    assert said == [{"Make editions"}, {"Make editions", "Back to Make editions", "Cancel"}]


# -- building


def test_a_release_is_built_by_the_queue(commissioner, release):
    page = commissioner.get(LIST).text
    assert "Released, no edition yet" in page
    assert f"{LIST}build/{release.pk}/" in page
    answer = commissioner.post(f"{LIST}build/{release.pk}/", follow=True)
    assert answer.redirect_chain == [(LIST, 302)]
    assert answer.headers["Refresh"] == "5"
    assert "Being built" in answer.text
    edition = Edition.objects.get()
    assert (edition.state, edition.built_by) == ("building", commissioner.person.pk)


def test_it_is_built_at_once_when_the_queue_is_slow(commissioner, release):
    commissioner.post(f"{LIST}build/{release.pk}/")
    edition = Edition.objects.get()
    assert f"{LIST}{edition.pk}/build/" in commissioner.get(LIST).text
    answer = commissioner.post(f"{LIST}{edition.pk}/build/", follow=True)
    assert "is built and waits to be published." in answer.text
    assert "Refresh" not in answer.headers
    edition.refresh_from_db()
    assert edition.state == "built"


class TestSetAside:
    @pytest.fixture
    def built(self, commissioner, release):
        return actions.build(proposal_id=release.pk, by=make.COMMISSIONER)

    def address(self, edition):
        return f"{LIST}{edition.pk}/set-aside/"

    def test_with_a_reason_it_leaves_the_waiting_room_and_may_be_built_again(self, commissioner, built):
        assert self.address(built) in commissioner.get(LIST).text
        answer = commissioner.post(self.address(built), {"reason": "It names <a> patient"}, follow=True)
        assert answer.redirect_chain == [(LIST, 302)]
        assert "2025, version 1 was set aside. Nothing of it was published." in answer.text
        assert "It names &lt;a&gt; patient" in answer.text
        assert f"{LIST}{built.pk}/publish/" not in answer.text
        again = f"{LIST}build/{built.proposal}/"
        assert again in answer.text
        assert "is being built" in commissioner.post(again, follow=True).text
        built.refresh_from_db()
        assert (built.state, built.wrong) == ("building", "")

    def test_without_a_reason_nothing_happens(self, commissioner, built):
        answer = commissioner.post(self.address(built), {"reason": " "})
        assert "Give the reason" in answer.text
        assert "<title>Error: " in answer.text
        built.refresh_from_db()
        assert built.state == "built"

    def test_the_filter_finds_it_and_the_file_says_why(self, commissioner, built):
        actions.set_aside(edition_id=built.pk, reason="A wrong figure", by=make.COMMISSIONER)
        rows = commissioner.get("/workspace/editions.csv?state=set+aside").text.splitlines()
        assert len(rows) == 2
        assert "Set aside A wrong figure" in rows[1]
        assert "A wrong figure" not in commissioner.get(f"{LIST}?state=built").text

    def test_its_preview_is_gone(self, commissioner, built):
        preview = f"{LIST}{built.pk}/preview/index.html"
        assert commissioner.get(preview).status_code == 200
        commissioner.post(self.address(built), {"reason": "A wrong figure"})
        assert commissioner.get(preview).status_code == 404

    def test_what_is_published_is_no_longer_there_to_be_set_aside(self, commissioner, built):
        actions.publish(edition_id=built.pk, by=make.COMMISSIONER)
        assert commissioner.post(self.address(built), {"reason": "Too late"}).status_code == 404
        assert queries.published().count() == 1

    def test_while_it_is_built_the_page_says_that_it_cannot_be(self, commissioner, built):
        actions.order(proposal_id=built.proposal, by=make.COMMISSIONER)
        page = commissioner.get(self.address(built))
        assert "there is nothing to set aside" in page.text
        assert "<textarea" not in page.text

    @pytest.mark.parametrize(
        ("role", "scope"),
        [(NetworkLead, "adult-ecmo"), (Reviewer, "England"), (Administrator, ""), (NationalCommissioner, "Wales")],
    )
    def test_to_nobody_else(self, as_, built, role, scope):
        browser = as_(role, scope)
        assert browser.get(self.address(built)).status_code == 403
        answer = browser.post(self.address(built), {"reason": "mine"})
        assert (answer.status_code, built.release_hash in answer.text) == (403, False)
        built.refresh_from_db()
        assert built.state == "built"


def test_what_is_not_released_is_not_built(commissioner, db):
    proposal = releases.approved()
    assert commissioner.get(f"{LIST}build/{proposal.pk}/").status_code == 404
    assert commissioner.post(f"{LIST}build/{proposal.pk}/").status_code == 404
    assert not Edition.objects.exists()


@pytest.fixture
def failed(commissioner, release, monkeypatch):
    """An edition whose making failed in the queue."""
    commissioner.post(f"{LIST}build/{release.pk}/")
    edition = Edition.objects.get()
    with monkeypatch.context() as patch:
        patch.setattr(actions, "_make", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(OSError, match="No space"):
            actions.build(proposal_id=release.pk, by=make.COMMISSIONER)
    return edition


def test_what_could_not_be_built_says_why_and_is_tried_again(commissioner, failed):
    page = commissioner.get(LIST)
    assert "Could not be built" in page.text
    assert "No space left on device" in page.text
    assert "Refresh" not in page.headers
    assert f"{LIST}{failed.pk}/publish/" not in page.text
    address = f"{LIST}{failed.pk}/retry/"
    assert address in page.text
    assert "No space left on device" in commissioner.get(address).text
    answer = commissioner.post(address, follow=True)
    assert "is being built" in answer.text
    assert answer.headers["Refresh"] == "5"
    failed.refresh_from_db()
    assert (failed.state, failed.failure) == ("building", "")
    assert "has not failed" in commissioner.get(address).text


def test_the_list_tells_those_that_failed(commissioner, failed):
    assert "No space left" in commissioner.get("/workspace/editions.csv?state=failed").text
    assert "No space left" not in commissioner.get("/workspace/editions.csv?state=building").text


def test_a_job_that_was_stopped_too_often_has_failed(commissioner, release):
    commissioner.post(f"{LIST}build/{release.pk}/")
    DBTaskResult.objects.update(status="FAILED")
    page = commissioner.get(LIST)
    assert "ended without a word" in page.text
    assert "Refresh" not in page.headers


@pytest.mark.parametrize(("role", "scope"), [(NetworkLead, "adult-ecmo"), (Administrator, ""), (NationalCommissioner, "Wales")])
def test_others_neither_read_why_nor_try_again(as_, failed, role, scope):
    for send in (as_(role, scope).get, as_(role, scope).post):
        answer = send(f"{LIST}{failed.pk}/retry/")
        assert answer.status_code == 403
        assert "No space left" not in answer.text


# -- preview


def test_the_commissioner_looks_at_it_before_anybody_else_can(commissioner, client, db):
    edition = make.built()
    page = commissioner.get(f"{LIST}{edition.pk}/preview/index.html")
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    assert b"".join(page.streaming_content).startswith(b"<!")
    assert client.get(f"/editions/{edition.folder}/index.html").status_code == 404


@pytest.mark.parametrize("name", ["../../../secret.json", "nothing.html", "manifest.exe", "..%2f..%2fstore"])
def test_nothing_but_its_own_files(commissioner, settings, db, name):
    edition = make.built()
    (settings.PLENARY.editions / "secret.json").write_text("{}")
    assert commissioner.get(f"{LIST}{edition.pk}/preview/{name}").status_code == 404


# -- publishing


def test_it_is_published_after_asking(commissioner, client, db):
    edition = make.built()
    page = commissioner.get(f"{LIST}{edition.pk}/publish/").text
    assert edition.digest in page
    assert "can never be changed or taken back" in page
    assert not queries.published().exists()
    answer = commissioner.post(f"{LIST}{edition.pk}/publish/", follow=True)
    assert "is published." in answer.text
    assert f"/editions/{edition.folder}/edition.pdf" in answer.text
    answer = client.get(f"/editions/{edition.folder}/index.html")
    assert answer.status_code == 200
    assert commissioner.get(f"{LIST}{edition.pk}/publish/").status_code == 404


def test_what_was_tampered_with_is_not_published(commissioner, settings, db):
    edition = make.built()
    file = settings.PLENARY.editions / ".staging" / str(edition.pk) / "data" / "activity.csv"
    file.write_text(file.read_text() + "adult-ecmo,RJ7,12\n")
    page = commissioner.post(f"{LIST}{edition.pk}/publish/").text
    assert "Error: Publish" in page
    assert "Build it again." in page
    assert not queries.published().exists()


# -- correcting


def test_a_correction_says_what_it_corrects(commissioner, db):
    make.published()
    release = releases.frozen(releases.results(releases.SMALL | {"RJ1": 420.0, "Total": 682.0}))
    form = f"{LIST}build/{release.pk}/"
    assert "Correct edition 2025" in commissioner.get(form).text
    page = commissioner.post(form, {"note": " "}).text
    assert "Error: Correct edition 2025" in page
    assert 'href="#id_note"' in page
    assert "say what this version corrects" in page
    assert Edition.objects.count() == 1
    answer = commissioner.post(form, {"note": "RJ1 sent eight patients late"}, follow=True)
    assert "RJ1 sent eight patients late" in answer.text
    assert Edition.objects.get(number=2).state == "building"


def test_while_one_waits_the_next_is_not_built(commissioner, db):
    make.built()
    release = releases.frozen(releases.results(releases.SMALL | {"RJ1": 420.0, "Total": 682.0}))
    assert "waits to be published. Publish it first." in commissioner.post(f"{LIST}build/{release.pk}/").text


# -- the list


def test_the_list_is_filtered_and_downloaded(commissioner, db):
    edition = make.published()
    lines = commissioner.get("/workspace/editions.csv?state=published").text.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith(f'"{edition}",2025,Published,')
    assert "Nothing fits this filter." in commissioner.get(f"{LIST}?state=built").text


def test_an_empty_list_says_what_to_do(commissioner):
    assert 'href="/workspace/releases/"' in commissioner.get(LIST).text


def test_two_editions_cost_no_more_look_ups_than_one(commissioner, db, django_assert_num_queries):
    make.published()
    commissioner.get(LIST)
    with CaptureQueriesContext(connection) as for_one:
        commissioner.get(LIST)
    second = releases.frozen(releases.results(releases.SMALL | {"RJ1": 420.0, "Total": 682.0}))
    actions.build(proposal_id=second.pk, note="More", by=make.COMMISSIONER)
    with django_assert_num_queries(len(for_one)):
        commissioner.get(LIST)
