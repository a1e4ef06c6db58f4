from datetime import date

import pytest

from plenary.core.terms import NotFound
from plenary.registry import queries
from plenary.registry.models import Succession
from tests.factories.registry import CentreFactory, DesignationFactory, OrganisationFactory, ServiceFactory

pytestmark = pytest.mark.django_db

NOW = date(2026, 11, 22)
ADDENBROOKES = (52.17513, 0.14075)


# -- services, centres, designations


def test_services_by_name_and_one_by_slug():
    ServiceFactory(slug="b", name="Beta")
    ServiceFactory(slug="a", name="Alpha")
    assert [service.slug for service in queries.services()] == ["a", "b"]
    assert queries.service("b").name == "Beta"


@pytest.mark.parametrize("slug", ["", "nothing", "a/b", "a' OR 1=1"])
def test_a_service_that_is_not_there(slug):
    ServiceFactory(slug="a")
    with pytest.raises(NotFound):
        queries.service(slug)


def test_centres_on_a_day_are_those_designated_that_day():
    service = ServiceFactory(slug="lam")
    spans = {"AAA": (None, date(2020, 1, 1)), "BBB": (date(2020, 1, 1), None), "CCC": (date(2030, 1, 1), None)}
    for ods, (start, end) in spans.items():
        DesignationFactory(centre=CentreFactory(service=service, ods=ods), valid_from=start, valid_to=end)
    CentreFactory(service=service, ods="DDD")  # never designated
    DesignationFactory(centre__ods="EEE")  # another service

    def on(day):
        return {centre.ods for centre in queries.centres("lam", day)}

    assert on(date(2019, 12, 31)) == {"AAA"}
    assert on(date(2020, 1, 1)) == {"BBB"}
    assert on(date(2031, 1, 1)) == {"BBB", "CCC"}
    assert {centre.ods for centre in queries.centres("lam")} == {"AAA", "BBB", "CCC", "DDD"}


def test_a_centre_twice_designated_is_listed_once():
    centre = CentreFactory(service__slug="lam")
    DesignationFactory(centre=centre, valid_from=date(2010, 1, 1), valid_to=date(2012, 1, 1))
    DesignationFactory(centre=centre, valid_from=date(2015, 1, 1))
    assert queries.centres("lam", NOW).count() == 1
    assert queries.centres("lam", date(2013, 1, 1)).count() == 0
    assert queries.designations("lam").count() == 2
    assert list(queries.all_designations("lam")) == list(queries.designations("lam").order_by("centre__ods", "valid_from", "id"))
    assert queries.all_designations().count() >= 2
    assert not queries.all_designations("no-such-service").exists()


def test_one_centre_or_not_found():
    CentreFactory(service__slug="lam", ods="RX1")
    assert queries.centre("lam", "RX1").key == "lam/RX1"
    for wrong in (("lam", "RX2"), ("other", "RX1")):
        with pytest.raises(NotFound):
            queries.centre(*wrong)


@pytest.mark.parametrize("number", [1, 3])
def test_listing_centres_costs_the_same_for_one_and_for_three(number, django_assert_num_queries):
    service = ServiceFactory(slug="lam")
    for _ in range(number):
        DesignationFactory(centre=CentreFactory(service=service))
    with django_assert_num_queries(2):
        assert len([(centre.key, list(centre.designations.all())) for centre in queries.centres("lam", NOW)]) == number


def test_centres_of_a_provider_in_every_service():
    for slug in ("b", "a"):
        DesignationFactory(centre=CentreFactory(service=ServiceFactory(slug=slug, name=slug), ods="RJ1"))
    CentreFactory(ods="RJ2")
    assert [centre.key for centre in queries.centres_of("RJ1", NOW)] == ["a/RJ1", "b/RJ1"]
    assert not queries.centres_of("RJ1", date(2001, 1, 1))


# -- organisations over time


def test_a_name_on_a_day(loaded):
    assert queries.name_on("RA7", date(2026, 6, 30)) == "University Hospitals Bristol and Weston NHS Foundation Trust"
    assert queries.name_on("RA7", date(2026, 7, 1)) == "Bristol NHS Foundation Trust"
    assert queries.name_on("rgt", date(1999, 1, 1)) == "Cambridge University Hospitals NHS Foundation Trust"
    with pytest.raises(NotFound):
        queries.name_on("ZZZ", NOW)


def test_what_an_organisation_became(loaded):
    assert queries.successors_on("RT3", date(2021, 1, 31)) == ["RT3"]
    assert queries.successors_on("RT3", date(2021, 2, 1)) == ["RJ1"]
    assert queries.successors_on("RC5", NOW) == ["RJ1"]  # through two mergers
    assert queries.successors_on("RW6", NOW) == ["R0A", "RM3"]  # a split
    assert queries.successors_on("RGT", NOW) == ["RGT"]
    assert {one.predecessor for one in queries.successions("RT3")} == {"RT3", "RC5", "RPX"}


def test_a_circle_of_successions_ends():
    for one, other in (("AAA", "BBB"), ("BBB", "AAA")):
        Succession.objects.create(predecessor=one, successor=other, on=date(2000, 1, 1), kind="merger", origin="decision")
    assert queries.successors_on("AAA", NOW) == []


# -- areas


def test_areas_by_date():
    assert [len(queries.icbs(day)) for day in (date(2026, 3, 31), date(2026, 4, 1))] == [42, 36]
    assert len(queries.regions()) == 7
    assert len(queries.nations()) == 4
    assert len(queries.boards()) == 26


@pytest.mark.parametrize("on", [date(2026, 3, 31), date(2026, 4, 1)])
def test_populations_add_up_to_england(on):
    assert sum(queries.population(board.code, on) for board in queries.icbs(on)) == 57_106_398
    assert sum(persons for area, *_, persons in queries.populations(on) if area == "England") == 57_106_398


def test_the_region_of_a_case():
    assert queries.region_of("QRV", NOW) == "London"
    assert queries.region_of("Wales") == "Wales"
    assert queries.region_of("nowhere") is None
    assert queries.region_by_area()["S08000015"] == "Scotland"


# -- which centre serves my hospital?


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("Addenbrooke's", "RGT01"),
        ("addenbrookes hospital", "RGT01"),
        ("ADDENBROOKE’S", "RGT01"),
        ("rgt01", "RGT01"),
        ("RGT", "RGT"),
        ("hospital addenbr", "RGT01"),
        ("saint jamess leeds university", None),
        ("papworth", "RGM21"),
        ("Guy's & St Thomas'", "RJ1"),
        ("guys and st thomas", "RJ1"),
        ("Royal Brompton Harefield NHS", "RT3"),
        ("7A4", "7A4"),
        ("north cheshire and mersey", "RWW"),
        ("warrington and halton", "RWW"),
        ("S08000020", "S08000020"),
    ],
)
def test_find_place(loaded, typed, code):
    found = queries.find_place(typed, on=NOW)
    assert (found[0].code if found else None) == code


@pytest.mark.parametrize("typed", ["", " ", "a", "%", "_", "' OR 1=1 --", "zzzzzz", "hospital" * 40])
def test_find_place_finds_nothing_for_nothing(loaded, typed):
    assert queries.find_place(typed) == []


def test_a_place_knows_its_trust_board_and_region_on_the_day(loaded):
    before, after = (queries.find_place("addenbrookes", on=day)[0] for day in (date(2026, 3, 31), date(2026, 4, 1)))
    assert (before.parent, before.parent_name) == ("RGT", "Cambridge University Hospitals NHS Foundation Trust")
    assert (before.area, after.area) == ("QUE", "S1Y5D")
    assert before.region == after.region == "East of England"
    assert (before.latitude, before.longitude) == ADDENBROOKES
    assert before.approximate is False


def test_places_outside_england(loaded):
    assert queries.place("7A4").region == "Wales"
    scottish = queries.find_place("Aberdeen Royal Infirmary")[0]
    assert (scottish.region, scottish.parent) == ("Scotland", "S08000020")


def test_a_trust_whose_place_is_not_known_is_put_in_the_middle_of_its_board(loaded):
    ambulance = queries.place("RYF", NOW)
    assert ambulance.kind == "ambulance trust"
    assert ambulance.approximate is True
    assert ambulance.latitude is not None


def test_a_closed_trust_is_found_and_says_so(loaded):
    assert queries.place("RT3").closed_on == date(2021, 2, 1)


def test_find_place_keeps_to_its_limit(loaded):
    assert len(queries.find_place("royal", limit=4)) == 4
    assert len({place.code for place in queries.find_place("royal", limit=50)}) == 50


@pytest.mark.parametrize("number", [1, 3])
def test_finding_one_place_and_three_costs_the_same(number, django_assert_num_queries):
    parent = OrganisationFactory(code="RAA", name="Some Trust")
    for position in range(number):
        hospital = OrganisationFactory(code=f"RAA0{position}", name=f"Cottage Hospital {position}", kind="hospital")
        hospital.links.create(kind="part of", to=parent.code)
    queries.areas()
    with django_assert_num_queries(4):
        assert [place.parent_name for place in queries.find_place("cottage")] == ["Some Trust"] * number


def test_nearest_centres_first_and_unplaced_last(loaded):
    CentreFactory(service=queries.service("liver-transplant"), ods="ZZZ", latitude=None, longitude=None)
    DesignationFactory(centre=queries.centre("liver-transplant", "ZZZ"))
    found = queries.nearest_centres("liver-transplant", *ADDENBROOKES, NOW)
    assert found[0].ods == "RGT"
    assert found[0].km == pytest.approx(0, abs=0.1)
    assert [one.ods for one in found][-1] == "ZZZ"
    assert found[-1].km is None
    distances = [one.km for one in found[:-1]]
    assert distances == sorted(distances)
    assert 60 < next(one.km for one in found if one.ods == "RAL") < 85


def test_from_an_unknown_place_centres_come_by_name(loaded):
    found = queries.nearest_centres("liver-transplant", None, None, NOW)
    assert {one.km for one in found} == {None}
    assert [one.name for one in found] == sorted(one.name for one in found)


def test_nearest_centres_of_a_day_leave_out_those_that_ended(loaded):
    before, after = (
        {one.ods for one in queries.nearest_centres("heart-lung-transplant", *ADDENBROOKES, day)}
        for day in (date(2021, 1, 31), date(2021, 2, 1))
    )
    assert "RT3" in before - after
    assert "RJ1" in after - before


def test_which_centres_answers_for_every_service(loaded):
    here = queries.find_place("addenbrookes")[0]
    answers = queries.which_centres(here, NOW)
    assert len(answers) == 82
    liver = next(one for one in answers if one.slug == "liver-transplant")
    assert (liver.nearest.ods, liver.centres) == ("RGT", 7)
    assert [one.name for one in answers] == sorted(one.name for one in answers)


@pytest.mark.parametrize("number", [1, 3])
def test_which_centres_costs_one_query(number, django_assert_num_queries):
    OrganisationFactory(code="RAA")
    for _ in range(number):
        DesignationFactory()
    here = queries.place("RAA")
    with django_assert_num_queries(1):
        assert len(queries.which_centres(here, NOW)) == number


# -- agreed documents and fixed sentences


def test_attribution_in_both_languages():
    assert queries.attribution("ons")[0].startswith("Source: Office for National Statistics")
    assert queries.attribution("ons", language="cy")[0].startswith("Ffynhonnell")
    assert queries.attribution("os", language="cy") == queries.attribution("os")
    assert len(queries.attribution()) >= 3


def test_documents_of_a_service_that_has_none():
    assert queries.data_set_files("nothing") == {}
    assert queries.outcome_set_files("../services") == {}


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "within"),
    [
        (None, None, True),
        (date(2025, 12, 31), None, True),
        (date(2026, 1, 1), None, False),
        (None, date(2025, 1, 2), True),
        (None, date(2025, 1, 1), False),
    ],
)
def test_designated_on_any_day_of_a_period(valid_from, valid_to, within):
    DesignationFactory(valid_from=valid_from, valid_to=valid_to)
    assert queries.designated_during(date(2025, 1, 1), date(2026, 1, 1)).exists() is within


# -- the history of designations, and ties


def test_the_history_begins_with_what_has_stood_for_as_long_as_is_known():
    """Databases differ in where they put an empty date; a page must not."""
    centre = CentreFactory(service__slug="lam", ods="RX1")
    for start, end in ((date(2010, 1, 1), date(2012, 1, 1)), (None, date(2001, 1, 1)), (date(2015, 1, 1), None)):
        DesignationFactory(centre=centre, valid_from=start, valid_to=end)
    years = [one.valid_from and one.valid_from.year for one in queries.all_designations("lam")]
    assert years == [None, 2010, 2015]
    assert [one.valid_from and one.valid_from.year for one in queries.designations("lam")] == years


def test_centres_as_far_from_here_as_one_another_come_by_name_and_then_by_code():
    service = ServiceFactory(slug="lam")
    for ods, name in (("RC", "Beta"), ("RB", "Alpha"), ("RA", "Alpha")):
        DesignationFactory(centre=CentreFactory(service=service, ods=ods, name=name, latitude=52.0, longitude=-1.0))
    DesignationFactory(centre=CentreFactory(service=service, ods="RZ", name="Aaron", latitude=53.0, longitude=-1.0))
    for _ in range(2):
        assert [one.ods for one in queries.nearest_centres("lam", 52.0, -1.0, NOW)] == ["RA", "RB", "RC", "RZ"]


def test_distances_are_on_the_sphere_and_reach_over_a_meridian():
    service = ServiceFactory(slug="lam")
    DesignationFactory(centre=CentreFactory(service=service, ods="RA", latitude=52.0, longitude=0.05))
    (one,) = queries.nearest_centres("lam", 52.0, -0.05, NOW)
    assert one.km == pytest.approx(6.846, abs=0.02)  # 0.1 degree at 52 degrees north
    (north,) = queries.nearest_centres("lam", 53.0, 0.05, NOW)
    assert north.km == pytest.approx(111.2, abs=0.2)


@pytest.mark.parametrize("word", ["confirmed", "recalled", "inferred", "unconfirmed", "invented"])
def test_how_surely_a_centre_is_known_travels_with_the_answer(word):
    service = ServiceFactory(slug="lam", confidence=word)
    DesignationFactory(centre=CentreFactory(service=service, ods="RA", confidence=word))
    OrganisationFactory(code="RAA", name="Here", confidence=word)
    assert queries.place("RAA").confidence == word
    (answer,) = queries.which_centres(queries.place("RAA"), NOW)
    assert (answer.confidence, answer.nearest.confidence, answer.centres) == (word, word, 1)


def test_a_service_without_a_centre_on_the_day_has_no_answer():
    DesignationFactory(centre=CentreFactory(service__slug="lam"), valid_from=date(2020, 1, 1), valid_to=date(2021, 1, 1))
    OrganisationFactory(code="RAA")
    here = queries.place("RAA")
    assert [len(queries.which_centres(here, day)) for day in (date(2019, 12, 31), date(2020, 1, 1), date(2021, 1, 1))] == [
        0,
        1,
        0,
    ]


def test_only_the_services_own_centres_are_near():
    DesignationFactory(centre=CentreFactory(service__slug="lam", ods="RA"))
    DesignationFactory(centre=CentreFactory(service__slug="other", ods="RB"))
    assert [one.key for one in queries.nearest_centres("lam", 51.5, -0.1, NOW)] == ["lam/RA"]


def test_a_place_belongs_to_what_held_it_on_the_day():
    one = OrganisationFactory(code="RAA01", name="Cottage Hospital", kind="hospital")
    for parent, start, end in (("RAA", None, date(2020, 4, 1)), ("RBB", date(2020, 4, 1), None)):
        OrganisationFactory(code=parent, name=f"Trust {parent}")
        one.links.create(kind="part of", to=parent, valid_from=start, valid_to=end)
    found = [queries.place("RAA01", day) for day in (date(2020, 3, 31), date(2020, 4, 1))]
    assert [(place.parent, place.parent_name) for place in found] == [("RAA", "Trust RAA"), ("RBB", "Trust RBB")]


def test_an_open_place_comes_before_a_closed_one_of_the_same_name():
    OrganisationFactory(code="RAA", name="Cottage Hospital", closed_on=date(2020, 1, 1))
    OrganisationFactory(code="RBB", name="Cottage Hospital")
    assert [place.code for place in queries.find_place("cottage hospital")] == ["RBB", "RAA"]


def test_a_long_chain_of_successions_is_followed_to_its_end_on_the_day():
    for year, (one, other) in enumerate((("AAA", "BBB"), ("BBB", "CCC"), ("CCC", "DDD"), ("BBB", "EEE"))):
        Succession.objects.create(predecessor=one, successor=other, on=date(2000 + year, 1, 1), kind="merger", origin="decision")
    found = [queries.successors_on("AAA", date(1999 + year, 6, 1)) for year in range(5)]
    assert found == [["AAA"], ["BBB"], ["CCC"], ["DDD"], ["DDD", "EEE"]]
    assert [one.successor for one in queries.successions("BBB")] == ["BBB", "CCC", "EEE"]


def test_the_centres_and_the_history_of_one_are_not_those_of_another():
    for slug, ods in (("a", "RJ1"), ("b", "RJ2")):
        DesignationFactory(centre=CentreFactory(service__slug=slug, ods=ods))
    for found in (queries.centres_of("RJ1", NOW), queries.centres_of("RJ1")):
        assert [centre.key for centre in found] == ["a/RJ1"]
    assert [one.centre.key for one in queries.designations("b")] == ["b/RJ2"]


@pytest.mark.django_db
class TestCentresOfProviders:
    ON = date(2025, 12, 31)

    def of(self, *codes, service="adult-ecmo", on=ON):
        return queries.centres_of_providers(service, codes, on)

    def test_a_centre_is_known_by_its_own_code_and_by_its_sites(self):
        CentreFactory(service__slug="adult-ecmo", ods="RJ1")
        OrganisationFactory(code="RJ122", kind="hospital").links.create(kind="part of", to="RJ1")
        OrganisationFactory(code="RX901", kind="hospital").links.create(kind="part of", to="RX9")
        assert self.of("RJ1", "RJ122", "RX901", "RX9", "") == {"RJ1": "RJ1", "RJ122": "RJ1"}
        assert self.of("RJ1", service="lam") == {}

    def test_a_site_that_changed_hands_is_read_on_its_day(self):
        for ods in ("RJ1", "RM2"):
            CentreFactory(service__slug="adult-ecmo", ods=ods)
        site = OrganisationFactory(code="RJ122", kind="hospital")
        site.links.create(kind="part of", to="RJ1", valid_to=date(2025, 4, 1))
        site.links.create(kind="part of", to="RM2", valid_from=date(2025, 4, 1))
        assert self.of("RJ122") == {"RJ122": "RM2"}
        assert self.of("RJ122", on=date(2025, 3, 31)) == {"RJ122": "RJ1"}

    def test_work_that_a_centre_carries_on_is_its_own_from_that_day(self):
        CentreFactory(service__slug="adult-ecmo", ods="RM2")
        Succession.objects.create(predecessor="RW3", successor="RM2", on=date(2025, 6, 1), kind="merger")
        assert self.of("RW3") == {"RW3": "RM2"}
        assert self.of("RW3", on=date(2025, 5, 31)) == {}


# -- where people live, and where centres could stand


def test_the_small_areas_are_read_once():
    assert len(queries.small_areas()) == 6791
    assert queries.small_areas() is queries.small_areas()


def test_points_leave_out_centres_whose_place_is_not_known(db):
    centre = CentreFactory(service__slug="lam", ods="RJ1", latitude=51.5, longitude=-0.1)
    CentreFactory(service=centre.service, ods="RJ2", latitude=None, longitude=None)
    assert queries.points("lam") == {"RJ1": (51.5, -0.1)}
    assert queries.points("lam", date(2025, 1, 1)) == {}  # not designated


def test_sites_are_centres_of_the_day_and_open_trusts(db):
    centre = CentreFactory(service__slug="lam", ods="RJ1", latitude=51.5, longitude=-0.1)
    DesignationFactory(centre=centre)
    OrganisationFactory(code="RJ1")  # the trust of the centre stands once
    OrganisationFactory(code="RA7", latitude=51.4, longitude=-2.6)
    OrganisationFactory(code="ROLD", closed_on=date(2020, 1, 1))
    OrganisationFactory(code="RNO", latitude=None, longitude=None)
    OrganisationFactory(code="RA7AA", kind="hospital")
    found, now = queries.sites("lam", date(2025, 6, 1))
    assert {site.code: (site.latitude, site.longitude) for site in found} == {"RJ1": (51.5, -0.1), "RA7": (51.4, -2.6)}
    assert now == ["RJ1"]
