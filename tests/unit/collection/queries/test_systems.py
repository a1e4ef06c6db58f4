"""What is signed, and what a system is told."""

import hashlib
import hmac

import pytest

from plenary.collection.actions import check
from plenary.collection.actions import systems as actions
from plenary.collection.queries import systems
from plenary.core import permissions as roles
from plenary.core.permissions import CentreSystem, holds, sees_cases
from plenary.core.terms import NOBODY, NotFound
from tests.factories.collection import case, lead, make_centre, manager, receive
from tests.factories.core import make_who


def test_the_signature_is_hmac_over_method_path_time_and_body():
    body = b'{"a": 1}'
    message = b"POST\n/api/private/v1/uploads/\n1700000000\n" + hashlib.sha256(body).hexdigest().encode()
    wanted = hmac.new(b"secret", message, hashlib.sha256).hexdigest()
    call = ("secret", "post", "/api/private/v1/uploads/", "1700000000", body)
    assert systems.signature(*call) == wanted
    for place, other in enumerate(("other", "put", "/api/", "1700000001", b"")):
        changed = [other if at == place else part for at, part in enumerate(call)]
        assert systems.signature(*changed) != wanted


@pytest.mark.django_db
def test_a_system_acts_for_one_centre_and_sees_no_case():
    own = make_centre("adult-ecmo", "RJ1")
    key, _ = actions.issue_key(centre=own, name="PAS", by=lead(own))
    who = systems.acting(key)
    assert holds(who, CentreSystem, centre="adult-ecmo/RJ1")
    assert not holds(who, CentreSystem, centre="adult-ecmo/RM2")
    assert not sees_cases(who, service="adult-ecmo", centre="adult-ecmo/RJ1")


@pytest.mark.django_db
def test_what_is_told_is_of_the_own_centre():
    own, other = make_centre("adult-ecmo", "RJ1"), make_centre("adult-ecmo", "RM2")
    key, _ = actions.issue_key(centre=own, name="PAS", by=lead(own))
    mine, theirs = receive(own, case("A1")), receive(other, case("B2"))
    assert systems.told(key, mine.pk)["state"] == "received"
    assert systems.told(key, mine.pk)["findings"] == []
    with pytest.raises(NotFound):
        systems.told(key, theirs.pk)
    with pytest.raises(NotFound):
        systems.upload(key, "nothing")


@pytest.mark.django_db
def test_what_is_told_has_neither_the_case_nor_the_key_of_the_app():
    own = make_centre("adult-ecmo", "RJ1")
    key, _ = actions.issue_key(centre=own, name="PAS", by=lead(own))
    sent = receive(own, case("SECRET-1", area="Atlantis"))
    check(submission_id=sent.pk, by=manager(own))
    [finding] = [one for one in systems.told(key, sent.pk)["findings"] if one["rule"] == "unknown-area"]
    assert finding.keys() == {"file", "row", "field", "rule", "severity", "message", "remedy"}
    assert "SECRET-1" not in str(finding)


@pytest.mark.django_db
class TestCentresToKeep:
    def kept(self, who):
        return [(one.key, one.in_force) for one in systems.centres_to_keep(who)]

    def test_the_administrator_keeps_all_and_a_lead_the_own(self):
        own, _ = make_centre("adult-ecmo", "RJ1"), make_centre("lam", "RX1")
        key, _ = actions.issue_key(centre=own, name="PAS", by=lead(own))
        assert self.kept(make_who(roles.Administrator)) == [("adult-ecmo/RJ1", 1), ("lam/RX1", 0)]
        assert self.kept(lead(own)) == [("adult-ecmo/RJ1", 1)]
        actions.revoke_key(centre=own, number=key.pk, by=lead(own))
        assert self.kept(lead(own)) == [("adult-ecmo/RJ1", 0)]

    @pytest.mark.parametrize("role", [roles.CentreDataManager, roles.NetworkLead, roles.NationalCommissioner, roles.Reviewer])
    def test_nobody_else_keeps_any(self, role):
        make_centre("adult-ecmo", "RJ1")
        scopes = {roles.CentreDataManager: "adult-ecmo/RJ1", roles.NetworkLead: "adult-ecmo"}
        assert self.kept(make_who(role, scopes.get(role, "England"))) == []
        assert self.kept(NOBODY) == []


@pytest.mark.parametrize("key_id", ["", "\0", "\ud800", "é", "a b", "' OR 1=1 --"])
def test_what_cannot_be_a_key_is_not_even_looked_up(key_id):
    assert systems.key(key_id) is None
