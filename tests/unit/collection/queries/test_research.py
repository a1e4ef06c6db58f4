"""What may leave for research: no identifier, no free text, no day, and nobody who said no, here or elsewhere."""

from datetime import date

import pytest

from plenary.collection.models import Case, CaseMark, CaseVersion
from plenary.collection.queries import consent, data_set, research
from plenary.core import permissions as roles
from plenary.core.terms import NOBODY, SYSTEM
from plenary_stats import spec
from tests.factories import collection as make
from tests.factories.collection import END, START, case
from tests.factories.core import make_who
from tests.unit.collection.actions.test_consent import say

pytestmark = pytest.mark.django_db

NHS = "9434765919"
HEADINGS = (
    "Variable / Field Name,Field Type,Field Label,Choices,Text Validation Type OR Show Slider Number,Identifier?,Field Annotation"
)
WORDY = f"""{HEADINGS}
case_id,text,Case,,,,
hospital_number,text,Hospital number,,,y,
ward,text,Ward,,,,
story,notes,Remarks,,,,
admitted_on,text,Admitted,,date_dmy,,@INDEXDATE
died_on,text,Died,,date_dmy,,
weight,text,Weight,,number,,
status,radio,Status,"a, A | b, B",,,
phone,text,Telephone,,phone,,
score,calc,Score,[weight] * 2,,,
"""


@pytest.fixture(autouse=True)
def in_force(db):
    make.shipped("objection")


@pytest.fixture
def centre():
    return make.make_centre()


def standing(centre, who=None):
    return research.standing(who or make.lead(centre), centre, START, END)


def barred(centre):
    found = research.barred(standing(centre))
    return set(Case.objects.filter(pk__in=found).values_list("case_id", flat=True))


class TestOffered:
    def names(self, text):
        return [one.name for one in research.offered(spec.read_dictionary(text, "lam", "1"))]

    def test_neither_identifiers_nor_free_text(self):
        assert self.names(WORDY) == ["admitted_on", "died_on", "weight", "status", "area", "sex", "age"]

    def test_no_date_where_nothing_says_since_when(self):
        without = WORDY.replace("@INDEXDATE", "")
        assert "admitted_on" not in self.names(without)
        assert "died_on" not in self.names(without)

    def test_every_field_of_the_data_set_is_offered_or_named_here(self, centre):
        dataset = data_set(centre.service.data_set_versions.get())
        left = set(dataset.columns) - {one.name for one in research.offered(dataset)}
        assert left == {"case_id", "centre", "nhs_number", "birth_date"}


class TestBarred:
    def test_nobody_said_anything(self, centre):
        make.accepted(centre, case("A"), case("B"))
        assert barred(centre) == set()

    @pytest.mark.parametrize("wish", ["opt_out", "objection"])
    def test_who_said_no(self, centre, wish):
        make.accepted(centre, case("A"), case("B"))
        say(centre, "A", wish)
        assert barred(centre) == {"A"}

    @pytest.mark.parametrize("written", ["a1", "A1", " a1 "])
    def test_however_the_identifier_is_written(self, centre, written):
        """An opt-out may be recorded before the case is sent, by somebody else's spelling."""
        say(centre, written, "opt_out")
        make.accepted(centre, case("A1"), case("B"))
        assert barred(centre) == {"A1"}

    def test_who_took_it_back(self, centre):
        make.accepted(centre, case("A"))
        say(centre, "A", "opt_out", said_on=date(2026, 1, 1))
        say(centre, "A", "opt_out", "withdrawn", said_on=date(2026, 2, 1))
        assert barred(centre) == set()

    def test_the_same_identifier_at_another_centre_is_another_patient(self, centre):
        make.accepted(centre, case("A"))
        other = make.make_centre(ods="RJ7")
        say(other, "A", "opt_out")
        assert barred(centre) == set()

    @pytest.mark.parametrize("slug", ["adult-ecmo", "lam"])
    def test_who_opted_out_at_another_centre_by_the_nhs_number(self, centre, slug):
        make.accepted(centre, case("A", nhs_number=NHS), case("B", sex="male"))
        other = make.make_centre(slug, "RJ7")
        make.accepted(other, case("THEIRS", nhs_number=NHS))
        say(other, "THEIRS", "opt_out", by=make.lead(other))
        assert barred(centre) == {"A"}

    def test_what_was_erased_to_a_number_elsewhere_says_nothing_of_the_patient_any_more(self, centre):
        """As the handbook says: no pseudonym is kept of whoever objected, so the objection is recorded at each centre."""
        make.accepted(centre, case("A", nhs_number=NHS))
        other = make.make_centre(ods="RJ7")
        make.accepted(other, case("THEIRS", nhs_number=NHS))
        say(other, "THEIRS", "objection", by=make.lead(other))
        assert not CaseMark.objects.filter(case__centre=other).exists()
        assert barred(centre) == set()

    def test_one_more_case_of_the_same_patient(self, centre):
        make.accepted(centre, case("A", nhs_number=NHS), case("A-again", nhs_number=NHS, admitted_on="01/11/2025"))
        say(centre, "A", "opt_out")
        assert barred(centre) == {"A", "A-again"}

    def test_pseudonyms_of_another_key_say_nothing(self, centre):
        make.accepted(centre, case("A", nhs_number=NHS))
        other = make.make_centre(ods="RJ7")
        make.accepted(other, case("THEIRS", nhs_number=NHS))
        say(other, "THEIRS", "opt_out", by=make.lead(other))
        CaseMark.objects.filter(case__case_id="THEIRS").update(key_id="another")
        assert barred(centre) == set()

    @pytest.mark.parametrize("count", [1, 3])
    def test_as_many_queries_for_one_as_for_three(self, centre, count, django_assert_num_queries):
        make.accepted(centre, *(case(f"A{n}", nhs_number=NHS, admitted_on=f"0{n + 1}/06/2025") for n in range(count)))
        versions = standing(centre)
        with django_assert_num_queries(4):
            assert research.barred(versions) == set()


class TestExtract:
    def extract(self, centre, *wanted):
        return research.extract_of(data_set(centre.service.data_set_versions.get()), standing(centre), wanted)

    def test_the_chosen_fields_in_the_order_of_the_data_set(self, centre):
        make.accepted(centre, case("A", pf_ratio="7.5"), case("B", pf_ratio="", status="dead"))
        found = self.extract(centre, "status", "pf_ratio", "age")
        assert found.columns == ("pf_ratio", "status", "age")
        assert found.rows == (("", "dead", 45.0), (7.5, "alive", 45.0))
        assert found.left_out == 0

    def test_of_dates_the_year_alone(self, centre):
        make.accepted(centre, case("A"))
        found = self.extract(centre, "admitted_on")
        assert (found.columns, found.rows) == (("admitted_on_year",), ((2025,),))

    def test_of_other_dates_the_days_since(self):
        dataset = spec.read_dictionary(WORDY, "lam", "1")
        centre = make.make_centre("lam", "RX1")
        row = Case.objects.create(centre=centre, case_id="A", index_on=date(2025, 6, 15))
        payload = {"admitted_on": "2025-06-15", "died_on": "2025-07-01"}
        one = CaseVersion(case=row, payload=payload)
        assert research.extract_of(dataset, [one], ["died_on"]).rows == ((16,),)
        one.payload = {"died_on": "2025-07-01"}
        assert research.extract_of(dataset, [one], ["died_on"]).rows == (("",),), "without a date of the case there is no day"

    def test_the_rows_do_not_stand_in_the_order_of_the_cases(self, centre):
        make.accepted(centre, case("A", pf_ratio="9"), case("B", pf_ratio="1"), case("C", pf_ratio="5"))
        assert [row[0] for row in self.extract(centre, "pf_ratio").rows] == [1.0, 5.0, 9.0]

    def test_whoever_said_no_is_counted_and_not_there(self, centre):
        make.accepted(centre, case("A", pf_ratio="66.6"), case("B", pf_ratio="77.7"), case("C"))
        say(centre, "A", "opt_out")
        say(centre, "B", "objection")
        found = self.extract(centre, "pf_ratio", "status")
        assert (len(found.rows), found.left_out) == (1, 2)
        assert "66.6" not in str(found)
        assert "77.7" not in str(found)

    def test_a_field_that_is_not_offered_is_never_taken(self, centre):
        make.accepted(centre, case("SECRET-1", nhs_number=NHS))
        found = self.extract(centre, "case_id", "nhs_number", "birth_date", "centre", "status")
        assert found.columns == ("status",)


@pytest.mark.parametrize(
    "who",
    [
        NOBODY,
        SYSTEM,
        make_who(roles.NetworkLead, "adult-ecmo"),
        make_who(roles.NationalCommissioner, "England"),
        make_who(roles.CentreLead, "adult-ecmo/RJ7"),
    ],
)
def test_nothing_stands_for_strangers(centre, who):
    make.accepted(centre, case("SECRET-1"))
    assert research.standing(who, centre, START, END) == []


def test_erased_cases_and_other_periods_are_not_in_it(centre):
    make.accepted(centre, case("A"), case("GONE"))
    make.accepted(centre, case("EARLY", admitted_on="01/06/2024"), start=date(2024, 1, 1), end=START)
    make.actions.erase_case(centre=centre, case_id="GONE", reason="request", by=make.lead(centre))
    assert [one.case.case_id for one in standing(centre)] == ["A"]


def test_what_nobody_may_use_is_what_the_settings_say(centre):
    assert consent.not_for_research([]) == set()
