from datetime import date

import pytest

from plenary.core import queries as core_queries
from plenary.core.permissions import ROLES, CentreLead, NationalCommissioner, NetworkLead
from plenary.core.terms import NOBODY, SYSTEM, NotFound, Refused
from plenary.registry import actions, queries
from plenary.registry.models import Centre, Designation, Organisation, Service, Succession
from tests.factories.core import make_who
from tests.factories.registry import CentreFactory, DesignationFactory, OrganisationFactory, ServiceFactory
from tests.unchanged import DiskFullError, fail_to_record, nothing_changes

pytestmark = pytest.mark.django_db

COMMISSIONER = make_who(NationalCommissioner)
DAY = date(2026, 4, 1)
OTHERS = [
    make_who(CentreLead, "lam/RX1"),
    make_who(NetworkLead, "lam"),
    NOBODY,
    *(make_who(role) for role in ROLES if role.scope_kinds == ("all",)),
]


def designate(**changes):
    return actions.designate(
        **{"service": "lam", "ods": "RX1", "valid_from": DAY, "authority": "Paper 1", "name": "Trust", "by": COMMISSIONER}
        | changes
    )


# -- services


def test_a_service_is_added_with_an_event():
    made = actions.add_service(slug="new-one", name=" New one ", confidence="invented", by=COMMISSIONER)
    assert queries.service("new-one") == made
    assert made.name == "New one"
    (event,) = core_queries.events(verb="add service")
    assert event.subject == "service/new-one"
    assert core_queries.event_detail(event) == {"name": "New one", "confidence": "invented"}


@pytest.mark.parametrize(
    "changes", [{"slug": "Bad Slug"}, {"slug": ""}, {"slug": "a/b"}, {"name": "  "}, {"confidence": "sure"}, {"slug": "lam"}]
)
def test_a_service_that_cannot_be_added(changes):
    ServiceFactory(slug="lam")
    with pytest.raises(Refused):
        actions.add_service(**{"slug": "good", "name": "Good", "by": COMMISSIONER} | changes)
    assert Service.objects.count() == 1
    assert core_queries.events().count() == 0


@pytest.mark.parametrize("who", OTHERS)
def test_others_may_change_nothing(who):
    OrganisationFactory(code="RX2")
    standing = DesignationFactory(centre=CentreFactory(service=ServiceFactory(slug="lam"), ods="RX1"))
    attempts = [
        lambda: actions.add_service(slug="new", name="New", by=who),
        lambda: designate(ods="RX2", by=who),
        lambda: actions.de_nominate(service="lam", ods="RX1", on=DAY, authority="me", by=who),
        lambda: actions.succeed(predecessor="RX1", successor="RX2", on=DAY, kind="merger", authority="me", by=who),
    ]
    for attempt in attempts:
        with pytest.raises(Refused, match="national commissioner"):
            attempt()
    assert list(Designation.objects.values_list("pk", "valid_to")) == [(standing.pk, None)]
    assert core_queries.events().count() == 0


@pytest.mark.parametrize(("field", "most"), [("name", 250), ("category", 80), ("age_group", 80), ("source", 500)])
def test_what_the_table_of_services_has_no_room_for_is_refused_in_words(field, most):
    given = {"slug": "good", "name": "Good", "by": COMMISSIONER}
    with nothing_changes(), pytest.raises(Refused, match=f"{field.replace('_', ' ')}: .*{most} characters"):
        actions.add_service(**given | {field: "x" * (most + 1)})
    assert getattr(actions.add_service(**given | {field: "x" * most}), field) == "x" * most


@pytest.mark.parametrize("name", ["Ysbyty Treforys Ŵ", "<b>Bold</b> & more", "=1+1", 'Sjögren’s "quoted" service', "名"])
def test_a_service_is_called_whatever_its_network_calls_it(name):
    assert actions.add_service(slug="good", name=name, by=COMMISSIONER).name == name


# -- designation


@pytest.mark.parametrize("ods", ["", "  ", "RX/1", "R X1", "rx-1", "R" * 13, "RX1\n2", "Ř1", "../RX1"])
def test_a_centre_is_named_by_a_code_that_an_address_holds(ods):
    """A centre without a code, or with a stroke in it, could be made and never be opened or appointed to."""
    ServiceFactory(slug="lam")
    with nothing_changes(), pytest.raises(Refused, match="is no ODS code"):
        designate(ods=ods)


@pytest.mark.parametrize(("typed", "code"), [("rx1", "RX1"), (" rx1 ", "RX1"), ("7a4bv", "7A4BV"), ("INV10", "INV10")])
def test_a_code_is_kept_in_capitals_whatever_was_typed(typed, code):
    ServiceFactory(slug="lam")
    assert designate(ods=typed).centre.ods == code


@pytest.mark.parametrize(("field", "most"), [("name", 250), ("site", 250), ("authority", 250)])
def test_what_the_table_of_centres_has_no_room_for_is_refused_in_words(field, most):
    ServiceFactory(slug="lam")
    with nothing_changes(), pytest.raises(Refused, match=f"{field}: .*{most} characters"):
        designate(**{field: "x" * (most + 1)})
    assert designate(**{field: "x" * most})


def test_an_end_with_more_words_than_fit_leaves_the_designation_standing():
    standing = DesignationFactory(centre=CentreFactory(service=ServiceFactory(slug="lam"), ods="RX1"))
    with nothing_changes(), pytest.raises(Refused, match=r"ended by: .*250 characters"):
        actions.de_nominate(service="lam", ods="RX1", on=DAY, authority="x" * 251, by=COMMISSIONER)
    standing.refresh_from_db()
    assert standing.valid_to is None


def test_a_succession_with_more_words_than_fit_hands_nothing_over():
    OrganisationFactory(code="RX2")
    DesignationFactory(centre=CentreFactory(service=ServiceFactory(slug="lam"), ods="RX1"))
    with nothing_changes(), pytest.raises(Refused, match="250 characters"):
        actions.succeed(predecessor="RX1", successor="RX2", on=DAY, kind="merger", authority="x" * 251, by=COMMISSIONER)


def test_designating_makes_the_centre_and_an_event():
    ServiceFactory(slug="lam")
    made = designate(site="Queen's Medical Centre")
    centre = queries.centre("lam", "RX1")
    assert (made.centre, centre.name, centre.site) == (centre, "Trust", "Queen's Medical Centre")
    assert [one.ods for one in queries.centres("lam", DAY)] == ["RX1"]
    (event,) = core_queries.events(verb="designate")
    assert event.subject == "centre/lam/RX1"
    assert core_queries.event_detail(event)["authority"] == "Paper 1"


def test_a_known_provider_needs_no_name_and_is_placed_at_its_hospital():
    ServiceFactory(slug="lam")
    OrganisationFactory(code="RX1", name="Nottingham", latitude=52.9, longitude=-1.1)
    hospital = OrganisationFactory(code="RX1RA", name="Queen’s Medical Centre", kind="hospital", latitude=52.94, longitude=-1.18)
    hospital.links.create(kind="part of", to="RX1")
    centre = designate(name="", site="queens medical centre").centre
    assert (centre.name, centre.latitude) == ("Nottingham", 52.94)
    assert designate(ods="RX1", service=ServiceFactory(slug="other").slug, name="", site="elsewhere").centre.latitude == 52.9


def test_an_unknown_provider_without_a_name_is_refused():
    ServiceFactory(slug="lam")
    with pytest.raises(Refused, match="give the provider's name"):
        designate(name=" ")
    assert not Centre.objects.exists()


def test_designating_for_no_service():
    with pytest.raises(NotFound):
        designate(service="nothing")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2021, 1, 1), None),
        (date(2019, 1, 1), date(2020, 6, 1)),
        (None, None),
        (None, date(2020, 4, 2)),
        (date(2024, 12, 31), None),
    ],
)
def test_an_overlap_is_refused(start, end):
    standing = DesignationFactory(
        centre=CentreFactory(service__slug="lam", ods="RX1"), valid_from=date(2020, 4, 1), valid_to=date(2025, 1, 1)
    )
    with pytest.raises(Refused, match="designated for this service already"):
        designate(valid_from=start, valid_to=end)
    assert list(Designation.objects.all()) == [standing]


@pytest.mark.parametrize(
    ("start", "end"), [(date(2025, 1, 1), None), (None, date(2020, 4, 1)), (date(2019, 1, 1), date(2020, 4, 1))]
)
def test_periods_that_touch_do_not_overlap(start, end):
    DesignationFactory(
        centre=CentreFactory(service__slug="lam", ods="RX1"), valid_from=date(2020, 4, 1), valid_to=date(2025, 1, 1)
    )
    designate(valid_from=start, valid_to=end)
    assert Designation.objects.count() == 2


@pytest.mark.parametrize("changes", [{"authority": " "}, {"valid_to": DAY}, {"valid_to": date(2020, 1, 1)}])
def test_a_designation_without_authority_or_of_no_length_is_refused(changes):
    ServiceFactory(slug="lam")
    with pytest.raises(Refused):
        designate(**changes)
    assert not Designation.objects.exists()


# -- its end


def test_de_nominating_ends_it_on_the_day_and_keeps_it():
    ServiceFactory(slug="lam")
    designate()
    ended = actions.de_nominate(service="lam", ods="RX1", on=date(2027, 1, 1), authority="Paper 2", by=COMMISSIONER)
    assert (ended.valid_from, ended.valid_to, ended.ended_by) == (DAY, date(2027, 1, 1), "Paper 2")
    assert [bool(queries.centres("lam", day)) for day in (date(2026, 12, 31), date(2027, 1, 1))] == [True, False]
    assert core_queries.events(verb="de-nominate").get().subject == "centre/lam/RX1"


@pytest.mark.parametrize("on", [DAY, date(2020, 1, 1)])
def test_what_does_not_stand_cannot_be_ended(on):
    ServiceFactory(slug="lam")
    designate()
    with pytest.raises(Refused, match="not designated"):
        actions.de_nominate(service="lam", ods="RX1", on=on, authority="Paper 2", by=COMMISSIONER)
    assert Designation.objects.get().valid_to is None


def test_a_centre_can_come_back():
    ServiceFactory(slug="lam")
    designate()
    actions.de_nominate(service="lam", ods="RX1", on=date(2027, 1, 1), authority="Paper 2", by=COMMISSIONER)
    designate(valid_from=date(2028, 1, 1))
    assert [bool(queries.centres("lam", date(year, 6, 1))) for year in (2026, 2027, 2028)] == [True, False, True]


# -- mergers


@pytest.fixture
def merging():
    """RT3 holds two services; RJ1 holds one of them already."""
    OrganisationFactory(code="RT3", name="Brompton")
    OrganisationFactory(code="RJ1", name="Guy's")
    for slug in ("ecmo", "heart"):
        DesignationFactory(centre=CentreFactory(service=ServiceFactory(slug=slug), ods="RT3", site="Harefield"))
    DesignationFactory(centre=CentreFactory(service=ServiceFactory(slug="ecmo"), ods="RJ1"))
    DesignationFactory(centre=CentreFactory(service=ServiceFactory(slug="ecmo"), ods="RGM"))
    return {
        "predecessor": "RT3",
        "successor": "RJ1",
        "on": date(2021, 2, 1),
        "kind": "takeover",
        "authority": "Order",
        "by": COMMISSIONER,
    }


def test_a_merger_hands_over_and_keeps_history(merging):
    made = actions.succeed(**merging)
    assert [(one.centre.key, one.valid_from, one.valid_to) for one in made] == [("heart/RJ1", date(2021, 2, 1), None)]
    assert made[0].centre.site == "Harefield"

    def on(slug, day):
        return {centre.ods for centre in queries.centres(slug, day)}

    assert on("heart", date(2021, 1, 31)) == {"RT3"}
    assert on("heart", date(2021, 2, 1)) == {"RJ1"}
    assert on("ecmo", date(2021, 1, 31)) == {"RT3", "RJ1", "RGM"}
    assert on("ecmo", date(2021, 2, 1)) == {"RJ1", "RGM"}
    assert queries.successors_on("RT3", date(2021, 2, 1)) == ["RJ1"]
    assert queries.organisation("RT3").closed_on == date(2021, 2, 1)
    assert core_queries.event_detail(core_queries.events(verb="succeed").get())["centres"] == ["heart/RJ1"]


def test_a_designation_that_was_to_end_still_ends_after_the_merger(merging):
    Designation.objects.filter(centre__ods="RT3", centre__service__slug="heart").update(valid_to=date(2024, 1, 1))
    (made,) = actions.succeed(**merging)
    assert made.valid_to == date(2024, 1, 1)


def test_a_designation_that_ended_before_is_left_alone(merging):
    Designation.objects.filter(centre__ods="RT3").update(valid_to=date(2020, 1, 1))
    assert actions.succeed(**merging) == []
    assert set(Designation.objects.filter(centre__ods="RT3").values_list("valid_to", flat=True)) == {date(2020, 1, 1)}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"kind": "friendship"}, Refused),
        ({"authority": ""}, Refused),
        ({"successor": "RT3"}, Refused),
        ({"successor": "ZZZ"}, NotFound),
    ],
)
def test_a_merger_that_cannot_be(merging, changes, error):
    with pytest.raises(error):
        actions.succeed(**merging | changes)
    assert Designation.objects.filter(valid_to=None).count() == 4
    assert not Succession.objects.exists()
    assert Organisation.objects.get(code="RT3").closed_on is None


def test_the_same_merger_twice_is_refused(merging):
    actions.succeed(**merging)
    with pytest.raises(Refused, match="recorded already"):
        actions.succeed(**merging)
    assert Succession.objects.count() == 1


def test_the_system_may_act_for_the_demonstration():
    ServiceFactory(slug="lam")
    assert designate(by=SYSTEM, confidence="invented").centre.confidence == "invented"


# -- told by one event, or not done at all


@pytest.fixture
def standing(merging):
    """The same, with the service that the attempts below name."""
    ServiceFactory(slug="lam")
    designate()
    return merging


ATTEMPTS = {
    "add service": lambda merging, by: actions.add_service(slug="new", name="New", by=by),
    "designate": lambda merging, by: designate(ods="RX2", by=by),
    "de-nominate": lambda merging, by: actions.de_nominate(
        service="lam", ods="RX1", on=date(2027, 1, 1), authority="Paper 2", by=by
    ),
    "succeed": lambda merging, by: actions.succeed(**merging | {"by": by}),
}


@pytest.mark.parametrize("verb", ATTEMPTS)
def test_what_cannot_be_told_is_not_done(standing, verb, monkeypatch):
    monkeypatch.setattr(actions.designations, "record", fail_to_record)
    with nothing_changes(), pytest.raises(DiskFullError):
        ATTEMPTS[verb](standing, COMMISSIONER)


@pytest.mark.parametrize("verb", ATTEMPTS)
def test_a_commissioner_of_another_nation_changes_nothing_here(standing, verb):
    with nothing_changes(), pytest.raises(Refused, match="national commissioner"):
        ATTEMPTS[verb](standing, make_who(NationalCommissioner, "Wales"))


@pytest.mark.parametrize("verb", ATTEMPTS)
@pytest.mark.parametrize("scope", ["", "England"])
def test_the_commissioner_of_the_nation_or_of_all_does(standing, verb, scope):
    before = core_queries.events().count()
    ATTEMPTS[verb](standing, make_who(NationalCommissioner, scope))
    assert [event.verb for event in core_queries.events()[before:]] == [verb]


@pytest.mark.parametrize("verb", ["designate", "de-nominate", "succeed"])
def test_nothing_is_decided_on_no_authority(standing, verb):
    attempts = {
        "designate": lambda: designate(ods="RX2", authority=" \n"),
        "de-nominate": lambda: actions.de_nominate(service="lam", ods="RX1", on=date(2027, 1, 1), authority=" ", by=COMMISSIONER),
        "succeed": lambda: actions.succeed(**standing | {"authority": "\t"}),
    }
    with nothing_changes(), pytest.raises(Refused, match="whose authority"):
        attempts[verb]()


# -- how a centre is written


def test_a_code_is_kept_as_codes_are_written_however_it_was_typed(standing):
    made = designate(ods=" rx2 ", authority=" Paper 3 ", name=" Trust ", site=" Site ")
    assert (made.centre.key, made.authority) == ("lam/RX2", "Paper 3")
    assert (made.centre.name, made.centre.site) == ("Trust", "Site")
    with pytest.raises(Refused, match="designated for this service already"):
        designate(ods="Rx2")


def test_a_name_is_looked_up_by_the_code_and_no_other(standing):
    OrganisationFactory(code="AAA", name="First in the list")
    OrganisationFactory(code="RX2", name="The one meant")
    assert designate(ods="RX2", name="").centre.name == "The one meant"


@pytest.mark.parametrize(
    ("owner", "latitude", "found"),
    [
        ("RX2", 53.0, 53.0),
        ("ZZZ", 53.0, 50.0),  # another trust's hospital of the same name
        ("RX2", None, 50.0),  # the hospital's own place is not known
    ],
)
def test_a_site_is_placed_at_the_own_hospital_of_that_name_or_else_at_the_trust(standing, owner, latitude, found):
    OrganisationFactory(code="RX2", name="Trust", latitude=50.0, longitude=0.0)
    hospital = OrganisationFactory(
        code="RX2A1", name="St. James's Hospital", kind="hospital", latitude=latitude, longitude=latitude and -1.0
    )
    for kind in ("part of", "lies in"):  # found by two links it is still one hospital
        hospital.links.create(kind=kind, to=owner)
    assert designate(ods="RX2", name="", site="saint jamess hospital").centre.latitude == found


def test_an_overlap_names_the_span_that_stands(standing):
    with pytest.raises(Refused, match="from 2026-04-01 to now"):
        designate(valid_from=None)
    actions.de_nominate(service="lam", ods="RX1", on=date(2027, 1, 1), authority="Paper 2", by=COMMISSIONER)
    with pytest.raises(Refused, match="from 2026-04-01 to 2027-01-01"):
        designate(valid_from=None)
    Designation.objects.filter(centre__ods="RX1").update(valid_from=None)
    with pytest.raises(Refused, match="from long ago to 2027-01-01"):
        designate(valid_from=date(2026, 12, 31))


def test_a_designation_that_began_long_ago_stands_in_the_way_of_an_earlier_one(standing):
    Designation.objects.filter(centre__ods="RX1").update(valid_from=None, valid_to=date(2027, 1, 1))
    with nothing_changes(), pytest.raises(Refused, match="already"):
        designate(valid_from=date(2001, 1, 1), valid_to=date(2002, 1, 1))


# -- the end of a designation


def test_one_that_began_long_ago_can_be_ended(standing):
    Designation.objects.filter(centre__ods="RX1").update(valid_from=None)
    ended = actions.de_nominate(service="lam", ods="RX1", on=date(2020, 1, 1), authority=" Paper 2 ", by=COMMISSIONER)
    assert (ended.valid_to, ended.ended_by) == (date(2020, 1, 1), "Paper 2")


def test_one_that_ends_on_the_day_anyway_is_not_ended_again(standing):
    Designation.objects.filter(centre__ods="RX1").update(valid_to=date(2027, 1, 1))
    with nothing_changes(), pytest.raises(Refused, match="not designated"):
        actions.de_nominate(service="lam", ods="RX1", on=date(2027, 1, 1), authority="Paper 2", by=COMMISSIONER)


def test_an_end_that_was_set_can_be_brought_forward(standing):
    Designation.objects.filter(centre__ods="RX1").update(valid_to=date(2030, 1, 1))
    actions.de_nominate(service="lam", ods="RX1", on=date(2027, 1, 1), authority="Paper 2", by=COMMISSIONER)
    assert [bool(queries.centres("lam", day)) for day in (date(2026, 12, 31), date(2027, 1, 1))] == [True, False]


def test_the_end_of_one_centre_leaves_the_others(standing):
    designate(ods="RX2")
    actions.de_nominate(service="lam", ods="RX1", on=date(2027, 1, 1), authority="Paper 2", by=COMMISSIONER)
    assert [one.ods for one in queries.centres("lam", date(2027, 1, 1))] == ["RX2"]


# -- mergers, splits, and chains of them


def test_only_the_predecessor_closes(merging):
    OrganisationFactory(code="RGM")
    actions.succeed(**merging)
    assert dict(Organisation.objects.values_list("code", "closed_on")) == {"RT3": date(2021, 2, 1), "RJ1": None, "RGM": None}


def test_a_split_has_two_heirs_on_one_day(merging):
    OrganisationFactory(code="RJ2", name="Second heir")
    first = actions.succeed(**merging | {"kind": "split"})
    second = actions.succeed(**merging | {"kind": "split", "successor": "RJ2"})
    assert ([one.centre.key for one in first], second) == (["heart/RJ1"], [])
    assert queries.successors_on("RT3", date(2021, 2, 1)) == ["RJ1", "RJ2"]
    assert Designation.objects.filter(centre__service__slug="heart", valid_to=None).count() == 1


def test_two_organisations_merge_into_one_on_one_day(merging):
    OrganisationFactory(code="RGM", name="Papworth")
    DesignationFactory(centre=CentreFactory(service=ServiceFactory(slug="lung"), ods="RGM"))
    actions.succeed(**merging | {"kind": "merger"})
    made = actions.succeed(**merging | {"kind": "merger", "predecessor": "RGM"})
    assert [one.centre.key for one in made] == ["lung/RJ1"]
    assert {one.ods for one in queries.centres("ecmo", date(2021, 2, 1))} == {"RJ1"}
    assert queries.successors_on("RGM", date(2021, 2, 1)) == queries.successors_on("RT3", date(2021, 2, 1)) == ["RJ1"]


def test_the_same_organisations_may_pass_to_one_another_on_another_day(merging):
    """A trust that was taken over, came back and was taken over again."""
    actions.succeed(**merging)
    assert actions.succeed(**merging | {"on": date(2023, 1, 1)}) == []
    assert Succession.objects.count() == 2


def test_what_was_taken_over_passes_on_with_the_next_merger(merging):
    OrganisationFactory(code="RZZ", name="Last heir")
    actions.succeed(**merging)
    made = actions.succeed(**merging | {"predecessor": "RJ1", "successor": "RZZ", "on": date(2025, 1, 1)})
    assert {one.centre.key for one in made} == {"ecmo/RZZ", "heart/RZZ"}

    def on(day):
        return {centre.ods for centre in queries.centres("heart", day)}

    assert [on(date(2021, 1, 31)), on(date(2021, 2, 1)), on(date(2024, 12, 31)), on(date(2025, 1, 1))] == [
        {"RT3"},
        {"RJ1"},
        {"RJ1"},
        {"RZZ"},
    ]
    assert queries.successors_on("RT3", date(2024, 12, 31)) == ["RJ1"]
    assert queries.successors_on("RT3", date(2025, 1, 1)) == ["RZZ"]


def test_how_surely_a_centre_is_known_passes_to_its_heir(merging):
    Centre.objects.filter(ods="RT3").update(confidence="recalled")
    (made,) = actions.succeed(**merging)
    assert (made.centre.confidence, made.centre.confirmed) == ("recalled", False)


def test_the_heirs_own_site_is_not_renamed_by_a_merger(merging):
    Centre.objects.filter(ods="RJ1", service__slug="ecmo").update(site="Evelina")
    actions.succeed(**merging)
    assert queries.centre("ecmo", "RJ1").site == "Evelina"


@pytest.mark.parametrize(("predecessor", "successor"), [("rx1", "RX2"), (" RX1 ", "rx2"), ("RX1", " RX2")])
def test_a_succession_is_of_the_organisations_that_were_meant_however_their_codes_are_typed(predecessor, successor):
    """A code in small letters was recorded as another organisation, and nothing was handed over."""
    OrganisationFactory(code="RX1")
    OrganisationFactory(code="RX2")
    DesignationFactory(centre=CentreFactory(service=ServiceFactory(slug="lam"), ods="RX1"))
    (made,) = actions.succeed(
        predecessor=predecessor, successor=successor, on=DAY, kind="merger", authority="Order", by=COMMISSIONER
    )
    assert made.centre.key == "lam/RX2"
    assert queries.organisation("RX1").closed_on == DAY
    assert queries.successors_on("RX1", DAY) == ["RX2"]
    with nothing_changes(), pytest.raises(Refused, match="recorded already"):
        actions.succeed(predecessor="RX1", successor="RX2", on=DAY, kind="merger", authority="Order", by=COMMISSIONER)


def test_nothing_succeeds_itself_in_other_letters():
    OrganisationFactory(code="RX1")
    with nothing_changes(), pytest.raises(Refused, match="does not succeed itself"):
        actions.succeed(predecessor="rx1", successor="RX1", on=DAY, kind="merger", authority="Order", by=COMMISSIONER)
