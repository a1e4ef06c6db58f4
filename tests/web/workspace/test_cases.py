"""The list of cases, and keying one on screen by the rules of the data set."""

import pytest
from django import forms
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.collection import actions, queries
from plenary.collection.models import Case, CaseVersion, Submission
from plenary.core import queries as core
from plenary.core.permissions import Administrator, CentreDataManager, CentreLead, NetworkLead
from plenary.web.workspace import cases
from plenary_stats.spec import Field
from tests.factories import collection as make
from tests.factories.collection import accepted, case, manager, signed_off
from tests.factories.registry import CentreFactory

HERE = "/workspace/collection/adult-ecmo/RJ1/2025/"

KEYED = {
    "case_id": "K1",
    "nhs_number": "",
    "birth_date_day": "2",
    "birth_date_month": "3",
    "birth_date_year": "1980",
    "sex": "male",
    "area": "QE1",
    "admitted_on_day": "15",
    "admitted_on_month": "June",
    "admitted_on_year": "2025",
    "pf_ratio": "9.4",
    "status": "alive",
}


@pytest.fixture
def mine(as_, own):
    return as_(CentreDataManager, "adult-ecmo/RJ1")


def stands(centre):
    return {one.case.case_id: one.payload for one in queries.current_versions(manager(centre))}


# -- the list


def test_the_list_holds_the_own_cases_only_and_the_look_is_recorded(mine, own, other):
    accepted(own, case("MINE"))
    accepted(other, case("THEIRS"))
    page = mine.get(f"{HERE}cases/").text
    assert "MINE" in page
    assert "THEIRS" not in page
    event = core.events(verb="read").last()
    assert (event.who, event.subject) == (mine.person.pk, "cases/adult-ecmo/RJ1")
    assert core.event_detail(event)["cases"] == 1


def test_the_list_is_filtered_and_downloaded(mine, own):
    accepted(own, case("A-1"), case("A-2"), case("B-1"))
    assert "B-1" not in mine.get(f"{HERE}cases/?case_id=a-").text
    lines = mine.get(f"{HERE}cases.csv?case_id=A-").text.splitlines()
    assert lines == ["\ufeffCase,Date,Area,Sex,Age", "A-1,15 June 2025,QE1,female,45", "A-2,15 June 2025,QE1,female,45"]


def test_an_empty_list_says_what_to_do(mine, own):
    page = mine.get(f"{HERE}cases/").text
    assert "No case stands for this period." in page
    assert f'<a href="{HERE}upload/">Send the file of cases</a>' in page


def test_three_cases_cost_no_more_look_ups_than_one(mine, own, django_assert_num_queries):
    accepted(own, case("A"))
    mine.get(f"{HERE}cases/")
    with CaptureQueriesContext(connection) as for_one:
        mine.get(f"{HERE}cases/")
    accepted(own, case("A"), case("B"), case("C"))
    with django_assert_num_queries(len(for_one)):
        mine.get(f"{HERE}cases/")


# -- keying


def test_a_keyed_case_stands_at_once_without_what_names_the_patient(mine, own):
    answer = mine.post(f"{HERE}key/", KEYED | {"nhs_number": "943 476 5919"}, follow=True)
    assert answer.redirect_chain == [(f"{HERE}cases/", 302)]
    assert "Case K1 was kept." in answer.text
    payload = stands(own)["K1"]
    assert payload["admitted_on"] == "2025-06-15"
    assert payload["pf_ratio"] == 9.4
    assert payload["age"] == 45
    assert "nhs_number" not in payload
    assert "birth_date" not in payload


def test_the_form_is_made_from_the_data_set(mine, own):
    page = mine.get(f"{HERE}key/").text
    for label in ("Case identifier", "NHS number (optional)", "Admitted on", "PF ratio (optional)", "Status at discharge"):
        assert label in page
    assert "From 0 to 100" in page
    assert 'name="centre"' not in page


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"case_id": ""}, "id_case_id", "Case identifier"),
        ({"pf_ratio": "250"}, "id_pf_ratio", "PF ratio: &#39;250&#39; lies outside the agreed range"),
        ({"pf_ratio": "high"}, "id_pf_ratio", "PF ratio: &#39;high&#39; is not a number"),
        ({"sex": "neither"}, "id_sex_0", "is not a permitted value"),
        ({"status": ""}, "id_status_0", "Status at discharge is missing"),
        ({"nhs_number": "1234567890"}, "id_nhs_number", "NHS number"),
        ({"admitted_on_month": "13"}, "id_admitted_on_day", "Admitted on: "),
        ({"admitted_on_day": ""}, "id_admitted_on_day", "date"),
        (
            {"admitted_on_day": "", "admitted_on_month": "", "admitted_on_year": ""},
            "id_admitted_on_day",
            "Admitted on is missing",
        ),
    ],
)
def test_what_the_check_finds_stands_at_its_field_and_nothing_typed_is_lost(mine, own, values, field, said):
    page = mine.post(f"{HERE}key/", KEYED | values).text
    assert "<title>Error: Key one case – Collection – Plenary</title>" in page
    assert f'<a href="#{field}">' in page
    assert page.count(said) >= 2
    assert 'value="QE1"' in page
    assert not stands(own)


def test_a_case_that_stands_is_not_overwritten_by_accident(mine, own):
    accepted(own, case("K1", pf_ratio="5"))
    page = mine.post(f"{HERE}key/", KEYED).text
    assert "Case K1 stands already." in page
    assert stands(own)["K1"]["pf_ratio"] == 5


def test_the_same_identifier_at_another_centre_is_another_case(mine, own, other):
    accepted(other, case("K1"))
    assert mine.post(f"{HERE}key/", KEYED).status_code == 302
    assert set(stands(own)) == {"K1"}


def test_a_case_is_changed_from_the_list(mine, own):
    accepted(own, case("K1", pf_ratio="5"))
    version = queries.current_versions(manager(own)).get()
    assert f"{HERE}key/?case={version.pk}" in mine.get(f"{HERE}cases/").text
    page = mine.get(f"{HERE}key/?case={version.pk}").text
    assert "Change case K1" in page
    assert 'name="pf_ratio" type="text" value="5"' in page
    assert 'name="admitted_on_day" type="text" inputmode="numeric" value="15"' in page
    mine.post(f"{HERE}key/?case={version.pk}", KEYED | {"pf_ratio": "7"})
    assert stands(own)["K1"]["pf_ratio"] == 7


def test_a_change_does_not_move_to_another_identifier(mine, own):
    accepted(own, case("OLD"))
    version = queries.current_versions(manager(own)).get()
    assert "The identifier of this case is OLD." in mine.post(f"{HERE}key/?case={version.pk}", KEYED).text
    assert set(stands(own)) == {"OLD"}


def test_another_centres_case_is_not_opened_by_its_number(mine, own, other):
    accepted(other, case("THEIRS"))
    version = queries.current_versions(manager(other)).get()
    answer = mine.get(f"{HERE}key/?case={version.pk}")
    assert answer.status_code == 404
    assert "THEIRS" not in answer.text


def test_a_signed_off_series_is_not_changed_from_the_screen(mine, own):
    signed_off(own, case("A"))
    page = mine.post(f"{HERE}key/", KEYED).text
    assert "Ask the network lead to reopen it first." in page
    assert set(stands(own)) == {"A"}


def test_a_warning_is_told_and_the_case_is_kept(mine, own):
    answer = mine.post(f"{HERE}key/", KEYED | {"birth_date_year": "80"}, follow=True)
    assert "plenary-message--warning" in answer.text
    assert "year" in answer.text
    assert set(stands(own)) == {"K1"}


def test_a_date_of_another_period_is_told(mine, own):
    answer = mine.post(f"{HERE}key/", KEYED | {"admitted_on_year": "2024"}, follow=True)
    assert "plenary-message--warning" in answer.text
    assert "Its date is 15 June 2024, so it does not count for 2025." in answer.text
    assert "K1" in mine.get(HERE.replace("2025", "2024") + "cases/").text


@pytest.mark.parametrize("rest", ["key/", "headings.csv"])
def test_a_service_without_a_data_set_says_so(as_, db, rest):
    CentreFactory(service__slug="new-service", ods="RJ1")
    answer = as_(CentreDataManager, "new-service/RJ1").get(f"/workspace/collection/new-service/RJ1/2025/{rest}")
    assert answer.status_code == 404
    assert "has no agreed data set yet" in answer.text


# -- fields


@pytest.mark.parametrize(
    ("order", "parts", "text"),
    [
        ("dmy", ("1", "2", "2025"), "01/02/2025"),
        ("mdy", ("1", "2", "2025"), "02/01/2025"),
        ("ymd", ("1", "2", "2025"), "2025-02-01"),
        ("dmy", ("1", "Mar", "2025"), "01/03/2025"),
        ("dmy", ("", "", ""), ""),
        ("dmy", ("", "2", "2025"), "00/02/2025"),
    ],
)
def test_a_date_is_handed_on_as_the_data_set_writes_it(order, parts, text):
    assert cases.DateBoxes(order).clean(dict(zip(("day", "month", "year"), parts, strict=True))) == text


@pytest.mark.parametrize(
    ("known", "widget"),
    [
        (Field("a", "A", type="radio", choices={"1": "One"}, required=True), forms.RadioSelect),
        (Field("a", "A", type="radio", choices={"1": "One"}), forms.Select),
        (Field("a", "A", type="dropdown", choices={str(n): str(n) for n in range(9)}, required=True), forms.Select),
        (Field("a", "A", type="notes"), forms.Textarea),
        (Field("a", "A", validation="number"), forms.TextInput),
        (Field("a", "A", validation="date_dmy"), cases.SplitDate),
    ],
)
def test_each_kind_of_field_has_its_control(known, widget):
    assert type(cases._field(known).widget) is widget


class TestErase:
    """The lead erases a case for a reason; nobody else is asked or may."""

    @pytest.fixture
    def kept(self, own):
        make.accepted(own, make.case("A1", pf_ratio="7.7"), make.case("A2"))
        return CaseVersion.objects.get(case__case_id="A1")

    def address(self, number):
        return f"/workspace/collection/adult-ecmo/RJ1/2025/cases/{number}/erase/"

    def test_after_asking(self, as_, kept):
        lead = as_(CentreLead, "adult-ecmo/RJ1")
        assert self.address(kept.pk) in lead.get("/workspace/collection/adult-ecmo/RJ1/2025/cases/").text
        assert "Erase case A1" in lead.get(self.address(kept.pk)).text
        page = lead.post(self.address(kept.pk), {"reason": " "}).text
        assert "Give the reason" in page
        assert Case.objects.filter(erased=False).count() == 2
        answer = lead.post(self.address(kept.pk), {"reason": "The family asked"}, follow=True)
        assert "Case A1 was erased" in answer.text
        assert list(queries.visible_to(make.lead(kept.case.centre)).values_list("case_id", flat=True)) == ["A2"]
        assert lead.get(self.address(kept.pk)).status_code == 404
        sent = Submission.objects.get()
        assert "Erased on" in lead.get(f"/workspace/submissions/{sent.pk}/").text

    def test_a_signed_series_is_opened_first(self, as_, kept):
        actions.sign_off_series(
            centre=kept.case.centre, period_start=make.START, period_end=make.END, by=make.lead(kept.case.centre)
        )
        page = as_(CentreLead, "adult-ecmo/RJ1").post(self.address(kept.pk), {"reason": "The family asked"}).text
        assert "Ask the network lead to reopen it first." in page
        assert "The family asked" in page
        assert not Case.objects.filter(erased=True).exists()

    @pytest.mark.parametrize(
        ("role", "scope"),
        [(CentreDataManager, "adult-ecmo/RJ1"), (CentreLead, "adult-ecmo/RM2"), (NetworkLead, "adult-ecmo"), (Administrator, "")],
        ids=lambda value: getattr(value, "key", value or "all"),
    )
    def test_nobody_else(self, as_, kept, other, role, scope):
        browser = as_(role, scope)
        for send in (browser.get, browser.post):
            answer = send(self.address(kept.pk))
            assert answer.status_code == 403
            assert "A1" not in answer.text
        assert not Case.objects.filter(erased=True).exists()

    def test_the_manager_is_not_offered_it(self, as_, kept):
        assert (
            "erase/" not in as_(CentreDataManager, "adult-ecmo/RJ1").get("/workspace/collection/adult-ecmo/RJ1/2025/cases/").text
        )
