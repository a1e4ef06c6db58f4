"""Every action of the room: refused to each role that may not, whole or not at all, and told by an event."""

from __future__ import annotations

from datetime import date

import pytest

from plenary.collection import actions, queries
from plenary.collection.actions import intake
from plenary.collection.models import CaseSeries, CaseVersion, ExpectedCase, Submission
from plenary.core import permissions as roles
from plenary.core import queries as core
from plenary.core.terms import NOBODY, SYSTEM, NotFound, NotPossible, Refused, Who
from plenary_stats.ingest import Finding
from tests.factories import collection as make
from tests.factories.collection import END, START, case
from tests.factories.core import make_who
from tests.unchanged import DiskFullError, cannot_tell, nothing_changes

pytestmark = pytest.mark.django_db

PERIOD = {"period_start": START, "period_end": END}
SECRET = "SECRET-1"

EVERYBODY = {
    "manager": make_who(roles.CentreDataManager, "adult-ecmo/RJ1", person_id=11),
    "lead": make_who(roles.CentreLead, "adult-ecmo/RJ1", person_id=12),
    "manager of another centre": make_who(roles.CentreDataManager, "adult-ecmo/RJ7", person_id=21),
    "lead of another centre": make_who(roles.CentreLead, "adult-ecmo/RJ7", person_id=22),
    "lead of the same trust for another service": make_who(roles.CentreLead, "lam/RJ1", person_id=23),
    "network lead": make_who(roles.NetworkLead, "adult-ecmo", person_id=13),
    "lead of another network": make_who(roles.NetworkLead, "lam", person_id=24),
    "commissioner": make_who(roles.NationalCommissioner, "England", person_id=25),
    "reviewer": make_who(roles.Reviewer, "England", person_id=26),
    "patient": make_who(roles.PatientRepresentative, "adult-ecmo", person_id=27),
    "administrator": make_who(roles.Administrator, person_id=28),
    "a job": SYSTEM,
    "a reader": NOBODY,
    "no post": Who(29, "No Post"),
}


@pytest.fixture
def centre():
    """A centre with an accepted file, a later one checked, an expected case, and one erased."""
    centre = make.make_centre()
    make.accepted(centre, case(SECRET), case("A2"), case("GONE"))
    actions.erase_case(centre=centre, case_id="GONE", reason="request", by=make.lead(centre))
    actions.expect_case(centre=centre, **PERIOD, case_id="E1", source="MDT", by=SYSTEM)
    actions.check(submission_id=make.receive(centre, case(SECRET, status="dead"), filename="later.csv").pk, by=SYSTEM)
    return centre


def first():
    return Submission.objects.get(filename="cases.csv")


def later():
    return Submission.objects.get(filename="later.csv")


def reopen(centre, by):
    return actions.reopen_series(centre=centre, **PERIOD, reason="a case was missed", by=by)


CENTRE = {"manager", "lead"}
LEAD = {"lead"}
ATTEMPTS = {
    "receive": (
        CENTRE,
        lambda centre, by: actions.receive(
            centre=centre, **PERIOD, filename="new.csv", content=make.case_file(case("A9")), by=by
        ),
    ),
    "check": (CENTRE | {"a job"}, lambda centre, by: actions.check(submission_id=later().pk, by=by)),
    "accept": (CENTRE, lambda centre, by: actions.accept(submission_id=later().pk, by=by)),
    "refuse": (CENTRE, lambda centre, by: actions.refuse(submission_id=later().pk, reason="wrong year", by=by)),
    "key case": (CENTRE, lambda centre, by: actions.key_case(centre=centre, **PERIOD, values=case("K1"), by=by)),
    "read": (CENTRE, lambda centre, by: actions.open_cases(centre=centre, **PERIOD, why="referral", by=by)),
    "read differences": (CENTRE, lambda centre, by: actions.open_differences(old=first(), new=later(), why="before", by=by)),
    "erase case": (LEAD, lambda centre, by: actions.erase_case(centre=centre, case_id=SECRET, reason="request", by=by)),
    "expect case": (
        CENTRE | {"network lead", "a job"},
        lambda centre, by: actions.expect_case(centre=centre, **PERIOD, case_id="E2", source="MDT", by=by),
    ),
    "explain missing": (
        CENTRE,
        lambda centre, by: actions.explain_missing(expected_id=ExpectedCase.objects.get().pk, reason="abroad", by=by),
    ),
    "adopt data set": (
        {"network lead", "commissioner", "administrator", "a job"},
        lambda centre, by: actions.adopt_data_set(
            service=centre.service, version="2026-1", content=make.DICTIONARY.encode(), adopted_on=END, by=by
        ),
    ),
}


@pytest.mark.parametrize("verb", ATTEMPTS)
@pytest.mark.parametrize("name", EVERYBODY)
def test_who_may_and_who_is_refused_without_a_trace(centre, verb, name):
    allowed, attempt = ATTEMPTS[verb]
    if name in allowed:
        before = core.events().count()
        attempt(centre, EVERYBODY[name])
        told = core.events()[before:]
        assert (told[len(told) - 1].verb, told[len(told) - 1].who) == (verb.split(" diff")[0], EVERYBODY[name].person_id)
    else:
        with nothing_changes(), pytest.raises(Refused) as refusal:
            attempt(centre, EVERYBODY[name])
        assert SECRET not in str(refusal.value)


@pytest.mark.parametrize("verb", ATTEMPTS)
def test_what_cannot_be_told_is_not_done(centre, verb, monkeypatch):
    allowed, attempt = ATTEMPTS[verb]
    name = "lead" if "lead" in allowed else "network lead"
    cannot_tell(monkeypatch, actions)
    with nothing_changes(), pytest.raises(DiskFullError):
        attempt(centre, EVERYBODY[name])


class TestSigned:
    @pytest.fixture
    def signed(self, centre):
        actions.refuse(submission_id=later().pk, reason="too late", by=make.manager(centre))
        actions.explain_missing(expected_id=ExpectedCase.objects.get().pk, reason="abroad", by=make.manager(centre))
        actions.sign_off_series(centre=centre, **PERIOD, by=make.lead(centre))
        return centre

    @pytest.mark.parametrize("name", sorted(EVERYBODY.keys() - {"lead"}))
    def test_nobody_else_signs_it_off(self, signed, name):
        reopen(signed, make.network_lead(signed))
        with nothing_changes(), pytest.raises(Refused):
            actions.sign_off_series(centre=signed, **PERIOD, by=EVERYBODY[name])

    @pytest.mark.parametrize("name", sorted(EVERYBODY.keys() - {"network lead"}))
    def test_nobody_else_reopens_it(self, signed, name):
        with nothing_changes(), pytest.raises(Refused):
            reopen(signed, EVERYBODY[name])

    @pytest.mark.parametrize("undo", [True, False], ids=["reopen", "sign off"])
    def test_neither_is_done_without_being_told(self, signed, undo, monkeypatch):
        if not undo:
            reopen(signed, make.network_lead(signed))
        attempt = reopen if undo else (lambda centre, by: actions.sign_off_series(centre=centre, **PERIOD, by=by))
        cannot_tell(monkeypatch, actions)
        with nothing_changes(), pytest.raises(DiskFullError):
            attempt(signed, make.network_lead(signed) if undo else make.lead(signed))

    @pytest.mark.parametrize(
        ("start", "end", "frozen"),
        [
            (START, END, True),
            (date(2025, 4, 1), date(2025, 7, 1), True),
            (START, date(2025, 2, 1), True),
            (date(2025, 12, 1), END, True),
            (END, date(2027, 1, 1), False),
            (date(2024, 1, 1), START, False),
            (date(2025, 4, 1), date(2026, 4, 1), False),
        ],
    )
    def test_no_case_is_expected_within_a_declared_period_however_short(self, signed, start, end, frozen):
        """A quarter lies inside its year: a case that is expected in it would be missing from what was declared complete."""

        def expect():
            return actions.expect_case(centre=signed, period_start=start, period_end=end, case_id="E9", source="MDT", by=SYSTEM)

        if frozen:
            with nothing_changes(), pytest.raises(NotPossible, match="signed off"):
                expect()
        else:
            assert expect().pk
        assert {one.status for one in queries.accounts(signed, START, END)} == {"explained"}

    def test_the_series_of_another_centre_does_not_freeze_this_one(self, signed):
        other = make.make_centre(ods="RJ7")
        assert actions.expect_case(centre=other, **PERIOD, case_id="E9", source="MDT", by=SYSTEM).pk

    def test_an_explanation_is_not_changed_after_the_declaration(self, signed):
        with nothing_changes(), pytest.raises(NotPossible, match="signed off"):
            actions.explain_missing(expected_id=ExpectedCase.objects.get().pk, reason="other", by=make.manager(signed))

    def test_a_file_of_an_earlier_period_may_not_reach_into_it(self, signed):
        early = make.receive(
            signed, case("SMUGGLED", admitted_on="01/06/2025"), start=date(2024, 1, 1), end=date(2025, 12, 31), filename="x.csv"
        )
        actions.check(submission_id=early.pk, by=SYSTEM)
        with nothing_changes(), pytest.raises(NotPossible, match="signed off"):
            actions.accept(submission_id=early.pk, by=make.manager(signed))


class TestWhatIsNotThere:
    @pytest.mark.parametrize("verb", [actions.check, actions.accept])
    def test_a_submission(self, centre, verb):
        with nothing_changes(), pytest.raises(NotFound, match="no submission 404"):
            verb(submission_id=404, by=make.manager(centre))

    def test_a_submission_to_refuse(self, centre):
        with nothing_changes(), pytest.raises(NotFound, match="no submission 404"):
            actions.refuse(submission_id=404, reason="x", by=make.manager(centre))

    def test_an_expected_case(self, centre):
        with nothing_changes(), pytest.raises(NotFound, match="no expected case 404"):
            actions.explain_missing(expected_id=404, reason="x", by=make.manager(centre))

    def test_a_case_of_another_centre_is_not_there_to_erase(self, centre):
        other = make.make_centre(ods="RJ7")
        make.accepted(other, case("THEIRS"))
        with nothing_changes(), pytest.raises(NotPossible, match="has no case THEIRS"):
            actions.erase_case(centre=centre, case_id="THEIRS", reason="request", by=make.lead(centre))


class TestMoves:
    """What was decided is not decided again, in either direction."""

    @pytest.mark.parametrize("state", ["accepted", "superseded", "refused"])
    def test_a_decided_file_is_not_refused(self, centre, state):
        if state == "superseded":
            actions.accept(submission_id=later().pk, by=make.manager(centre))
        chosen = first() if state != "refused" else actions.refuse(submission_id=later().pk, reason="x", by=make.lead(centre))
        assert chosen.state == state
        with nothing_changes(), pytest.raises(NotPossible, match=f"is {state}: it cannot become refused"):
            actions.refuse(submission_id=chosen.pk, reason="again", by=make.manager(centre))

    @pytest.mark.parametrize("state", ["superseded", "refused"])
    def test_a_withdrawn_file_is_not_accepted_again(self, centre, state):
        if state == "superseded":
            actions.accept(submission_id=later().pk, by=make.manager(centre))
            chosen = first()
        else:
            chosen = actions.refuse(submission_id=later().pk, reason="x", by=make.lead(centre))
        with nothing_changes(), pytest.raises(NotPossible, match=f"is {state}: it cannot become accepted"):
            actions.accept(submission_id=chosen.pk, by=make.manager(centre))

    def test_a_check_that_comes_late_changes_nothing(self, centre):
        with nothing_changes():
            assert actions.check(submission_id=first().pk, by=SYSTEM).state == "accepted"

    def test_a_file_received_after_the_accepted_one_still_waits(self, centre):
        """Accepting an earlier file does not set aside one that came later than it."""
        newest = make.receive(centre, case("A7"), filename="newest.csv")
        actions.accept(submission_id=later().pk, by=make.manager(centre))
        newest.refresh_from_db()
        assert newest.state == "received"


class TestErased:
    def test_every_version_of_the_case_is_emptied(self, centre):
        make.accepted(centre, case(SECRET, status="dead"), case("A2"))
        assert CaseVersion.objects.filter(case__case_id=SECRET).count() == 2
        actions.erase_case(centre=centre, case_id=SECRET, reason="request", by=make.lead(centre))
        assert set(map(str, CaseVersion.objects.filter(case__case_id=SECRET).values_list("payload", flat=True))) == {"{}"}
        assert not CaseVersion.objects.filter(case__case_id=SECRET, current=True).exists()

    def test_it_is_named_by_number_in_the_audit(self, centre):
        actions.erase_case(centre=centre, case_id=SECRET, reason="request", by=make.lead(centre))
        event = core.events(verb="erase case").last()
        assert SECRET not in event.subject + event.detail

    def test_a_keyed_case_does_not_bring_it_back(self, centre):
        with nothing_changes(), pytest.raises(NotPossible, match="must not come back: GONE"):
            actions.key_case(centre=centre, **PERIOD, values=case("GONE"), by=make.manager(centre))

    def test_the_same_identifier_at_another_centre_is_another_patient(self, centre):
        other = make.make_centre(ods="RJ7")
        make.accepted(other, case("GONE"))
        assert [one.case_id for one in queries.visible_to(make.lead(other))] == ["GONE"]


class TestExpectedCounts:
    def expect(self, centre, case_id, source):
        return actions.expect_case(centre=centre, **PERIOD, case_id=case_id, source=source, by=SYSTEM)

    def test_a_case_that_two_sources_know_of_is_one_case(self, centre):
        for source in ("MDT", "hospital episodes"):
            self.expect(centre, SECRET, source)
        assert queries.expected_counts(centre.service, START, END) == {"RJ1": (2, 1)}

    def test_it_is_accounted_for_once_every_source_is_answered(self, centre):
        one, other = self.expect(centre, "E1", "MDT"), self.expect(centre, "E1", "hospital episodes")
        actions.explain_missing(expected_id=one.pk, reason="abroad", by=make.lead(centre))
        assert queries.expected_counts(centre.service, START, END) == {"RJ1": (1, 0)}
        actions.explain_missing(expected_id=other.pk, reason="abroad", by=make.lead(centre))
        assert queries.expected_counts(centre.service, START, END) == {"RJ1": (1, 1)}

    def test_the_same_identifier_at_two_centres_is_two_cases(self, centre):
        self.expect(make.make_centre(ods="RJ7"), "E1", "MDT")
        assert queries.expected_counts(centre.service, START, END) == {"RJ1": (1, 0), "RJ7": (1, 0)}

    def test_cases_of_other_periods_and_services_are_not_counted(self, centre):
        actions.expect_case(centre=centre, period_start=END, period_end=date(2027, 1, 1), case_id="E8", source="MDT", by=SYSTEM)
        actions.expect_case(centre=make.make_centre(slug="lam"), **PERIOD, case_id="E9", source="MDT", by=SYSTEM)
        assert queries.expected_counts(centre.service, START, END) == {"RJ1": (1, 0)}


def test_the_gravest_findings_are_kept_where_there_are_too_many(centre, monkeypatch):
    """A file with a notice in every row must not hide its warnings."""

    def found(severity, row):
        return Finding(file="f", row=row, field="x", rule="r", severity=severity, message="m", remedy="r")

    monkeypatch.setattr(intake, "FINDINGS_KEPT", 4)
    many = [found("notice", row) for row in range(9)] + [found("warning", 20), found("warning", 21), found("blocking", 30)]
    kept = queries.read_findings(intake._findings_bytes(many))
    assert [(one.severity, one.row) for one in kept] == [("blocking", 30), ("warning", 20), ("warning", 21), ("notice", 0)]


class TestWhoSeesWhat:
    """Each query, for each role: the own centre, another one, and nobody."""

    SEES = {
        "cases": (CENTRE, lambda who, centre: [one.case_id for one in queries.visible_to(who)]),
        "versions": (CENTRE, lambda who, centre: list(queries.current_versions(who))),
        "submissions": (CENTRE, lambda who, centre: list(queries.submissions(who))),
        "findings": (CENTRE, lambda who, centre: queries.open_findings(who, later())),
        "what came before": (CENTRE, lambda who, centre: queries.before(who, later())),
        "differences": (CENTRE, lambda who, centre: queries.differences(who, first(), later())),
        "expected cases": (CENTRE, lambda who, centre: queries.expected_and_missing(who, centre, START, END)),
        "series": (
            CENTRE | {"network lead", "commissioner"},
            lambda who, centre: list(queries.case_series(who).filter(centre=centre)),
        ),
        "progress": (
            CENTRE | {"network lead", "commissioner"},
            lambda who, centre: [one for one in queries.progress(who, centre.service, START, END) if one.centre == centre.key],
        ),
    }

    @pytest.fixture
    def declared(self, centre):
        """The same centre, with a finding in its later file and a declared series of another year."""
        actions.check(submission_id=make.receive(centre, case(SECRET, status="lost"), filename="third.csv").pk, by=SYSTEM)
        Submission.objects.filter(filename="later.csv").update(
            findings_sha256=Submission.objects.get(filename="third.csv").findings_sha256
        )
        CaseSeries.objects.create(centre=centre, period_start=date(2024, 1, 1), period_end=START)
        return centre

    def test_each_query_for_each_role(self, declared):
        for what, (allowed, look) in self.SEES.items():
            seen = {name for name, who in EVERYBODY.items() if look(who, declared)}
            assert seen == allowed, what

    def test_a_post_of_another_role_over_the_own_centre_shows_no_case(self, centre):
        """Were a reviewer ever appointed over a centre, the post would still be a reviewer's."""
        who = make_who(roles.Reviewer, "adult-ecmo/RJ1")
        assert not queries.visible_to(who).exists()
        assert not queries.submissions(who).exists()

    def test_a_post_over_the_whole_network_of_a_role_that_sees_cases_shows_none(self, centre):
        for scope in ("adult-ecmo", "England", ""):
            assert not queries.visible_to(make_who(roles.CentreLead, scope)).exists()

    def test_a_code_that_begins_like_the_own_one_is_another_centre(self, centre):
        longer = make.make_centre(ods="RJ10")
        make.accepted(longer, case("THEIRS"))
        assert {one.case_id for one in queries.visible_to(make.lead(centre))} == {SECRET, "A2"}
        assert {one.case_id for one in queries.visible_to(make.lead(longer))} == {"THEIRS"}


class TestNamesOfPatients:
    """What is written for others holds no NHS number: the network lead reads it, who may see no case."""

    NHS = "943 476 5919"

    def test_no_explanation_holds_one(self, centre):
        with nothing_changes(), pytest.raises(NotPossible, match="NHS number"):
            actions.explain_missing(expected_id=ExpectedCase.objects.get().pk, reason=f"is {self.NHS}", by=make.lead(centre))

    def test_no_expected_case_is_called_one(self, centre):
        with nothing_changes(), pytest.raises(NotPossible, match="NHS number"):
            actions.expect_case(centre=centre, **PERIOD, case_id=self.NHS, source="MDT", by=make.lead(centre))

    def test_no_reopening_names_one(self, centre):
        actions.accept(submission_id=later().pk, by=make.manager(centre))
        actions.explain_missing(expected_id=ExpectedCase.objects.get().pk, reason="abroad", by=make.lead(centre))
        actions.sign_off_series(centre=centre, **PERIOD, by=make.lead(centre))
        with nothing_changes(), pytest.raises(NotPossible, match="NHS number"):
            actions.reopen_series(centre=centre, **PERIOD, reason=f"{self.NHS} was missed", by=make.network_lead(centre))
