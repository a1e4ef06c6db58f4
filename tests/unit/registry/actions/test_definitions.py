import shutil
from datetime import date
from pathlib import Path

import pytest

from plenary.core import queries as core_queries
from plenary.core.permissions import NationalCommissioner
from plenary.core.terms import SYSTEM, Refused
from plenary.registry import actions, queries
from plenary.registry.models import Centre, DefinitionFile, Designation, Organisation, OrganisationLink, Service, Succession
from plenary.registry.terms import BadDefinition
from tests.factories.core import make_who

pytestmark = pytest.mark.django_db

DEFINITIONS = Path(__file__).parents[4] / "definitions"


@pytest.fixture
def folder(tmp_path):
    """A copy of the definitions that a test may damage."""
    for part in ("services", "areas"):
        shutil.copytree(DEFINITIONS / part, tmp_path / "definitions" / part)
    return tmp_path / "definitions"


def edit(folder, file, old, new):
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def counts():
    tables = (Service, Centre, Designation, Organisation, OrganisationLink, Succession, DefinitionFile)
    return [table.objects.count() for table in tables]


def test_what_is_loaded(loaded):
    assert loaded.changed is True
    assert (loaded.services, loaded.centres) == (82, 220)
    assert Service.objects.count() == 82
    assert Centre.objects.count() == Designation.objects.count() == 220
    assert loaded.organisations == Organisation.objects.count() == 206 + 976 + 26
    assert Succession.objects.count() == 434


def test_one_event_carries_every_file_and_its_hash(loaded):
    (event,) = core_queries.events(verb="load definitions")
    assert core_queries.event_detail(event)["files"] == dict(loaded.files)
    assert len(loaded.files) == 82 + 4


def test_a_second_load_changes_nothing(loaded, django_assert_num_queries):
    before = counts()
    with django_assert_num_queries(3):  # the transaction's two ends, and the hashes
        again = actions.load_definitions(by=SYSTEM)
    assert again.changed is False
    assert again.files == loaded.files
    assert counts() == before
    assert core_queries.events(verb="load definitions").count() == 1


def test_a_changed_sentence_is_brought_up_to_date(loaded, folder):
    before = counts()
    edit(folder, "services/lam.toml", "Assessment and treatment", "Care")
    assert actions.load_definitions(folder=folder, by=SYSTEM).changed is True
    assert queries.service("lam").description.startswith("Care of")
    assert counts() == before


def test_a_new_centre_is_added_and_an_old_one_keeps_its_row(loaded, folder):
    row = queries.centre("lam", "RX1").pk
    with (folder / "services" / "lam.toml").open("a", encoding="utf-8") as file:
        file.write(
            '\n[[centre]]\nods = "RGT"\nprovider = "Cambridge"\nsites = ["Addenbrooke\'s Hospital"]\n'
            'confidence = "recalled"\nods_confidence = "confirmed"\n'
        )
    actions.load_definitions(folder=folder, by=SYSTEM)
    added = queries.centre("lam", "RGT")
    assert (added.latitude, added.confirmed) == (52.17513, False)
    assert queries.centre("lam", "RX1").pk == row
    assert queries.centres("lam", date(2026, 11, 22)).count() == 2


def test_a_decision_made_here_outlives_a_load(loaded, folder):
    actions.de_nominate(service="lam", ods="RX1", on=date(2026, 1, 1), authority="Board paper 7", by=SYSTEM)
    edit(folder, "services/lam.toml", "Assessment and treatment", "Care")
    actions.load_definitions(folder=folder, by=SYSTEM)
    (standing,) = queries.designations("lam")
    assert (standing.valid_to, standing.ended_by) == (date(2026, 1, 1), "Board paper 7")
    assert not queries.centres("lam", date(2026, 11, 22))


def test_a_merger_decided_here_outlives_a_load(loaded, folder):
    actions.succeed(predecessor="RX1", successor="RWE", on=date(2027, 4, 1), kind="merger", authority="Order", by=SYSTEM)
    edit(folder, "services/lam.toml", "Assessment and treatment", "Care")
    actions.load_definitions(folder=folder, by=SYSTEM)
    assert queries.organisation("RX1").closed_on == date(2027, 4, 1)
    assert queries.successors_on("RX1", date(2027, 4, 1)) == ["RWE"]
    assert [centre.ods for centre in queries.centres("lam", date(2027, 4, 1))] == ["RWE"]


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("services/lam.toml", 'confidence = "confirmed"', 'confidence = "sure"', r"services/lam\.toml"),
        ("areas/trusts.csv", "RGT,", "RGT,one cell too many,", "areas"),
        ("areas/hospitals.csv", "52.17513", "north", "areas"),
        ("areas/hospitals.csv", ",CB2,", ",<Null>,", "areas: .*outcode"),
        ("areas/hospitals.csv", ",CB2,hospital,", ",CB2,palace,", "areas: .*kind"),
        ("services/lam.toml", 'category = "', 'category = "' + "very " * 20, "services: .*category"),
        ("areas/trust_successions.csv", "2021-02-01", "February 2021", "areas"),
    ],
)
def test_a_wrong_file_changes_nothing(folder, file, old, new, says):
    edit(folder, file, old, new)
    with pytest.raises(BadDefinition, match=says):
        actions.load_definitions(folder=folder, by=SYSTEM)
    assert counts() == [0] * 7
    assert core_queries.events().count() == 0


@pytest.mark.parametrize("gone", ["areas/trusts.csv", "services"])
def test_an_incomplete_folder_is_refused(folder, gone):
    (shutil.rmtree if gone == "services" else Path.unlink)(folder / gone)
    with pytest.raises(BadDefinition, match="does not hold the definitions"):
        actions.load_definitions(folder=folder, by=SYSTEM)
    assert counts() == [0] * 7


def test_a_commissioner_may_not_load(folder):
    with pytest.raises(Refused, match="administrator"):
        actions.load_definitions(folder=folder, by=make_who(NationalCommissioner))
    assert counts() == [0] * 7


def test_the_merger_of_2021_keeps_its_history(loaded):
    centres = {
        centre.ods: centre.designations.get()
        for centre in queries.centres("heart-lung-transplant")
        if centre.ods in {"RT3", "RJ1"}
    }
    assert centres["RT3"].valid_to == centres["RJ1"].valid_from == date(2021, 2, 1)
    assert queries.centre("heart-lung-transplant", "RJ1").confidence == "inferred"


def test_a_transferred_designation(loaded):
    adult = (
        {centre.ods for centre in queries.centres("alstrom", date(2011, 12, 31))},
        {centre.ods for centre in queries.centres("alstrom", date(2012, 1, 1))},
    )
    assert adult == ({"RA9", "RQ3"}, {"RRK", "RQ3"})


def test_most_centres_are_on_the_map(loaded):
    unplaced = set(Centre.objects.filter(latitude=None).values_list("ods", flat=True))
    assert unplaced == {"RT3", "RNK", "RXT"}


def test_a_hospitals_trust_exists(loaded):
    parents = set(OrganisationLink.objects.filter(kind="part of").values_list("to", flat=True))
    assert parents <= set(Organisation.objects.values_list("code", flat=True))


def test_every_provider_is_an_organisation_that_we_know(loaded):
    assert set(Centre.objects.values_list("ods", flat=True)) <= set(Organisation.objects.values_list("code", flat=True))


def test_every_trust_has_a_region_on_both_maps(loaded):
    for on in (date(2026, 3, 31), date(2026, 4, 1)):
        for one in Organisation.objects.filter(kind="trust", closed_on=None):
            assert queries.place(one.code, on).region, one.code
