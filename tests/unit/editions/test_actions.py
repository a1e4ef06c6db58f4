"""Build from a frozen release, publish for good, correct by a new number."""

import csv
import json
import shutil
from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django_tasks_db.models import DBTaskResult

from plenary.core import permissions as roles
from plenary.core.models import AuditEvent
from plenary.core.queries import event_detail, store_path
from plenary.core.terms import NOBODY, SYSTEM, Damaged, NotFound, NotPossible, Refused
from plenary.editions import actions, permissions, queries, tasks
from plenary.editions.models import Edition
from plenary.editions.render import verify
from plenary.editions.terms import EditionState
from plenary.releases.actions import freeze, review
from plenary.releases.models import Proposal
from plenary.releases.queries import proposals
from plenary.releases.terms import Decision
from tests.factories import editions as make
from tests.factories import releases
from tests.factories.core import make_who
from tests.factories.editions import COMMISSIONER
from tests.factories.registry import CentreFactory, DesignationFactory
from tests.unchanged import DiskFullError, fail_to_record, nothing_changes

pytestmark = pytest.mark.django_db


def rows(folder, name="activity"):
    with (folder / "data" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def staging(edition, settings):
    return settings.PLENARY.editions / ".staging" / str(edition.pk)


class TestBuild:
    def test_files_wait_and_nothing_is_published(self, settings):
        edition = make.built()
        folder = staging(edition, settings)
        assert (edition.state, edition.number, edition.folder) == ("built", 1, "2025-1")
        assert verify.verify(folder)["verified"]
        assert not queries.published().exists()
        marks = {row["centre"]: row["status"] or row["value"] for row in rows(folder)}
        assert marks["RJ7"] == "c"
        assert "12" not in {row["value"] for row in rows(folder)}

    def test_it_says_where_it_comes_from_and_who_reviewed_it(self, settings):
        edition = make.built()
        manifest = json.loads((staging(edition, settings) / "manifest.json").read_bytes())
        assert manifest["inputs"] == {"release": edition.release_hash}
        assert manifest["draft"] is False
        assert manifest["reviewers"] == ["First Reviewer", "Second Reviewer"]

    def test_built_again_it_is_the_same_bytes(self, settings):
        edition = make.built()
        shutil.rmtree(staging(edition, settings))
        again = actions.build(proposal_id=edition.proposal, by=SYSTEM)
        assert (again.pk, again.digest) == (edition.pk, edition.digest)
        assert Edition.objects.count() == 1

    @pytest.mark.parametrize("made", [releases.proposal, releases.approved])
    def test_not_before_the_release_is_frozen(self, made):
        with pytest.raises(Damaged, match="nothing of it may leave"):
            actions.build(proposal_id=made().pk, by=COMMISSIONER)
        assert not Edition.objects.exists()

    def test_not_what_was_changed_after_approval(self):
        proposal = releases.frozen()
        Proposal.objects.filter(pk=proposal.pk).update(protected=proposal.results)
        with pytest.raises(Damaged, match="differs from what was approved"):
            actions.build(proposal_id=proposal.pk, by=COMMISSIONER)

    def test_one_that_is_not_there(self):
        with pytest.raises(NotFound):
            actions.build(proposal_id=404, by=COMMISSIONER)

    @pytest.mark.parametrize(
        "who", [NOBODY, releases.FIRST, make_who(roles.NetworkLead, "adult-ecmo"), make_who(roles.NationalCommissioner, "Wales")]
    )
    def test_refused_to_others(self, who):
        proposal = releases.frozen()
        with pytest.raises(Refused):
            actions.build(proposal_id=proposal.pk, by=who)
        assert not Edition.objects.exists()

    def test_services_without_results_are_listed(self, settings):
        DesignationFactory(centre=CentreFactory(service__slug="lam", ods="RX1"))
        CentreFactory(service__slug="never-designated", ods="RX2")
        folder = staging(make.built(), settings)
        assert {row["service"] for row in rows(folder, "services")} == {"adult-ecmo", "lam"}

    @pytest.mark.parametrize(
        ("start", "end", "listed"),
        [
            (None, None, True),
            (None, date(2025, 1, 2), True),
            (None, date(2025, 1, 1), False),
            (date(2025, 12, 31), None, True),
            (date(2026, 1, 1), None, False),
            (date(2010, 1, 1), date(2020, 1, 1), False),
            (date(2025, 6, 1), date(2025, 6, 2), True),
        ],
    )
    def test_the_register_as_it_stood_in_the_period(self, settings, start, end, listed):
        DesignationFactory(centre=CentreFactory(service__slug="lam", ods="RX1"), valid_from=start, valid_to=end)
        folder = staging(make.built(), settings)
        assert ("lam" in {row["service"] for row in rows(folder, "services")}) is listed
        centres = [(row["service"], row["centre"]) for row in rows(folder, "centres")]
        assert (("lam", "RX1") in centres) is listed
        assert centres == sorted(centres)

    def test_a_centre_that_came_back_stands_with_both_its_spans_and_its_service_once(self, settings):
        centre = CentreFactory(service__slug="lam", ods="RX1")
        for start, end in ((date(2025, 10, 1), None), (None, date(2025, 3, 1)), (date(2025, 5, 1), date(2025, 7, 1))):
            DesignationFactory(centre=centre, valid_from=start, valid_to=end)
        folder = staging(make.built(), settings)
        assert [row["service"] for row in rows(folder, "services")].count("lam") == 1
        spans = [(row["designated_from"], row["designated_to"]) for row in rows(folder, "centres") if row["service"] == "lam"]
        assert spans == [("", "2025-03-01"), ("2025-05-01", "2025-07-01"), ("2025-10-01", "")]

    def test_one_of_a_label_at_a_time(self):
        first = make.built()
        later = releases.frozen(label="2025")
        with pytest.raises(NotPossible, match=r"2025, version 1 waits to be published"):
            actions.build(proposal_id=later.pk, note="a correction", by=COMMISSIONER)
        assert Edition.objects.get() == first

    def test_an_edition_of_some_services_lists_these_alone(self, settings):
        DesignationFactory(centre=CentreFactory(service__slug="lam", ods="RX1"))
        proposal = releases.proposal()
        Proposal.objects.filter(pk=proposal.pk).update(whole=False)
        proposal.refresh_from_db()
        Proposal.objects.filter(pk=proposal.pk).update(content_hash=proposals.content_hash(proposal))
        for reviewer in (releases.FIRST, releases.SECOND):
            review(proposal_id=proposal.pk, decision=Decision.APPROVE, comment="", by=reviewer)
        freeze(proposal_id=proposal.pk, by=COMMISSIONER)
        folder = staging(actions.build(proposal_id=proposal.pk, by=COMMISSIONER), settings)
        assert {row["service"] for row in rows(folder, "services")} == {"adult-ecmo"}

    def test_resumed_after_a_kill(self, settings):
        edition = make.built()
        Edition.objects.filter(pk=edition.pk).update(state=EditionState.BUILDING, digest="")
        half = staging(edition, settings)
        (half / "manifest.json").unlink()
        [again] = actions.resume(by=SYSTEM)
        assert (again.state, again.digest) == ("built", edition.digest)
        assert verify.verify(half)["verified"]
        assert actions.resume(by=SYSTEM) == []

    def test_the_job(self):
        proposal = releases.frozen()
        tasks.build.call(proposal.pk)
        tasks.resume.call()
        assert Edition.objects.get().state == "built"


class TestFailure:
    """What could not be built says why, leaves nothing half, and can be tried again."""

    def broken(self, settings):
        """Return the ordered edition of a release one of whose kept tables is damaged on disk, and how to mend it."""
        proposal = TestOrder().ready()
        edition = actions.order(proposal_id=proposal.pk, by=COMMISSIONER)
        path = store_path(proposal.narrative_sha256)
        return edition, path, path.read_bytes()

    def test_the_job_notes_why_and_the_event_keeps_it(self, settings):
        edition, path, sound = self.broken(settings)
        path.write_bytes(sound + b" ")
        with pytest.raises(Damaged):
            tasks.build.func(edition.proposal)
        edition.refresh_from_db()
        assert edition.state == "failed"
        assert "Restore it from a backup" in edition.failure

    def test_a_full_disk_is_said_in_plain_words_and_tried_again(self, settings, monkeypatch):
        edition, _, _ = self.broken(settings)

        def full(*_):
            raise OSError(28, "No space left on device", "/secret/place")

        with monkeypatch.context() as patch:
            patch.setattr(actions.write, "write", full)
            with pytest.raises(OSError, match="No space left"):
                tasks.build.func(edition.proposal)
        edition.refresh_from_db()
        assert edition.state == "failed"
        assert "No space left on device" in edition.failure
        assert "/secret/place" not in edition.failure
        event = AuditEvent.objects.get(verb="build edition failed")
        assert event_detail(event) == {"proposal": edition.proposal, "why": edition.failure}
        assert queries.why_not_built() == {edition.pk: edition.failure}
        with pytest.raises(NotPossible, match="failed: it cannot become published"), transaction.atomic():
            actions.publish(edition_id=edition.pk, by=COMMISSIONER)
        again = actions.order(proposal_id=edition.proposal, by=COMMISSIONER)
        assert (again.pk, again.state, again.failure) == (edition.pk, "building", "")
        tasks.build.func(edition.proposal)
        edition.refresh_from_db()
        assert (edition.state, edition.failure) == ("built", "")
        assert verify.verify(staging(edition, settings))["verified"]
        assert queries.why_not_built() == {}

    def test_what_another_process_built_meanwhile_stays_built(self, settings, monkeypatch):
        edition, _, _ = self.broken(settings)
        make_files = actions.write.write

        def overtaken(*arguments):
            monkeypatch.setattr(actions.write, "write", make_files)
            actions.build(proposal_id=edition.proposal, by=SYSTEM)
            raise RuntimeError("the folder went away")

        monkeypatch.setattr(actions.write, "write", overtaken)
        with pytest.raises(RuntimeError):
            actions.build(proposal_id=edition.proposal, by=SYSTEM)
        edition.refresh_from_db()
        assert (edition.state, edition.failure) == ("built", "")

    def test_another_release_takes_the_place_of_one_that_cannot_be_built(self, settings, monkeypatch):
        edition, _, _ = self.broken(settings)
        with monkeypatch.context() as patch:
            patch.setattr(actions, "_inputs_of", lambda *_: (_ for _ in ()).throw(NotPossible("Propose them anew.")))
            with pytest.raises(NotPossible):
                actions.build(proposal_id=edition.proposal, by=SYSTEM)
        second = releases.frozen(releases.results(releases.SMALL | {"RJ1": 420.0, "Total": 682.0}))
        made = actions.build(proposal_id=second.pk, by=COMMISSIONER)
        assert (made.pk, made.number, made.release_hash) == (edition.pk, 1, second.content_hash)
        assert (made.state, made.note) == ("built", "")
        assert Edition.objects.count() == 1

    def test_a_job_that_ended_without_a_word_is_told_apart_from_one_that_waits(self):
        proposal = TestOrder().ready()
        edition = actions.order(proposal_id=proposal.pk, by=COMMISSIONER)
        assert queries.why_not_built() == {}
        DBTaskResult.objects.update(status="FAILED")
        assert "ended without a word" in queries.why_not_built()[edition.pk]
        actions.order(proposal_id=proposal.pk, by=COMMISSIONER)
        assert queries.why_not_built() == {}


class TestSetAside:
    """What was found wrong before it was published: a state, a reason, an event; its files go, its release stands."""

    def aside(self, edition, reason="The narrative names a patient.", by=COMMISSIONER):
        return actions.set_aside(edition_id=edition.pk, reason=reason, by=by)

    @pytest.fixture(autouse=True)
    def _committed(self, monkeypatch):
        """Effects on commit happen at once: the test itself is one transaction."""
        monkeypatch.setattr(transaction, "on_commit", lambda act: act())

    def test_its_files_go_and_the_reason_and_event_stay(self, settings):
        edition = make.built()
        folder = staging(edition, settings)
        assert (folder / "edition.pdf").is_file()
        done = self.aside(edition, "  The narrative names a patient. ")
        assert (done.state, done.wrong, done.digest) == ("set aside", "The narrative names a patient.", "")
        assert done.set_aside_at is not None
        assert not folder.exists()
        event = AuditEvent.objects.order_by("sequence").last()
        assert (event.verb, event.subject, event.who) == ("set edition aside", "edition/2025-1", COMMISSIONER.person_id)
        assert event_detail(event) == {"reason": "The narrative names a patient."}
        assert not queries.published().exists()

    def test_nothing_of_it_is_shown_even_where_its_files_were_not_removed_yet(self, settings):
        edition = make.built()
        kept = staging(edition, settings)
        shutil.copytree(kept, kept.with_suffix(".copy"))
        self.aside(edition)
        kept.with_suffix(".copy").rename(kept)  # as after a kill between the database and the disk
        assert (kept / "index.html").is_file()
        with pytest.raises(NotFound):
            queries.file_in_preparation(edition.pk, "index.html")

    def test_a_folder_that_a_kill_left_in_the_place_goes_too(self, settings):
        edition = make.built()
        place = queries.place(edition)
        staging(edition, settings).rename(place)
        self.aside(edition)
        assert not place.exists()
        assert not list((settings.PLENARY.editions / ".staging").glob("*"))

    def test_a_strange_folder_in_the_place_is_left_alone_and_then_nothing_is_set_aside(self, settings):
        edition = make.built()
        place = queries.place(edition)
        place.mkdir()
        (place / "notes.txt").write_text("mine")
        with pytest.raises(NotPossible, match="Move it away first"):
            self.aside(edition)
        edition.refresh_from_db()
        assert (edition.state, edition.wrong) == ("built", "")
        assert (place / "notes.txt").read_text() == "mine"
        assert (staging(edition, settings) / "index.html").is_file()

    @pytest.mark.parametrize("reason", ["", "   ", "\n\t"])
    def test_not_without_a_reason(self, settings, reason):
        edition = make.built()
        with pytest.raises(NotPossible, match="Say what is wrong"):
            self.aside(edition, reason)
        assert staging(edition, settings).is_dir()

    def test_what_is_published_stands(self):
        edition = make.published()
        with pytest.raises(NotPossible, match="Publish a correction"):
            self.aside(edition)
        edition.refresh_from_db()
        assert edition.state == "published"
        assert (queries.place(edition) / "index.html").is_file()

    def test_what_is_being_built_is_not_set_aside(self):
        edition = actions.order(proposal_id=TestOrder().ready().pk, by=COMMISSIONER)
        with pytest.raises(NotPossible, match="This edition is building"):
            self.aside(edition)

    def test_what_could_not_be_built_may_be_set_aside(self, settings):
        edition = make.built()
        Edition.objects.filter(pk=edition.pk).update(state=EditionState.FAILED, failure="no room", digest="")
        done = self.aside(edition)
        assert (done.state, done.failure) == ("set aside", "")

    def test_twice_is_refused_and_the_first_reason_stands(self):
        edition = make.built()
        self.aside(edition, "first")
        with pytest.raises(NotPossible, match="set aside"):
            self.aside(edition, "second")
        edition.refresh_from_db()
        assert edition.wrong == "first"

    def test_it_is_not_published(self):
        edition = make.built()
        self.aside(edition)
        with pytest.raises(NotPossible):
            actions.publish(edition_id=edition.pk, by=COMMISSIONER)
        assert not queries.published().exists()

    def test_a_job_that_was_queued_before_does_not_bring_it_back(self, settings):
        edition = make.built()
        self.aside(edition)
        with pytest.raises(NotPossible, match="Order it again"):
            tasks.build.func(edition.proposal)
        assert actions.resume(by=SYSTEM) == []
        edition.refresh_from_db()
        assert edition.state == "set aside"
        assert not staging(edition, settings).exists()

    def test_ordered_again_it_is_the_same_bytes_under_the_same_number(self):
        edition = make.built()
        self.aside(edition)
        ordered = actions.order(proposal_id=edition.proposal, by=COMMISSIONER)
        assert (ordered.pk, ordered.state, ordered.wrong, ordered.set_aside_at) == (edition.pk, "building", "", None)
        tasks.build.func(edition.proposal)
        again = Edition.objects.get()
        assert (again.state, again.number, again.digest) == ("built", 1, edition.digest)
        assert actions.publish(edition_id=again.pk, by=COMMISSIONER).folder == "2025-1"

    def test_another_release_of_the_label_takes_its_place(self):
        edition = make.built()
        self.aside(edition)
        instead = make.built(RJ1=420.0, Total=682.0)
        assert (instead.pk, instead.number, instead.wrong) == (edition.pk, 1, "")
        assert instead.release_hash != edition.release_hash

    def test_a_correction_may_be_ordered_again_with_another_note(self):
        make.published()
        second = make.built(note="A wrong note.")
        self.aside(second, "The note is wrong.")
        assert actions.order(proposal_id=second.proposal, note="", by=COMMISSIONER).note == "A wrong note."
        tasks.build.func(second.proposal, "A wrong note.")
        self.aside(second, "The note is still wrong.")
        assert actions.order(proposal_id=second.proposal, note=" The right note. ", by=COMMISSIONER).note == "The right note."
        tasks.build.func(second.proposal, "The right note.")
        published = actions.publish(edition_id=second.pk, by=COMMISSIONER)
        assert (published.number, published.note) == (2, "The right note.")
        assert "The right note." in (queries.place(published) / "edition.json").read_text(encoding="utf-8")

    @pytest.mark.parametrize(
        "who",
        [
            NOBODY,
            SYSTEM,
            releases.FIRST,
            make_who(roles.NetworkLead, "adult-ecmo"),
            make_who(roles.NationalCommissioner, "Wales"),
        ],
    )
    def test_refused_to_others(self, settings, who):
        edition = make.built()
        with pytest.raises(Refused):
            self.aside(edition, by=who)
        edition.refresh_from_db()
        assert edition.state == "built"
        assert (staging(edition, settings) / "index.html").is_file()

    def test_one_that_is_not_there(self):
        with pytest.raises(NotFound):
            actions.set_aside(edition_id=404, reason="why", by=COMMISSIONER)

    @pytest.mark.parametrize(
        "change", [{"wrong": ""}, {"set_aside_at": None}, {"state": "building"}, {"state": "built"}, {"failure": "no room"}]
    )
    def test_half_states_are_refused_by_the_database(self, change):
        edition = make.built()
        self.aside(edition)
        with pytest.raises(IntegrityError), transaction.atomic():
            Edition.objects.filter(pk=edition.pk).update(**change)


class TestPublish:
    def test_for_good(self, settings):
        edition = make.published()
        folder = queries.place(edition)
        assert (edition.state, edition.published_by) == ("published", 21)
        assert folder == settings.PLENARY.editions / "2025-1"
        assert verify.verify(folder)["verified"]
        assert not staging(edition, settings).exists()
        assert all(path.stat().st_mode & 0o222 == 0 for path in folder.rglob("*") if path.is_file())

    def test_published_twice_is_published_once(self):
        edition = make.published()
        again = actions.publish(edition_id=edition.pk, by=COMMISSIONER)
        assert again.published_at == edition.published_at
        assert AuditEvent.objects.filter(verb="publish edition").count() == 1

    def test_published_it_is_not_built_again(self):
        edition = make.published()
        before = sorted(path.stat().st_mtime_ns for path in queries.place(edition).rglob("*"))
        actions.build(proposal_id=edition.proposal, by=COMMISSIONER)
        assert sorted(path.stat().st_mtime_ns for path in queries.place(edition).rglob("*")) == before

    def test_a_kill_between_folder_and_database(self, settings):
        edition = make.built()
        place = queries.place(edition)
        staging(edition, settings).rename(place)
        assert not queries.published().exists()
        published = actions.publish(edition_id=edition.pk, by=COMMISSIONER)
        assert published.state == "published"
        assert verify.verify(place)["verified"]

    def test_a_kill_between_folder_and_database_and_then_built_again(self, settings):
        edition = make.built()
        place = queries.place(edition)
        staging(edition, settings).rename(place)
        again = actions.build(proposal_id=edition.proposal, by=SYSTEM)
        assert (again.state, again.digest, place.exists()) == ("built", edition.digest, False)
        published = actions.publish(edition_id=edition.pk, by=COMMISSIONER)
        assert published.state == "published"
        assert verify.verify(place)["verified"]

    def test_a_folder_left_in_the_place_beside_a_built_one(self, settings):
        edition = make.built()
        place = queries.place(edition)
        shutil.copytree(staging(edition, settings), place)
        assert actions.publish(edition_id=edition.pk, by=COMMISSIONER).state == "published"
        assert verify.verify(place)["verified"]
        assert not any((settings.PLENARY.editions / ".staging").iterdir())

    @pytest.mark.parametrize("manifest", [None, "not json", '{"inputs": {"release": "another"}}', "[]"])
    def test_a_strange_folder_in_the_place_is_left_alone(self, manifest):
        edition = make.built()
        place = queries.place(edition)
        place.mkdir()
        (place / "theirs.txt").write_text("not ours")
        if manifest is not None:
            (place / "manifest.json").write_text(manifest)
        for act in (
            lambda: actions.publish(edition_id=edition.pk, by=COMMISSIONER),
            lambda: actions.build(proposal_id=edition.proposal, by=SYSTEM),
        ):
            with pytest.raises(NotPossible, match="holds something else"), transaction.atomic():
                act()
        assert (place / "theirs.txt").read_text() == "not ours"
        assert not queries.published().exists()

    def test_a_changed_file_is_not_published(self, settings):
        edition = make.built()
        file = staging(edition, settings) / "data" / "activity.csv"
        file.write_text(file.read_text(encoding="utf-8").replace("412", "413"), encoding="utf-8")
        with pytest.raises(NotPossible, match=r"were changed: .*activity\.csv"):
            actions.publish(edition_id=edition.pk, by=COMMISSIONER)
        assert not queries.published().exists()

    def test_another_manifest_is_not_published(self, settings):
        edition = make.built()
        Edition.objects.filter(pk=edition.pk).update(digest="0" * 64)
        with pytest.raises(NotPossible, match="not the ones that were built"), transaction.atomic():
            actions.publish(edition_id=edition.pk, by=COMMISSIONER)

    def test_lost_files_are_not_published(self, settings):
        edition = make.built()
        shutil.rmtree(staging(edition, settings))
        with pytest.raises(NotPossible, match="Build it again"):
            actions.publish(edition_id=edition.pk, by=COMMISSIONER)

    def test_what_is_being_built_is_not_published(self):
        edition = make.built()
        Edition.objects.filter(pk=edition.pk).update(state=EditionState.BUILDING)
        with pytest.raises(NotPossible, match="building: it cannot become published"), transaction.atomic():
            actions.publish(edition_id=edition.pk, by=COMMISSIONER)

    def test_one_that_did_not_know_of_the_other_is_built_again(self):
        first = make.built("2025")
        second = make.built("2025 interim")
        actions.publish(edition_id=first.pk, by=COMMISSIONER)
        with pytest.raises(NotPossible, match="published after"), transaction.atomic():
            actions.publish(edition_id=second.pk, by=COMMISSIONER)
        actions.build(proposal_id=second.proposal, by=COMMISSIONER)
        assert actions.publish(edition_id=second.pk, by=COMMISSIONER).state == "published"

    @pytest.mark.parametrize("who", [SYSTEM, NOBODY, releases.FIRST, make_who(roles.Administrator)])
    def test_refused_to_others(self, who):
        edition = make.built()
        with pytest.raises(Refused, match="national commissioner"):
            actions.publish(edition_id=edition.pk, by=who)
        assert not queries.published().exists()

    def test_one_that_is_not_there(self):
        with pytest.raises(NotFound):
            actions.publish(edition_id=404, by=COMMISSIONER)


class TestFolder:
    """Where an edition stands: in a folder of its own, whatever it is called."""

    @pytest.mark.parametrize(
        ("label", "folder"),
        [
            ("2024/25", "2024-25-1"),
            ("Adult ECMO 2025", "adult-ecmo-2025-1"),
            ("../../etc/passwd", "etc-passwd-1"),
            (".staging", "staging-1"),
            ("Blwyddyn Ŵyl", "blwyddyn-yl-1"),
            ("二〇二五", "edition-1"),
            ("<script>alert(1)</script>", "script-alert-1-script-1"),
            ("x" * 80, "x" * 80 + "-1"),
        ],
    )
    def test_it_is_named_after_the_label_in_letters_that_an_address_holds(self, settings, label, folder):
        edition = actions._begin(1, proposals.release(releases.frozen(label=label)), "", COMMISSIONER)
        assert edition.folder == folder
        assert queries.place(edition).parent == settings.PLENARY.editions

    def test_two_labels_that_read_alike_have_a_folder_each(self):
        """The second was refused by the database itself: nobody could have built it."""
        folders = []
        for number, label in enumerate(("2024/25", "2024-25", "2024 25")):
            table = releases.results(releases.SMALL | {"RJ1": 500.0 + number, "Total": 762.0 + number})
            release = proposals.release(releases.frozen(table, label=label))
            folders.append(actions._begin(number, release, "", COMMISSIONER).folder)
        assert folders == ["2024-25-1", "2024-25-no2-1", "2024-25-no3-1"]

    def test_a_correction_follows_its_label_and_not_its_neighbour(self):
        first = make.published("2024/25")
        release = proposals.release(releases.frozen(label="2024/25"))
        second = actions._begin(2, release, "a centre sent too little", COMMISSIONER)
        assert (second.number, second.correction_of, second.folder) == (2, first, "2024-25-2")


class TestTold:
    """Every step is told by one event in the same transaction: who, what, of which edition."""

    def test_who_did_what_to_which_edition(self):
        edition = make.published()
        told = {
            event.verb: (event.who, event.subject)
            for event in AuditEvent.objects.filter(subject=f"edition/{edition.folder}").order_by("sequence")
        }
        verbs = ("begin edition", "build edition", "publish edition")
        assert told == dict.fromkeys(verbs, (COMMISSIONER.person_id, "edition/2025-1"))
        built = event_detail(AuditEvent.objects.get(verb="build edition"))
        assert built == {"release": edition.release_hash, "digest": edition.digest}
        assert event_detail(AuditEvent.objects.get(verb="publish edition"))["folder"] == "2025-1"

    def test_what_cannot_be_told_is_not_published_and_can_be_tried_again(self, monkeypatch):
        edition = make.built()
        with monkeypatch.context() as patch:
            patch.setattr(actions, "record", fail_to_record)
            with nothing_changes(), pytest.raises(DiskFullError):
                actions.publish(edition_id=edition.pk, by=COMMISSIONER)
        assert not queries.published().exists()
        with pytest.raises(NotFound):
            queries.file("2025", "index.html")
        assert actions.publish(edition_id=edition.pk, by=COMMISSIONER).state == "published"

    def test_what_cannot_be_told_is_not_begun(self, monkeypatch):
        proposal = releases.frozen()
        monkeypatch.setattr(actions, "record", fail_to_record)
        for act in (actions.build, actions.order):
            with nothing_changes(), pytest.raises(DiskFullError):
                act(proposal_id=proposal.pk, by=COMMISSIONER)

    @pytest.mark.parametrize("who", [NOBODY, releases.FIRST, make_who(roles.NationalCommissioner, "Scotland")])
    def test_who_may_not_leaves_no_trace(self, who):
        edition = make.built()
        for act in (
            lambda: actions.publish(edition_id=edition.pk, by=who),
            lambda: actions.build(proposal_id=edition.proposal, by=who),
            lambda: actions.order(proposal_id=edition.proposal, by=who),
            lambda: actions.correct(proposal_id=edition.proposal, note="n", by=who),
            lambda: actions.resume(by=who),
        ):
            with nothing_changes(), pytest.raises(Refused, match="national commissioner"):
                act()


def test_what_two_reviewers_of_one_name_approved_is_no_draft(settings):
    """By their names alone they were taken for one person: the edition was a draft, and its pages were never shown."""
    for ods in ("RJ1", "RJ7", "RJ8"):
        DesignationFactory(centre=CentreFactory(service__slug="adult-ecmo", ods=ods))
    proposal = releases.proposal()
    for number in (71, 72):
        who = make_who(roles.Reviewer, "England", person_id=number, name="Sam Same")
        review(proposal_id=proposal.pk, decision=Decision.APPROVE, comment="", by=who)
    freeze(proposal_id=proposal.pk, by=COMMISSIONER)
    edition = actions.build(proposal_id=proposal.pk, by=COMMISSIONER)
    manifest = json.loads((staging(edition, settings) / "manifest.json").read_bytes())
    assert (manifest["draft"], manifest["reviewers"]) == (False, ["Sam Same", "Sam Same (2)"])
    assert "<strong>Draft</strong>" not in (staging(edition, settings) / "index.html").read_text()


class TestCorrect:
    def test_a_new_number_with_a_note_beside_the_old_one(self):
        first = make.published()
        before = (queries.place(first) / "edition.json").read_bytes()
        proposal = releases.frozen(label="2025")
        second = actions.correct(proposal_id=proposal.pk, note="RJ8 counted twice", by=COMMISSIONER)
        second = actions.publish(edition_id=second.pk, by=COMMISSIONER)
        assert (second.number, second.correction_of, second.note) == (2, first, "RJ8 counted twice")
        assert (queries.place(first) / "edition.json").read_bytes() == before
        page = json.loads((queries.place(second) / "edition.json").read_bytes())
        assert page["edition"]["correction_note"] == "RJ8 counted twice"
        assert [(one["label"], one["number"], one["href"]) for one in page["previous"]] == [("2025", 1, "../2025-1/index.html")]
        assert verify.verify(queries.place(second), [queries.place(first)])["verified"]

    def test_needs_a_note(self):
        make.published()
        proposal = releases.frozen(label="2025")
        with pytest.raises(NotPossible, match="say what this version corrects"):
            actions.correct(proposal_id=proposal.pk, note=" ", by=COMMISSIONER)

    def test_not_what_was_never_published(self):
        with pytest.raises(NotPossible, match="nothing to correct"):
            actions.correct(proposal_id=releases.frozen().pk, note="early", by=COMMISSIONER)

    def test_refused_to_others(self):
        with pytest.raises(Refused):
            actions.correct(proposal_id=releases.frozen().pk, note="mine", by=releases.FIRST)


class TestTables:
    """The database itself refuses half states."""

    @pytest.mark.parametrize(
        "change",
        [
            {"state": "published"},
            {"state": "failed"},
            {"failure": "why"},
            {"number": 2},
            {"period_end": releases.START},
            {"correction_of": 1},
        ],
    )
    def test_half_states(self, change):
        edition = make.built()
        with pytest.raises(IntegrityError), transaction.atomic():
            Edition.objects.filter(pk=edition.pk).update(
                **{k: edition.pk if k == "correction_of" else v for k, v in change.items()}
            )

    def test_every_field_is_classed(self):
        assert Edition.Privacy.safe | Edition.Privacy.scrub == {field.name for field in Edition._meta.fields}

    def test_no_link_to_what_it_came_from(self):
        assert {field.related_model for field in Edition._meta.fields if field.is_relation} == {Edition}


@pytest.mark.parametrize(
    ("who", "publishes", "builds"),
    [
        (COMMISSIONER, True, True),
        (make_who(roles.NationalCommissioner, "Wales"), False, False),
        (SYSTEM, False, True),
        (releases.FIRST, False, False),
        (make_who(roles.NetworkLead, "adult-ecmo"), False, False),
        (make_who(roles.Administrator), False, False),
        (NOBODY, False, False),
    ],
)
def test_who_may(who, publishes, builds):
    assert permissions.may_publish(who) is publishes
    assert permissions.may_build(who) is builds


def test_a_release_and_its_edition_tell_the_same_hash():
    edition = make.built()
    assert proposals.frozen().get().content_hash == edition.release_hash


class TestOrder:
    def ready(self):
        for ods in ("RJ1", "RJ7", "RJ8"):
            DesignationFactory(centre=CentreFactory(service__slug="adult-ecmo", ods=ods))
        return releases.frozen()

    def test_it_is_noted_who_wants_it_and_queued_once_made(self, monkeypatch):
        queued = []
        monkeypatch.setattr(actions, "enqueue", lambda *arguments: queued.append(arguments))
        proposal = self.ready()
        edition = actions.order(proposal_id=proposal.pk, by=COMMISSIONER)
        assert (edition.state, edition.built_by) == ("building", COMMISSIONER.person_id)
        assert queued == [("plenary.editions.tasks.build", proposal.pk, "")]
        assert AuditEvent.objects.get(verb="order edition").who == COMMISSIONER.person_id

    def test_the_job_makes_what_was_ordered(self):
        proposal = self.ready()
        edition = actions.order(proposal_id=proposal.pk, by=COMMISSIONER)
        tasks.build.func(proposal.pk)
        edition.refresh_from_db()
        assert edition.state == EditionState.BUILT

    def test_what_forbids_it_is_said_at_once(self):
        make.published()
        second = releases.frozen(releases.results(releases.SMALL | {"RJ1": 420.0, "Total": 682.0}))
        with pytest.raises(NotPossible, match="say what this version corrects"):
            actions.order(proposal_id=second.pk, note=" ", by=COMMISSIONER)
        assert Edition.objects.count() == 1

    def test_what_is_published_is_not_ordered_again(self, monkeypatch):
        edition = make.published()
        monkeypatch.setattr(actions, "enqueue", lambda *_: pytest.fail("nothing is queued"))
        assert actions.order(proposal_id=edition.proposal, by=COMMISSIONER) == edition

    @pytest.mark.parametrize("who", [NOBODY, releases.FIRST, make_who(roles.NationalCommissioner, "Wales")])
    def test_refused_to_others(self, who):
        proposal = self.ready()
        with pytest.raises(Refused):
            actions.order(proposal_id=proposal.pk, by=who)
        assert not Edition.objects.exists()
