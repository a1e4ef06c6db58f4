"""What is known beside a file, and how a patient of two centres is counted once."""

from dataclasses import replace
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.collection import actions, queries
from plenary.collection.actions.across import answer_shared
from plenary.collection.models import CaseMark, SharedPatient
from plenary.collection.queries import across, shared
from plenary.collection.terms import SharedAnswer
from plenary.core.terms import SYSTEM
from tests.factories import collection as make
from tests.factories.collection import END, START, case

pytestmark = pytest.mark.django_db

NHS, OTHER_NHS = "9434765919", "4505577104"
PERIOD = "2025", START, END


@pytest.fixture
def centre():
    return make.make_centre()


@pytest.fixture
def other(centre):
    return make.make_centre(ods="RM2")


def known(centre, **values):
    version = queries.data_set_for(centre.service, END)
    return across.known_beside(centre, PERIOD, queries.data_set(version), on=date(2026, 3, 1), **values)


def rules_of(submission):
    actions.check(submission_id=submission.pk, by=SYSTEM)
    submission.refresh_from_db()
    found = queries.open_findings(make.manager(submission.centre), submission)
    return [(one.rule, one.case) for one in found if one.severity == "warning"]


class TestMark:
    def test_the_same_person_the_same_mark_and_nothing_to_read(self):
        one, two, three = across.mark("nhs", [NHS, "943 476 5919", OTHER_NHS])
        assert one == two != three
        assert NHS not in one
        assert across.mark("nhs", ["", "1234567890"]) == ["", ""]
        assert across.mark("born", ["1980-03-02"]) != across.mark("like", ["1980-03-02"])

    def test_another_key_makes_other_marks(self, settings):
        was, name = across.mark("nhs", [NHS]), across.key_id()
        settings.PLENARY = replace(settings.PLENARY, episodes_key="k" * 40)
        assert across.mark("nhs", [NHS]) != was
        assert across.key_id() != name


class TestKnownBeside:
    def test_the_accepted_cases_with_their_year_and_person(self, centre):
        make.accepted(centre, case("A", nhs_number=NHS))
        make.accepted(centre, case("OLD", admitted_on="15/06/2024"), start=date(2024, 1, 1), end=date(2025, 1, 1))
        found = {one.case_id: one for one in known(centre).cases}
        assert {name: (one.period, one.own, one.keyed, one.sex) for name, one in found.items()} == {
            "A": ("2025", True, False, "female"),
            "OLD": ("2024", False, False, "female"),
        }
        assert found["A"].marks.nhs == across.mark("nhs", [NHS])[0]
        assert known(centre).counts == [1]

    def test_marks_of_another_key_are_not_held_against_it(self, centre, settings):
        make.accepted(centre, case("A", nhs_number=NHS))
        settings.PLENARY = replace(settings.PLENARY, episodes_key="k" * 40)
        assert [one.marks.nhs for one in known(centre).cases] == [""]

    def test_of_other_centres_only_the_marks(self, centre, other):
        make.accepted(other, case("SECRET-9", nhs_number=NHS))
        assert "SECRET" not in repr(known(centre))
        assert [one.marks.nhs for one in known(centre).elsewhere] == across.mark("nhs", [NHS])
        assert known(other).elsewhere == []

    def test_another_service_is_not_asked(self, centre):
        lam = make.make_centre("lam", "RX1")
        make.accepted(lam, case("L", nhs_number=NHS))
        assert known(centre).elsewhere == []

    def test_a_withdrawn_case_is_gone(self, centre, other):
        make.accepted(other, case("A", nhs_number=NHS), case("B", birth_date="01/01/1990"))
        make.accepted(other, case("B", birth_date="01/01/1990"))
        assert across.mark("nhs", [NHS])[0] not in [one.marks.nhs for one in known(centre).elsewhere]

    def test_look_ups_do_not_grow_with_the_cases(self, centre, other):
        counts = []
        for number in (1, 3):
            cases = [case(f"C{place}", birth_date=f"0{place + 1}/01/1990") for place in range(number)]
            make.accepted(centre, *cases)
            make.accepted(other, *(one | {"sex": "male"} for one in cases))
            with CaptureQueriesContext(connection) as asked:
                known(centre)
            counts.append(len(asked))
        assert counts[0] == counts[1]


class TestFindings:
    def test_an_identifier_that_was_another_persons(self, centre):
        make.accepted(centre, case("A", admitted_on="15/06/2024"), start=date(2024, 1, 1), end=date(2025, 1, 1))
        sent = make.receive(centre, case("A", birth_date="01/01/1990"))
        assert ("other-person", "A") in rules_of(sent)

    def test_a_case_that_vanished(self, centre):
        make.accepted(centre, case("A"), case("B", sex="male"))
        assert [rule for rule, _ in rules_of(make.receive(centre, case("A")))] == ["vanished-case"]

    def test_keying_one_case_says_nothing_of_the_others(self, centre):
        make.accepted(centre, case("A"))
        values = {"period_start": START, "period_end": END, "by": make.manager(centre)}
        _, found = actions.key_case(centre=centre, values=case("B", sex="male"), **values)
        assert [one.rule for one in found if one.severity == "warning"] == []

    def test_another_centre_reports_the_same_patient(self, centre, other):
        make.accepted(other, case("SECRET-9", nhs_number=NHS, admitted_on="01/03/2025"))
        sent = make.receive(centre, case("A", nhs_number=NHS))
        assert rules_of(sent) == [("other-centre-reports", "A")]
        said = " ".join(map(repr, queries.open_findings(make.manager(centre), sent)))
        assert "SECRET" not in said
        assert "2025-03-01" not in said
        assert other.name not in said


class TestCountedOnce:
    @pytest.fixture
    def pair(self, centre, other):
        make.accepted(centre, case("A", nhs_number=NHS), case("X", birth_date="01/01/1990"))
        make.accepted(other, case("B", nhs_number=NHS, admitted_on="20/06/2025"), case("Y", birth_date="02/01/1990"))
        return SharedPatient.objects.get()

    def counted(self, centre):
        found = queries.case_table(centre.service, START, END, signed_only=False)
        return set(found["case_id"].tolist())

    def say(self, pair, answer, **values):
        for place in (pair.first.centre, pair.second.centre):
            answer_shared(shared=pair, centre=place, answer=answer, by=make.manager(place), **values)

    def test_until_it_is_agreed_the_first_counts(self, centre, pair):
        assert self.counted(centre) == {"A", "X", "Y"}
        assert pair.second.case_id == "B"

    def test_a_patient_is_not_lost_while_the_first_has_not_signed(self, centre, other, pair):
        actions.sign_off_series(centre=other, period_start=START, period_end=END, by=make.lead(other))
        assert set(queries.case_table(centre.service, START, END)["case_id"].tolist()) == {"B", "Y"}
        actions.sign_off_series(centre=centre, period_start=START, period_end=END, by=make.lead(centre))
        assert set(queries.case_table(centre.service, START, END)["case_id"].tolist()) == {"A", "X", "Y"}

    def test_after_a_transfer_the_one_that_was_agreed(self, centre, other, pair):
        before = queries.case_inputs(centre.service, START, END, signed_only=False)
        moved = {"moved_from": centre, "moved_on": date(2025, 6, 20)}
        self.say(pair, SharedAnswer.TRANSFER, counts_at=other, **moved)
        assert self.counted(centre) == {"B", "X", "Y"}
        assert queries.case_inputs(centre.service, START, END, signed_only=False) != before

    def test_two_episodes_both_count(self, centre, pair):
        self.say(pair, SharedAnswer.EPISODES)
        assert self.counted(centre) == {"A", "B", "X", "Y"}

    def test_of_a_duplicate_one(self, centre, pair):
        self.say(pair, SharedAnswer.DUPLICATE, counts_at=centre)
        assert self.counted(centre) == {"A", "X", "Y"}

    def test_a_withdrawn_case_sets_the_other_free(self, centre, other, pair):
        make.accepted(centre, case("X", birth_date="01/01/1990"))
        assert self.counted(centre) == {"B", "X", "Y"}

    @pytest.mark.parametrize("answer", ["", *SharedAnswer])
    def test_what_came_in_is_accounted_for(self, centre, other, pair, answer):
        if answer:
            where = {} if answer == SharedAnswer.EPISODES else {"counts_at": other}
            moved = {"moved_from": centre, "moved_on": date(2025, 6, 20)} if answer == SharedAnswer.TRANSFER else {}
            self.say(pair, answer, **where, **moved)
        found = shared.account(centre.service, START, END)
        assert found.whole
        assert found.cases == 4
        assert found.counted == len(self.counted(centre))
        parts = {"": (0, 0, 1), "transfer": (1, 0, 0), "two_episodes": (0, 0, 0), "duplicate": (0, 1, 0)}
        assert (found.transferred, found.duplicates, found.waiting) == parts[answer]

    def test_the_centre_keeps_its_case(self, other, pair):
        series = queries.series_of(other, START, END)
        assert queries.series_content(series)[0] == 2

    def test_a_mark_holds_no_identifier(self, pair):
        for one in CaseMark.objects.all():
            assert NHS not in one.nhs
            assert all(len(text) in {0, 32} for text in (one.nhs, one.like, one.born))
