"""Periods in addresses: there and back, and nothing else."""

from datetime import date

import pytest
from django import forms

from plenary.core.permissions import CentreDataManager, NetworkLead, PatientRepresentative
from plenary.core.queries import today
from plenary.core.terms import NotFound
from plenary.web.workspace.periods import Period, financial_year, offer_periods, offered, read_period, usual, year
from tests.factories.collection import case, make_centre, receive


@pytest.mark.parametrize(
    ("key", "start", "end", "words"),
    [
        ("2025", date(2025, 1, 1), date(2026, 1, 1), "2025"),
        ("2025-26", date(2025, 4, 1), date(2026, 4, 1), "1 April 2025 to 31 March 2026"),
        ("1999-00", date(1999, 4, 1), date(2000, 4, 1), "1 April 1999 to 31 March 2000"),
        ("2025-01-01..2025-07-01", date(2025, 1, 1), date(2025, 7, 1), "1 January 2025 to 30 June 2025"),
    ],
)
def test_there_and_back(key, start, end, words):
    found = read_period(key)
    assert (found.start, found.end, found.key, found.words) == (start, end, key, words)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "25",
        "0000",
        "0001",
        "1899",
        "2199",
        "9998",
        "9999",
        "9999-01-01..9999-12-31",
        "0001-01-01..0002-01-01",
        "2025-27",
        "2025-13-01..2026-01-01",
        "2026-01-01..2025-01-01",
        "2025-01-01",
        "..",
        "a..b",
        "2025..2026..2027",
    ],
)
def test_anything_else_is_not_found(key):
    with pytest.raises(NotFound):
        read_period(key)


def test_a_list_offers_recent_years_and_whatever_is_in_use():
    used = (date(2001, 4, 1), date(2002, 4, 1))
    keys = [period.key for period in offered([used])]
    assert keys[-1] == "2001-02"
    assert keys == sorted(keys, reverse=True)
    now = today()
    assert {str(now.year - back) for back in range(4)} <= set(keys)
    assert {financial_year(now.year - back).key for back in (1, 2, 3)} <= set(keys)
    assert all(read_period(key).start <= now for key in keys), "nothing is asked for a period that has not begun"


def test_the_usual_period_is_the_latest_in_use_that_has_ended():
    running, older, newer = ((date(number, 4, 1), date(number + 1, 4, 1)) for number in (2999, 2019, 2020))
    assert usual([running, older, newer]) == financial_year(2020)
    assert usual([running]) == year(today().year - 1)
    assert usual([]) == usual([running])


def test_a_period_of_other_days_is_no_year():
    assert not Period(date(2025, 1, 1), date(2025, 12, 31)).is_year


@pytest.mark.parametrize(
    ("role", "scope", "address"),
    [
        (CentreDataManager, "adult-ecmo/RJ1", "/workspace/collection/"),
        (NetworkLead, "adult-ecmo", "/workspace/results/run/"),
        (NetworkLead, "adult-ecmo", "/workspace/releases/propose/"),
        (PatientRepresentative, "adult-ecmo", "/workspace/narrative/"),
    ],
)
def test_a_network_that_collects_from_april_to_march_is_offered_its_own_years(as_, own, role, scope, address):
    receive(own, case("A1"), start=date(2019, 4, 1), end=date(2020, 4, 1))
    assert '<option value="2019-20" selected>1 April 2019 to 31 March 2020</option>' in as_(role, scope).get(address).text


class TestOfferPeriods:
    """What the forms that ask for a period share."""

    @pytest.fixture
    def field(self):
        return forms.ChoiceField()

    @pytest.fixture
    def services(self, own):
        receive(own, case("A1"), start=date(2019, 4, 1), end=date(2020, 4, 1))
        return [own.service]

    def test_what_is_asked_for_stands_chosen(self, field, services):
        assert offer_periods(field, services, str(today().year)) == year(today().year)
        assert field.initial == str(today().year)

    def test_the_first_that_is_offered_counts(self, field, services):
        assert offer_periods(field, services, "1066", "", "2019-20", str(today().year)) == financial_year(2019)

    @pytest.mark.parametrize("asked", [(), ("",), ("1066",), ("<script>", "2025-27")])
    def test_without_one_it_is_the_usual_one(self, field, services, asked):
        assert offer_periods(field, services, *asked) == financial_year(2019)
        assert field.initial == "2019-20"

    def test_every_choice_is_an_address_with_its_words(self, field, services):
        offer_periods(field, services)
        assert len(field.choices) == len(dict(field.choices)) > 1
        assert all(read_period(key).words == words for key, words in field.choices)

    @pytest.mark.django_db
    def test_a_person_without_a_service_chooses_among_recent_years(self, field):
        assert offer_periods(field, []) == year(today().year - 1)
        assert "2019-20" not in dict(field.choices)

    def test_periods_of_other_services_are_not_told(self, field, services):
        elsewhere = make_centre("pseudomyxoma", "RD3")
        receive(elsewhere, case("B1"), start=date(2018, 4, 1), end=date(2019, 4, 1))
        assert offer_periods(field, services, "2018-19") == financial_year(2019)
        assert "2018-19" not in dict(field.choices)
        assert offer_periods(field, [elsewhere.service]) == financial_year(2018), "its own service is offered it"
