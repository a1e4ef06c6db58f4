"""Keys of a centre's systems: issued by the lead, shown once, listed, revoked."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from plenary.collection.actions import systems as actions
from plenary.collection.models import SystemKey
from plenary.collection.queries import systems as queries
from plenary.core.permissions import Administrator, CentreDataManager, CentreLead, NetworkLead
from tests.factories.collection import lead, make_centre

pytestmark = pytest.mark.django_db
HERE = "/workspace/systems/adult-ecmo/RJ1/"


@pytest.fixture
def mine(as_, own):
    return as_(CentreLead, "adult-ecmo/RJ1")


def test_without_a_key_the_page_says_what_to_do(mine):
    page = mine.get(HERE).text
    assert "No system has a key." in page
    assert f'href="{HERE}issue/"' in page


def test_the_lead_is_led_there_from_the_period(mine):
    assert f'href="{HERE}"' in mine.get("/workspace/collection/adult-ecmo/RJ1/2025/").text


def test_a_key_is_issued_with_a_secret_that_is_shown_once(mine, own):
    answer = mine.post(f"{HERE}issue/", {"name": "Data warehouse"})
    found = queries.keys(own).get()
    assert queries.secret(found) in answer.text
    assert found.key_id in answer.text
    assert "no-store" in answer.headers["Cache-Control"]
    page = mine.get(HERE).text
    assert "Data warehouse" in page
    assert "In force" in page
    assert queries.secret(found) not in page
    assert queries.secret(found) not in mine.get("/workspace/systems/adult-ecmo/RJ1.csv").text


def test_a_key_without_a_name_is_an_error(mine, own):
    assert mine.post(f"{HERE}issue/", {"name": " "}).text.count("Name the system that the key is for") == 2
    assert not queries.keys(own).exists()


def test_a_key_is_revoked_by_a_button(mine, own):
    made, _ = actions.issue_key(centre=own, name="PAS", by=lead(own))
    address = re.search(r'<form method="post" action="([^"]+revoke/)"', mine.get(HERE).text)[1]
    page = mine.post(address, follow=True).text
    assert "The key is revoked" in page
    assert "In force" not in mine.get("/workspace/systems/adult-ecmo/RJ1.csv").text
    assert queries.key(made.key_id) is None
    assert mine.get(address).status_code == 405


@pytest.mark.parametrize(("state", "names"), [("", ["PAS", "Old"]), ("in force", ["PAS"]), ("revoked", ["Old"])])
def test_the_keys_are_narrowed(mine, own, state, names):
    old, _ = actions.issue_key(centre=own, name="Old", by=lead(own))
    actions.revoke_key(centre=own, number=old.pk, by=lead(own))
    actions.issue_key(centre=own, name="PAS", by=lead(own))
    lines = mine.get("/workspace/systems/adult-ecmo/RJ1.csv", {"state": state}).text.splitlines()[1:]
    assert {line.partition(",")[0] for line in lines} == set(names)


def test_three_keys_cost_no_more_look_ups_than_one(mine, own):
    def cost():
        with CaptureQueriesContext(connection) as found:
            mine.get(HERE)
        return len(found)

    actions.issue_key(centre=own, name="1", by=lead(own))
    cost()
    one = cost()
    for name in "23":
        actions.issue_key(centre=own, name=name, by=lead(own))
    assert cost() == one


def test_an_administrator_issues_and_revokes_too(as_, own):
    keeper = as_(Administrator)
    keeper.post(f"{HERE}issue/", {"name": "PAS"})
    assert queries.keys(own).count() == 1


@pytest.mark.parametrize(
    ("role", "scope"),
    [(CentreDataManager, "adult-ecmo/RJ1"), (CentreLead, "adult-ecmo/RM2"), (NetworkLead, "adult-ecmo")],
)
def test_nobody_else_sees_issues_or_revokes(as_, own, other, role, scope):
    made, _ = actions.issue_key(centre=own, name="SECRET-SYSTEM", by=lead(own))
    stranger = as_(role, scope)
    for address in (HERE, "/workspace/systems/adult-ecmo/RJ1.csv", f"{HERE}issue/"):
        answer = stranger.get(address)
        assert answer.status_code == 403
        assert "SECRET-SYSTEM" not in answer.text
    assert stranger.post(f"{HERE}issue/", {"name": "x"}).status_code == 403
    assert stranger.post(f"{HERE}{made.pk}/revoke/").status_code == 403
    assert SystemKey.objects.get().revoked_at is None


class TestAllSystems:
    """Every centre whose keys one keeps: the way there for those who administer."""

    LIST = "/workspace/systems/"

    def test_an_administrator_is_led_there_from_the_people(self, as_, own):
        keeper = as_(Administrator)
        assert f'href="{self.LIST}"' in keeper.get("/workspace/people/").text
        assert f'href="{HERE}"' in keeper.get(self.LIST).text
        assert f'href="{self.LIST}"' in keeper.get(HERE).text

    def test_it_says_how_many_keys_are_in_force(self, as_, own):
        for name in ("PAS", "Warehouse"):
            made, secret = actions.issue_key(centre=own, name=name, by=lead(own))
        actions.revoke_key(centre=own, number=made.pk, by=lead(own))
        rows = as_(Administrator).get("/workspace/systems.csv").text.splitlines()
        assert rows[1].startswith("Trust RJ1 (RJ1),Adult ecmo service,1,")
        assert secret not in "".join(rows)
        assert made.key_id not in "".join(rows)

    def test_the_administrator_sees_all_and_a_lead_the_own(self, as_, mine, own, other):
        make_centre("lam", "RX1")
        assert len(as_(Administrator).get("/workspace/systems.csv").text.splitlines()) == 4
        assert len(mine.get("/workspace/systems.csv").text.splitlines()) == 2
        assert "RM2" not in mine.get(self.LIST).text

    @pytest.mark.parametrize(
        ("query", "left"), [("text=rm2", 1), ("text=ecmo", 2), ("keys=some", 1), ("keys=none", 1), ("text=no", 0)]
    )
    def test_it_is_narrowed(self, as_, own, other, query, left):
        actions.issue_key(centre=own, name="PAS", by=lead(own))
        assert len(as_(Administrator).get(f"/workspace/systems.csv?{query}").text.splitlines()) == left + 1

    def test_without_a_centre_it_says_so(self, as_):
        assert "There is no centre yet" in as_(Administrator).get(self.LIST).text

    @pytest.mark.parametrize("role", [CentreDataManager, NetworkLead])
    def test_others_are_refused(self, as_, own, role):
        scope = "adult-ecmo/RJ1" if role is CentreDataManager else "adult-ecmo"
        assert as_(role, scope).get(self.LIST).status_code == 403

    def test_three_centres_cost_no_more_look_ups_than_one(self, as_, own):
        keeper = as_(Administrator)

        def cost():
            with CaptureQueriesContext(connection) as found:
                keeper.get(self.LIST)
            return len(found)

        cost()
        one = cost()
        for ods in ("RM2", "RX1"):
            make_centre("adult-ecmo", ods)
        assert cost() == one
