"""A centre's system over HTTP: signed, in time, once, in parts, for its own centre alone."""

import hashlib
import json
import time
from urllib.parse import quote

import pytest
from django.test import Client

from plenary.collection import actions, queries
from plenary.collection.actions import systems
from plenary.collection.models import Submission, SystemCall, SystemUpload
from plenary.collection.queries import systems as keys
from plenary.core.models import AuditEvent, StoredBytes
from tests.factories.collection import case, case_file, lead, make_centre, manager, receive
from tests.unit.api.private.described import undescribed

pytestmark = pytest.mark.django_db
API = "/api/private/v1/"
CONTENT = case_file(case("A1"), case("B2"))
SIZE = len(CONTENT)


class System:
    """What a hospital's programme does: sign each call and send it."""

    def __init__(self, centre, name="PAS"):
        self.key, self.secret = systems.issue_key(centre=centre, name=name, by=lead(centre))
        self.client = Client()

    def call(self, method, path, body=b"", *, at=None, secret=None, signed_path=None, idempotency="", **headers):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        stamp = str(int(at if at is not None else time.time()))
        signature = keys.signature(secret or self.secret, method, signed_path or API + path, stamp, body)
        named = {"Plenary-Key": self.key.key_id, "Plenary-Timestamp": stamp, "Plenary-Signature": signature}
        named |= {"Idempotency-Key": idempotency} if idempotency else {}
        answer = self.client.generic(method, API + path, body, content_type="application/json", headers=named | headers)
        assert undescribed(method, API + path, answer) == [], "every answer is as the OpenAPI document says"
        return answer

    def begin(self, size=SIZE, **more):
        asked = {"period_start": "2025-01-01", "period_end": "2026-01-01", "filename": "cases.csv", "size": size}
        idempotency = more.pop("idempotency", "")
        return self.call("POST", "uploads/", asked | more, idempotency=idempotency)

    def send(self, content=CONTENT, part=100):
        token = self.begin(len(content)).json()["upload"]
        for start in range(0, len(content), part):
            answer = self.call("PUT", f"uploads/{token}/?offset={start}", content[start : start + part])
            assert answer.status_code == 200, answer.content
        digest = hashlib.sha256(content).hexdigest()
        return self.call("POST", f"uploads/{token}/finish/", {"sha256": digest})


@pytest.fixture
def own():
    return make_centre("adult-ecmo", "RJ1")


@pytest.fixture
def system(own):
    return System(own)


def test_a_file_in_parts_becomes_a_checked_submission_with_findings(own, system):
    done = system.send()
    assert done.status_code == 202
    told = system.call("GET", f"submissions/{done.json()['submission']}/")
    assert told.status_code == 200
    document = told.json()
    assert (document["state"], document["cases"], document["counts"]["blocking"]) == ("checked", 2, 0)
    assert document["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert Submission.objects.get().centre == own
    assert not queries.current_versions(manager(own)).exists(), "nothing counts until a person accepts it"


def test_findings_come_back_as_a_person_reads_them(system):
    told = system.call("GET", f"submissions/{system.send(case_file(case('A1', sex='x'))).json()['submission']}/").json()
    [finding] = [one for one in told["findings"] if one["severity"] == "blocking"]
    assert (finding["row"], finding["field"], finding["rule"]) == (2, "sex", "not-permitted")
    assert finding["remedy"]


def test_an_upload_that_broke_off_goes_on_where_it_was(system):
    token = system.begin().json()["upload"]
    system.call("PUT", f"uploads/{token}/?offset=0", CONTENT[:50])
    assert system.call("GET", f"uploads/{token}/").json()["received"] == 50
    again = system.call("PUT", f"uploads/{token}/?offset=0", CONTENT[:50])
    assert (again.status_code, again.json()["received"]) == (200, 50), "the same part twice is once"
    out_of_turn = system.call("PUT", f"uploads/{token}/?offset=70", CONTENT[70:])
    assert out_of_turn.status_code == 409
    assert out_of_turn.json()["error"] == "The next part begins at byte 50, not 70."
    early = system.call("POST", f"uploads/{token}/finish/", {"sha256": "0" * 64})
    assert "the next part begins at byte 50" in early.json()["error"]
    system.call("PUT", f"uploads/{token}/?offset=50", CONTENT[50:])
    wrong = system.call("POST", f"uploads/{token}/finish/", {"sha256": "1" * 64})
    assert (wrong.status_code, "not that of the parts" in wrong.json()["error"]) == (409, True)
    digest = hashlib.sha256(CONTENT).hexdigest()
    first = system.call("POST", f"uploads/{token}/finish/", {"sha256": digest})
    second = system.call("POST", f"uploads/{token}/finish/", {"sha256": digest}, at=time.time() + 5)
    assert first.json()["submission"] == second.json()["submission"]
    assert Submission.objects.count() == 1
    kept = set(StoredBytes.objects.filter(erased_at=None).values_list("pk", flat=True))
    assert hashlib.sha256(CONTENT[:50]).hexdigest() not in kept, "a part is not kept beside the whole"
    assert digest in kept


def test_the_same_idempotency_key_has_the_same_answer(system):
    first = system.begin(idempotency="one")
    second = system.begin(idempotency="one")
    assert (second.status_code, second.json()) == (first.status_code, first.json())
    assert SystemUpload.objects.count() == 1
    other = system.begin(size=7, idempotency="one")
    assert (other.status_code, "another call" in other.json()["error"]) == (422, True)
    assert system.begin(idempotency="x" * 121).status_code == 422


def test_a_replay_is_refused(system):
    now = time.time()
    asked = {"period_start": "2025-01-01", "period_end": "2026-01-01", "filename": "c.csv", "size": 3}
    assert system.call("POST", "uploads/", asked, at=now).status_code == 201
    replay = system.call("POST", "uploads/", asked, at=now)
    assert (replay.status_code, "answered already" in replay.json()["error"]) == (409, True)
    assert SystemUpload.objects.count() == 1


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"secret": "wrong"}, "The signature does not fit"),
        ({"signed_path": f"{API}uploads/"}, "The signature does not fit"),
        ({"at": 1_000_000}, "not within 300 seconds"),
        ({"Plenary-Key": "nobody"}, "not known"),
        ({"Plenary-Key": ""}, "not known"),
        ({"Plenary-Signature": "é"}, "does not fit"),
        ({"Plenary-Timestamp": "soon"}, "does not fit"),
        ({"Plenary-Timestamp": "²"}, "does not fit"),
        ({"Plenary-Key": "\0"}, "not known"),
        ({"Plenary-Key": "\ud800"}, "not known"),
    ],
)
def test_what_is_not_signed_rightly_is_refused_and_learns_nothing(own, system, how, words):
    submission = receive(own, case("SECRET-1", sex="x"))
    answer = system.call("GET", f"submissions/{submission.pk}/", **how)
    assert answer.status_code == 401
    assert words in answer.json()["error"]
    assert "SECRET-1" not in answer.text
    assert set(answer.json()) == {"error"}


@pytest.mark.parametrize("late", [-301, 301])
def test_a_call_out_of_time_is_refused_and_recorded(system, late):
    assert system.call("GET", "submissions/1/", at=time.time() + late).status_code == 401
    event = AuditEvent.objects.get(verb="refuse system call")
    assert "not within 300 seconds" in event.detail
    assert system.call("GET", "submissions/1/", at=time.time() + late * 0.9).status_code == 404


def test_a_key_reaches_its_own_centre_alone(own, system):
    other = make_centre("adult-ecmo", "RM2")
    theirs = receive(other, case("SECRET-1", sex="x"))
    actions.check(submission_id=theirs.pk, by=manager(other))
    answer = system.call("GET", f"submissions/{theirs.pk}/")
    assert answer.status_code == 404
    assert "SECRET-1" not in answer.text
    token = System(other).begin().json()["upload"]
    for method, path, body in (
        ("GET", f"uploads/{token}/", b""),
        ("PUT", f"uploads/{token}/?offset=0", CONTENT),
        ("POST", f"uploads/{token}/finish/", {"sha256": ""}),
    ):
        assert system.call(method, path, body).status_code == 404
    assert not SystemUpload.objects.get(token=token).received


def test_a_revoked_key_opens_nothing_from_then_on(own, system):
    assert system.begin().status_code == 201
    systems.revoke_key(centre=own, number=system.key.pk, by=lead(own))
    assert system.begin(size=9).status_code == 401


def test_every_call_is_recorded(system):
    system.send()
    system.call("GET", "submissions/999/")
    calls = [json.loads(one.detail) for one in AuditEvent.objects.filter(verb="system call").order_by("sequence")]
    parts = -(-len(CONTENT) // 100)
    assert [(one["method"], one["status"]) for one in calls] == [
        ("POST", 201), *[("PUT", 200)] * parts, ("POST", 202), ("GET", 404),
    ]  # fmt: skip
    assert {one["centre"] for one in calls} == {"adult-ecmo/RJ1"}
    assert AuditEvent.objects.filter(verb="system call").first().who_name == "PAS (adult-ecmo/RJ1)"
    assert SystemCall.objects.count() == 2, "parts and questions may be repeated"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"size": 0}, "between 1 and"),
        ({"size": 50_000_001}, "between 1 and"),
        ({"size": "many"}, "whole numbers"),
        ({"size": True}, "whole numbers"),
        ({"period_start": "soon"}, "period_start as a date"),
        ({"period_start": "2027-01-01"}, "period"),
        ({"filename": " "}, "Name the file"),
        ({"filename": "x" * 256}, "Name the file"),
        ({"filename": None}, "filename as a text"),
        ({"filename": {"a": 1}}, "filename as a text"),
        ({"filename": "a\0b.csv"}, "whole letters"),
        ({"filename": "\ud800.csv"}, "whole letters"),
        ({"size": 1e300}, "whole numbers"),
        ({"size": "\ud800"}, "whole numbers"),
        ({"period_start": "20250101"}, "period_start as a date"),
        ({"period_start": "2025-W01-1"}, "period_start as a date"),
        ({"period_start": "\ud800"}, "period_start as a date"),
        ({"period_start": "0001-01-01"}, "between 1900 and 2199"),
        ({"period_end": "9999-12-31"}, "between 1900 and 2199"),
    ],
)
def test_what_cannot_be_begun_says_why(system, more, words):
    answer = system.begin(**more)
    assert answer.status_code == 409
    assert words in answer.json()["error"]
    assert not SystemUpload.objects.exists()


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 100_000, b"\xff"])
def test_a_body_that_is_no_object_is_refused(system, body):
    assert system.call("POST", "uploads/", body).status_code == 409


def test_a_call_that_is_too_large_is_not_read(system, monkeypatch):
    monkeypatch.setattr(systems, "PART", 1000)
    answer = system.call("PUT", "uploads/x/?offset=0", b"x" * 1001)
    assert (answer.status_code, "in parts" in answer.json()["error"]) == (413, True)


@pytest.mark.parametrize(("method", "path"), [("GET", "uploads/"), ("DELETE", "uploads/x/"), ("POST", "submissions/1/")])
def test_other_methods_are_named(system, method, path):
    answer = system.call(method, path)
    assert answer.status_code == 405
    assert answer.headers["Allow"] in answer.json()["error"].replace(" or ", ", ")


@pytest.mark.parametrize("sha256", ["\ud800", "é", "\0", None, 5, ["x"], "0" * 64])
def test_a_digest_that_is_none_is_refused(system, sha256):
    token = system.begin(3).json()["upload"]
    system.call("PUT", f"uploads/{token}/?offset=0", b"abc")
    assert system.call("POST", f"uploads/{token}/finish/", {"sha256": sha256}).status_code == 409
    assert not Submission.objects.exists()


@pytest.mark.parametrize("length", ["²", "-1", "many", "9" * 400])
def test_a_length_that_is_none_is_refused_before_anything_is_read(system, length):
    assert system.call("GET", "submissions/1/", **{"Content-Length": length}).status_code == 413


@pytest.mark.parametrize("path", ["submissions/9999999999999999999999/", "submissions/0/", f"uploads/{'x' * 500}/"])
def test_what_cannot_be_there_is_not_there(system, path):
    assert system.call("GET", path).status_code == 404


@pytest.mark.parametrize("offset", ["", "-1", "1.5", "9" * 17, "１"])
def test_an_offset_is_a_whole_number(system, offset):
    token = system.begin().json()["upload"]
    answer = system.call("PUT", f"uploads/{token}/?offset={quote(offset)}", b"x")
    assert (answer.status_code, "whole numbers" in answer.json()["error"]) == (409, True)
