"""A case is keyed by the rules of a file."""

import pytest

from plenary.collection import actions
from plenary.collection.models import Case, CaseVersion, Submission
from plenary.core.terms import Refused
from tests.factories import collection as make
from tests.factories.collection import case
from tests.unit.collection.actions.told import PERIOD, current

pytestmark = pytest.mark.django_db


class TestKeyCase:
    def key(self, centre, **values):
        return actions.key_case(centre=centre, **PERIOD, values=case("K1") | values, by=make.manager(centre))

    def test_the_same_check_and_the_same_case(self, centre):
        submission, findings = self.key(centre)
        assert (submission.route, submission.state, submission.cases) == ("keyed", "accepted", 1)
        assert not [one for one in findings if one.severity == "blocking"]
        assert current(centre) == {"K1": "alive"}

    def test_the_same_payload_as_from_a_file(self, centre):
        self.key(centre)
        keyed = CaseVersion.objects.get().payload
        other = make.make_centre(ods="RJ7")
        make.accepted(other, case("K1"))
        assert CaseVersion.objects.get(case__centre=other).payload == keyed

    def test_a_blocking_finding_stores_nothing(self, centre):
        submission, findings = self.key(centre, status="lost")
        assert submission is None
        assert [one.field for one in findings if one.severity == "blocking"] == ["status"]
        assert not Case.objects.exists()
        assert not Submission.objects.exists()

    def test_text_with_commas_quotes_and_lines(self, centre):
        submission, _ = self.key(centre, area='Q"E,1\n')
        assert submission is not None

    def test_keyed_cases_survive_a_file_without_them(self, centre):
        self.key(centre)
        make.accepted(centre, case("A1"))
        assert current(centre) == {"K1": "alive", "A1": "alive"}

    def test_a_keyed_case_replaces_the_sent_one(self, centre):
        make.accepted(centre, case("K1", status="dead"))
        self.key(centre)
        assert current(centre) == {"K1": "alive"}
        assert CaseVersion.objects.count() == 2

    def test_not_for_another_centre_even_if_the_row_says_so(self, centre, elsewhere):
        values = case("K1") | {"centre": "RJ7"}
        actions.key_case(centre=centre, **PERIOD, values=values, by=make.manager(centre))
        assert current(elsewhere) == {"SECRET-7": "dead"}
        assert set(current(centre)) == {"K1"}

    def test_not_by_others(self, centre, elsewhere):
        with pytest.raises(Refused):
            actions.key_case(centre=centre, **PERIOD, values=case("K1"), by=make.manager(elsewhere))
        assert current(centre) == {}
