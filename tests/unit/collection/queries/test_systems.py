"""What is signed, and what a system is told."""

import hashlib
import hmac

import pytest

from plenary.collection.actions import systems as actions
from plenary.collection.queries import systems
from plenary.core.permissions import CentreSystem, holds, sees_cases
from plenary.core.terms import NotFound
from tests.factories.collection import case, lead, make_centre, receive


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
