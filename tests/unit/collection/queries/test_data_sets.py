"""Which version of a data set holds for a period."""

from datetime import date

import pytest

from plenary.collection import queries
from plenary.collection.models import DataSetVersion
from plenary.core.terms import NotPossible
from tests.factories import collection as make
from tests.factories.collection import END

pytestmark = pytest.mark.django_db


@pytest.fixture
def centre():
    return make.make_centre()


class TestDataSets:
    def adopt(self, centre, version, on):
        extra = f"extra_{version.replace('-', '_')},case,text,Extra,,,,,,,\n".encode()
        return make.DataSetVersionFactory(
            service=centre.service, version=version, adopted_on=on, content=make.DICTIONARY.encode() + extra
        )

    def test_the_version_of_the_period_is_used(self, centre):
        later = self.adopt(centre, "2026-1", date(2026, 1, 1))
        assert queries.data_set_for(centre.service, END).version == "2025-1"
        assert queries.data_set_for(centre.service, date(2026, 1, 2)) == later

    def test_the_earliest_serves_the_years_before_it(self, centre):
        assert queries.data_set_for(centre.service, date(2019, 1, 1)).version == "2025-1"

    def test_none_is_a_clear_refusal(self, centre):
        DataSetVersion.objects.all().delete()
        with pytest.raises(NotPossible, match="no agreed data set yet"):
            queries.data_set_for(centre.service, END)

    @pytest.mark.parametrize("count", [1, 3])
    def test_versions_take_one_query(self, centre, count, django_assert_num_queries):
        for number in range(1, count):
            self.adopt(centre, f"2026-{number}", date(2026, number, 1))
        with django_assert_num_queries(1):
            assert len([str(one) for one in queries.data_set_versions(centre.service)]) == count
