"""Hospital data and lists come in, centres say what became of each case, and nothing is ever lost on the way."""

import random
from collections import Counter
from datetime import date

import pytest

from plenary.collection import actions as base
from plenary.collection import queries
from plenary.collection.actions import ascertainment as actions
from plenary.collection.models import Ascertainment, Case, ExpectedCase
from plenary.collection.queries import ascertainment as numbers
from plenary.collection.terms import Explanation, Found, Reply
from plenary.core.models import AuditEvent
from plenary.core.permissions import CentreLead, NationalCommissioner, NetworkLead
from plenary.core.queries import event_detail
from plenary.core.terms import SYSTEM, NotFound, NotPossible, Refused
from plenary_stats.spec import InputError
from tests.factories import ascertainment as hospital
from tests.factories import collection as make
from tests.factories.ascertainment import load, row
from tests.factories.collection import END, START, accepted, case
from tests.factories.core import make_who
from tests.factories.registry import OrganisationFactory

pytestmark = pytest.mark.django_db
PERIOD = {"period_start": START, "period_end": END}


@pytest.fixture
def centre():
    return make.make_centre()


@pytest.fixture
def other(centre):
    return make.make_centre(ods="RM2")


def statuses(centre):
    return {one.case_id: one.status for one in queries.accounts(centre, START, END)}


def status(centre, name):
    return statuses(centre)[hospital.expected(name).case_id]


def reply(name, answer, centre, **values):
    return actions.reply_to_question(expected_id=hospital.expected(name).pk, reply=answer, by=make.manager(centre), **values)


class TestLoad:
    def test_each_case_becomes_an_expected_case_of_its_centre(self, centre, other):
        accepted(centre, case("A"), case("B"), case("C"))
        (made,) = load(
            row("matched", "ann", "A"),
            row("review", "ben", "B"),
            row("missing", "cat"),
            row("missing", "dan", centre="RM2"),
            row("series-only", "", "C"),
        )
        assert made.counts == {
            "expected": 4, "matched": 1, "review": 1, "missing": 2, "elsewhere": 0, "outside": 0, "not_here": 0,
        }  # fmt: skip
        found = {one.particulars: one.status for one in queries.accounts(centre, START, END)}
        assert found == {
            "Provider RJ1; rule run; record apc.csv: ann": "received",
            "Provider RJ1; rule run; record apc.csv: ben": "review",
            "Provider RJ1; rule run; record apc.csv: cat": "missing",
        }
        assert list(statuses(other).values()) == ["missing"]
        assert hospital.expected("ann").linked.case_id == "A"
        assert {one.source for one in queries.accounts(centre, START, END)} == {"National hospital data"}

    def test_it_is_told_without_a_patient(self, centre):
        (made,) = load(row("missing", "ann"))
        event = AuditEvent.objects.get(verb="load hospital data")
        assert (event.subject, event.who_name) == (f"ascertainment/{made.pk}", "Nora National")
        assert event_detail(event)["missing"] == 1
        assert hospital.person("ann") not in event.detail + ExpectedCase.objects.get().case_id
        assert not ExpectedCase.objects.filter(particulars__contains=hospital.person("ann")).exists()

    def test_the_file_itself_is_not_kept(self, centre, store):
        load(row("missing", "ann"))
        assert not [path for path in store.rglob("*") if path.is_file() and b"apc.csv" in path.read_bytes()]

    @pytest.mark.parametrize(
        "who",
        [
            make_who(NetworkLead, "adult-ecmo"),
            make_who(CentreLead, "adult-ecmo/RJ1"),
            make_who(NationalCommissioner, "Wales"),
        ],
    )
    def test_only_the_nation_loads_it(self, centre, who):
        with pytest.raises(Refused, match="national commissioner"):
            load(row("missing", "ann"), by=who)
        assert not ExpectedCase.objects.exists()
        assert not Ascertainment.objects.exists()

    def test_the_command_may(self, centre):
        assert load(row("missing", "ann"), by=SYSTEM)

    def test_an_answer_of_no_registered_service_is_refused(self, centre):
        with pytest.raises(NotPossible, match="no service that is registered here: eyes"):
            load(row("missing", "ann", service="eyes"))

    def test_what_is_no_answer_is_refused(self, centre):
        with pytest.raises(InputError, match="no answer"):
            actions.load_answer(content=b"{}", filename="a.json", **PERIOD, by=hospital.COMMISSIONER)
        with pytest.raises(NotPossible, match="ends after it starts"):
            load(row("missing", "ann"), start=END, end=START)

    def test_what_is_of_other_days_or_of_no_centre_is_counted_beside(self, centre):
        (made,) = load(row("missing", "ann", event_on="2026-01-01"), row("missing", "ben", centre="RX9"), row("missing", "cat"))
        assert (made.counts["expected"], made.counts["outside"], made.counts["elsewhere"]) == (3, 1, 1)
        assert made.elsewhere == {"RX9": 1}
        assert ExpectedCase.objects.count() == 1

    def test_a_site_belongs_to_the_centre_that_it_is_part_of(self, centre):
        site = OrganisationFactory(code="RJ122", kind="hospital")
        site.links.create(kind="part of", to="RJ1")
        load(row("missing", "ann", centre="RJ122"))
        assert list(statuses(centre).values()) == ["missing"]

    def test_a_case_that_another_centre_sent_is_accounted_for_where_it_was_treated(self, centre, other):
        accepted(other, case("A"))
        load(row("matched", "ann", "A", case_centre="RM2"), row("matched", "ben", "A", centre="RX9", case_centre="RM2"))
        (one,) = queries.accounts(centre, START, END)
        assert (one.status, one.case, one.elsewhere) == ("received", "", "Trust RM2")
        assert list(statuses(other).values()) == ["received"]  # hospital data show it at a provider that is no centre

    def test_a_match_with_a_case_that_does_not_stand_here_is_missing_and_counted(self, centre):
        (made,) = load(row("matched", "ann", "NOT-SENT"), row("review", "ben", "NOR-THIS"))
        assert (made.counts["matched"], made.counts["missing"], made.counts["not_here"]) == (0, 2, 2)
        assert set(statuses(centre).values()) == {"missing"}

    def test_a_match_counts_only_as_long_as_the_case_stands(self, centre):
        accepted(centre, case("A"), case("B"))
        load(row("matched", "ann", "A"))
        assert status(centre, "ann") == "received"
        accepted(centre, case("B"))
        assert status(centre, "ann") == "missing"

    def test_a_signed_series_stays_signed_and_what_came_to_light_is_shown(self, centre):
        make.signed_off(centre, case("A"))
        load(row("missing", "ann"))
        assert queries.series_of(centre, START, END).state == "signed_off"
        assert status(centre, "ann") == "missing"


class TestLater:
    """A later answer for the same period."""

    def test_it_takes_the_place_of_the_earlier_one(self, centre):
        accepted(centre, case("A"))
        load(row("missing", "ann"), row("missing", "ben"))
        load(row("matched", "ann", "A"))
        assert statuses(centre) == {hospital.expected("ann").case_id: "received"}
        assert hospital.expected("ben").found == Found.WITHDRAWN
        assert queries.expected_counts(centre.service, START, END) == {"RJ1": (1, 1)}
        assert queries.expected_cases(centre.service, START, END) == [("RJ1", "A")]
        assert event_detail(AuditEvent.objects.filter(verb="load hospital data").last())["withdrawn"] == 1

    def test_one_that_comes_back_is_expected_again(self, centre):
        load(row("missing", "ann"))
        load(row("missing", "ben"))
        load(row("missing", "ann"))
        assert list(statuses(centre).values()) == ["missing"]

    def test_the_same_again_changes_nothing(self, centre):
        accepted(centre, case("A"))
        told = [row("review", "ann", "A"), row("missing", "ben")]
        load(*told)
        before = statuses(centre), ExpectedCase.objects.count()
        load(*told)
        assert (statuses(centre), ExpectedCase.objects.count()) == before

    def test_other_periods_and_services_are_left_alone(self, centre):
        make.make_centre("lam", "RJ1")
        load(row("missing", "ann", service="lam"))
        load(row("missing", "ben", event_on="2026-02-01"), start=END, end=date(2027, 1, 1))
        load(row("missing", "cat"))
        assert not ExpectedCase.objects.filter(found=Found.WITHDRAWN).exists()
        assert ExpectedCase.objects.count() == 3

    def test_an_explanation_stands(self, centre):
        load(row("missing", "ann"))
        base.explain_missing(expected_id=hospital.expected("ann").pk, kind=Explanation.CODING, by=make.manager(centre))
        load(row("missing", "ann"))
        assert status(centre, "ann") == "explained"

    @pytest.mark.parametrize(
        ("said", "case_id", "later", "wanted"),
        [
            (Reply.YES, "", row("review", "ann", "A"), "received"),
            (Reply.YES, "", row("review", "ann", "B"), "received"),
            (Reply.YES, "", row("missing", "ann"), "received"),
            (Reply.NO, "", row("review", "ann", "A"), "missing"),
            (Reply.NO, "", row("review", "ann", "B"), "review"),
            (Reply.NO, "", row("missing", "ann"), "missing"),
            (Reply.NO, "", row("matched", "ann", "A"), "missing"),
            (Reply.NO, "", row("matched", "ann", "B"), "received"),
            (Reply.OTHER, "B", row("review", "ann", "A"), "received"),
            (Reply.OTHER, "B", row("matched", "ann", "A"), "received"),
        ],
    )
    def test_a_reply_stands_while_the_question_is_the_same(self, centre, said, case_id, later, wanted):
        accepted(centre, case("A"), case("B"))
        load(row("review", "ann", "A"))
        reply("ann", said, centre, **({"case_id": case_id} if case_id else {}))
        load(later)
        assert status(centre, "ann") == wanted


class TestReply:
    @pytest.fixture(autouse=True)
    def asked(self, centre):
        accepted(centre, case("A"), case("B"))
        load(row("review", "ann", "A"), row("missing", "ben"))

    def test_yes_is_received_and_no_is_missing(self, centre):
        reply("ann", Reply.YES, centre)
        assert status(centre, "ann") == "received"
        reply("ann", Reply.NO, centre)
        assert status(centre, "ann") == "missing"
        event = AuditEvent.objects.filter(verb="reply on expected case").last()
        assert event_detail(event)["reply"] == "no"

    def test_another_case_is_named(self, centre):
        reply("ann", Reply.OTHER, centre, case_id=" B ")
        assert hospital.expected("ann").linked.case_id == "B"
        reply("ben", Reply.OTHER, centre, case_id="A")
        assert set(statuses(centre).values()) == {"received"}

    def test_a_case_that_is_not_sent_cannot_be_named(self, centre, other):
        accepted(other, case("THEIRS"))
        for named in ("NOT-SENT", "THEIRS", ""):
            with pytest.raises(NotPossible, match="Send it first"):
                reply("ben", Reply.OTHER, centre, case_id=named)
        assert status(centre, "ben") == "missing"

    def test_one_case_stands_for_one_expected_case(self, centre):
        reply("ann", Reply.YES, centre)
        with pytest.raises(NotPossible, match="twice in the source"):
            reply("ben", Reply.OTHER, centre, case_id="A")
        assert status(centre, "ben") == "missing"

    def test_where_nothing_is_suggested_there_is_nothing_to_agree_to(self, centre):
        with pytest.raises(NotPossible, match="No case is suggested"):
            reply("ben", Reply.YES, centre)

    def test_other_people_do_not_answer(self, centre, other):
        pk = hospital.expected("ann").pk
        for who in (make.manager(other), make.network_lead(centre), hospital.COMMISSIONER):
            with pytest.raises(Refused):
                actions.reply_to_question(expected_id=pk, reply=Reply.YES, by=who)
        with pytest.raises(NotFound):
            actions.reply_to_question(expected_id=0, reply=Reply.YES, by=make.manager(centre))
        assert status(centre, "ann") == "review"

    def test_nothing_is_answered_in_a_signed_series(self, centre):
        for name in ("ann", "ben"):
            base.explain_missing(expected_id=hospital.expected(name).pk, kind=Explanation.NOT_OURS, by=make.manager(centre))
        base.sign_off_series(centre=centre, **PERIOD, by=make.lead(centre))
        with pytest.raises(NotPossible, match="signed off"):
            reply("ann", Reply.YES, centre)


class TestSignOff:
    def test_it_is_refused_until_each_is_matched_or_explained(self, centre):
        accepted(centre, case("A"))
        load(row("review", "ann", "A"), row("missing", "ben"))

        def sign():
            return base.sign_off_series(centre=centre, **PERIOD, by=make.lead(centre))

        with pytest.raises(NotPossible, match=f"neither received nor explained: {hospital.expected('ben').case_id}"):
            sign()
        base.explain_missing(expected_id=hospital.expected("ben").pk, kind=Explanation.OTHER_PERIOD, by=make.manager(centre))
        assert hospital.expected("ben").explained == "Belongs to another period"
        with pytest.raises(NotPossible, match=f"whether they are cases of the series: {hospital.expected('ann').case_id}"):
            sign()
        reply("ann", Reply.YES, centre)
        assert sign().state == "signed_off"

    def test_another_reason_needs_words(self, centre):
        load(row("missing", "ann"))
        pk = hospital.expected("ann").pk
        with pytest.raises(NotPossible, match="reason"):
            base.explain_missing(expected_id=pk, kind=Explanation.OTHER, reason=" ", by=make.manager(centre))
        base.explain_missing(expected_id=pk, kind=Explanation.TRANSFERRED, reason="To RM2 on day 2", by=make.manager(centre))
        one = hospital.expected("ann")
        assert (one.explained_as, one.explained) == (Explanation.TRANSFERRED, "To RM2 on day 2")


def test_an_erased_patient_is_erased_here_too_and_stays_so(centre):
    accepted(centre, case("A"), case("B"))
    load(row("matched", "ann", "A"))
    base.erase_case(centre=centre, case_id="A", reason="the patient asked", by=make.lead(centre))
    for _ in range(2):
        one = ExpectedCase.objects.get()
        assert (one.event_on, one.particulars, one.explained_as) == (None, "", Explanation.ERASED)
        assert set(statuses(centre).values()) == {"explained"}
        load(row("missing", "ann"))


class TestList:
    def send(self, centre, content, source="MDT list", by=None):
        return actions.expect_list(
            service=centre.service,
            **PERIOD,
            source=source,
            filename="mdt.csv",
            content=content,
            by=by or make.network_lead(centre),
        )

    def test_each_row_is_expected_of_its_centre_once(self, centre, other):
        content = b"Centre,Case ID,note\nRJ1,A,x\nrm2,B,y\nRJ1,A,z\n"
        assert self.send(centre, content) == (2, 0)
        assert self.send(centre, content) == (0, 2)
        assert (statuses(centre), statuses(other)) == ({"A": "missing"}, {"B": "missing"})

    @pytest.mark.parametrize(
        ("content", "part"),
        [
            (b"centre,name\nRJ1,A\n", "one column case_id"),
            (b"centre,case_id\nRJ1,A\nRX9,B\n", "row 3, centre: 'RX9' is no centre"),
            (b"centre,case_id\nRJ1,A\nRJ1,\n", "row 3, case_id"),
            (b"centre,case_id\n", "no case"),
            (b"", "empty"),
        ],
    )
    def test_all_of_it_or_nothing(self, centre, content, part):
        with pytest.raises(InputError, match=part):
            self.send(centre, content)
        assert not ExpectedCase.objects.exists()

    def test_it_comes_from_the_lead_of_the_network(self, centre):
        for who in (make.manager(centre), make_who(NetworkLead, "lam"), hospital.COMMISSIONER):
            with pytest.raises(Refused, match="lead of the network"):
                self.send(centre, b"centre,case_id\nRJ1,A\n", by=who)
        with pytest.raises(NotPossible, match="which list"):
            self.send(centre, b"centre,case_id\nRJ1,A\n", source="National hospital data")


@pytest.mark.parametrize("seed", range(6))
def test_expected_in_is_matched_and_explained_and_open_always(centre, other, seed):
    """Whatever happens in whatever order, every case of the last answer is accounted for exactly once."""
    draw = random.Random(seed)
    names = [f"p{number}" for number in range(12)]
    sent = {ods: [f"{ods}-{number}" for number in range(6)] for ods in ("RJ1", "RM2")}
    for place in (centre, other):
        accepted(place, *map(case, sent[place.ods]))

    def told(name):
        kind, ods = draw.choice(("matched", "review", "missing")), draw.choice(("RJ1", "RM2", "RX9"))
        named = "" if kind == "missing" else draw.choice([*sent["RJ1"], *sent["RM2"], "GONE"])
        there = {"case_centre": named.split("-")[0] if named in sent["RJ1"] + sent["RM2"] else "RJ1"} if named else {}
        return row(kind, name, named, centre=ods, event_on=draw.choice(("2025-03-01", "2026-03-01")), **there)

    for _ in range(4):
        (made,) = load(*(told(name) for name in draw.sample(names, 8)))
        standing = list(ExpectedCase.objects.exclude(found=Found.WITHDRAWN))
        for one in draw.sample(standing, k=min(3, len(standing))):
            by = make.manager(one.centre)
            try:
                if draw.random() < 0.5:
                    base.explain_missing(expected_id=one.pk, kind=draw.choice(list(Explanation)), reason="so", by=by)
                else:
                    named = draw.choice(sent[one.centre.ods])
                    actions.reply_to_question(expected_id=one.pk, reply=draw.choice(list(Reply)[1:]), case_id=named, by=by)
            except NotPossible:
                pass
        rows = [one for place in (centre, other) for one in queries.accounts(place, START, END)]
        have = Counter(one.status for one in rows)
        assert set(have) <= {"received", "explained", "review", "missing"}
        assert made.counts["expected"] == 8 == have.total() + made.counts["elsewhere"] + made.counts["outside"]
        for one in numbers.ascertained(hospital.COMMISSIONER, centre.service, START, END):
            assert one.expected == one.received + one.explained + one.review + one.missing
    assert Case.objects.count() == 12
