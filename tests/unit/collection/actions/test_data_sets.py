"""A version of a data set is put in force once."""

from datetime import date

import pytest

from plenary.collection import actions, queries
from plenary.collection.models import DataSetVersion
from plenary.core.terms import SYSTEM, NotPossible, Refused
from plenary_stats.spec import InputError
from tests.factories import collection as make
from tests.factories.collection import START
from tests.factories.registry import ServiceFactory
from tests.unit.collection.actions.told import events

pytestmark = pytest.mark.django_db


class TestAdoptDataSet:
    def test_adopted_once_and_read_back(self):
        service = ServiceFactory(slug="lam")
        version = make.DataSetVersionFactory(service=service)
        again = make.DataSetVersionFactory(service=service)
        assert again == version
        assert queries.data_set(version).by_name["status"].choices == {"alive": "Alive", "dead": "Dead"}
        assert len(events("adopt data set")) == 1

    def test_a_version_never_changes(self):
        service = ServiceFactory(slug="lam")
        make.DataSetVersionFactory(service=service)
        with pytest.raises(NotPossible, match="new version"):
            make.DataSetVersionFactory(service=service, content=make.DICTIONARY.encode() + b"extra,case,text,Extra,,,,,,,\n")
        assert DataSetVersion.objects.count() == 1

    def test_a_dictionary_that_cannot_be_read_is_refused(self):
        with pytest.raises(InputError, match="Field Type"):
            make.DataSetVersionFactory(content=b"Variable / Field Name\ncase_id\n")
        assert not DataSetVersion.objects.exists()

    def test_a_centre_does_not_adopt(self, centre):
        with pytest.raises(Refused, match="network"):
            actions.adopt_data_set(
                service=centre.service, version="2", content=make.DICTIONARY.encode(), adopted_on=START, by=make.lead(centre)
            )

    def test_definitions_are_loaded_for_registered_services_only(self, tmp_path):
        ServiceFactory(slug="lam")
        for slug in ("lam", "not-registered"):
            (tmp_path / slug).mkdir()
            (tmp_path / slug / "2024-1.csv").write_text(make.DICTIONARY)
        (tmp_path / "lam" / "proposed-2025-1.csv").write_text(make.DICTIONARY)  # waits for the network
        assert actions.load_definitions(folder=tmp_path, by=SYSTEM) == 1
        assert actions.load_definitions(folder=tmp_path, by=SYSTEM) == 1
        version = DataSetVersion.objects.get()
        assert (version.service.slug, version.version, version.adopted_on) == ("lam", "2024-1", date(2024, 1, 1))
