"""The document of the private API: it is OpenAPI 3.1, it says what the routes do, and what it says of a call is tried.

That every answer fits it is tried where the calls are made (``test_views``): each of them is held against it.
"""

import json
import re

import pytest
from django.http import HttpRequest, JsonResponse

from plenary.api.private import urls, views
from plenary.api.private.document import CALLS, REFUSALS, document
from plenary.collection.actions import systems
from plenary.collection.terms import SubmissionState
from plenary.web.routes import ROUTES
from tests.schema import misfits, resolved
from tests.unit.api.private.described import operations, undescribed

ADDRESS = "/api/private/v1/openapi.json"
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
ASKED = {"period_start": "2025-01-01", "period_end": "2026-01-01", "filename": "cases.csv", "size": 10}


def every(value):
    """Yield every object within a document."""
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from every(one)


class TestServed:
    def test_anybody_reads_it_without_a_signature(self, client, db):
        answer = client.get(ADDRESS)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
        assert answer.json() == document()

    def test_it_asks_the_database_nothing(self, client, db, django_assert_num_queries):
        with django_assert_num_queries(0):
            client.get(ADDRESS)

    def test_the_handbook_says_where(self, pytestconfig):
        assert ADDRESS in (pytestconfig.rootpath / "docs" / "handbook" / "api.md").read_text("utf-8")


class TestIsOpenAPI:
    """The rules of OpenAPI 3.1 that a document of this kind can break."""

    def test_it_has_what_a_document_must_have_and_survives_json(self):
        found = document()
        assert found.keys() >= {"openapi", "info", "paths"}
        assert found["info"].keys() >= {"title", "version"}
        assert re.fullmatch(r"3\.1\.\d+", found["openapi"])
        assert json.loads(json.dumps(found)) == found

    def test_every_reference_leads_somewhere(self):
        references = [one["$ref"] for one in every(document()) if "$ref" in one]
        assert references
        for reference in references:
            assert resolved(reference, document())

    def test_every_path_declares_its_parameters_and_no_other(self):
        for path, item in document()["paths"].items():
            assert path.startswith("/")
            named = {one["name"] for one in item.get("parameters", ()) if one["in"] == "path"}
            assert named == set(re.findall(r"\{(\w+)\}", path))
            assert all(one["required"] is True for one in item.get("parameters", ()))

    def test_every_operation_has_a_name_of_its_own_and_answers(self):
        told = [(item, method) for item in document()["paths"].values() for method in item.keys() & METHODS]
        names = [item[method]["operationId"] for item, method in told]
        assert len(set(names)) == len(names) == 5
        for item, method in told:
            responses = item[method]["responses"]
            assert any(code.startswith("2") for code in responses)
            assert all(re.fullmatch(r"[2-5]\d\d", code) for code in responses)
            parameters = [(one["name"], one["in"]) for one in [*item.get("parameters", ()), *item[method].get("parameters", ())]]
            assert len(parameters) == len(set(parameters))
        assert all(item.keys() <= METHODS | {"parameters"} for item, _ in told)

    def test_what_secures_it_is_declared_and_is_what_is_signed(self):
        found = document()
        [needed] = found["security"]
        assert needed.keys() == found["components"]["securitySchemes"].keys(), "all three headers together"
        names = {one["name"] for one in found["components"]["securitySchemes"].values()}
        assert names == {"Plenary-Key", "Plenary-Timestamp", "Plenary-Signature"}

    def test_every_schema_is_tried_in_full(self):
        """A word that the check does not know would pass unseen: here it would be a KeyError."""
        for name, schema in document()["components"]["schemas"].items():
            assert misfits({}, schema, document()), name


class TestSaysWhatTheRoutesDo:
    def test_every_route_and_no_other_is_in_it(self):
        declared = {one.name for one in urls.urlpatterns} - {"api_document"}
        assert declared == CALLS.keys()
        assert len(document()["paths"]) == len(CALLS)

    @pytest.mark.parametrize("name", CALLS)
    def test_the_methods_are_those_that_the_view_takes(self, name):
        guarded = next(one.callback for one in urls.urlpatterns if one.name == name)
        address = "/" + re.sub(r"<int:\w+>", "1", re.sub(r"<slug:\w+>", "x", ROUTES[name].pattern))
        arguments = (
            {"token": "x"} if ":token>" in ROUTES[name].pattern else {"number": 1} if ":number>" in ROUTES[name].pattern else {}
        )
        for method in METHODS:
            request = HttpRequest()
            request.method, request.path, request.META = method.upper(), address, {"REQUEST_METHOD": method.upper()}
            if method not in CALLS[name]:
                answer = guarded(request, **arguments)
                assert answer.status_code == 405
                assert undescribed(method, address, answer) == []

    def test_the_limits_are_those_of_the_actions(self):
        begin = document()["components"]["schemas"]["Begin"]["properties"]
        assert (begin["size"]["maximum"], begin["filename"]["maxLength"]) == (systems.LARGEST, 255)
        states = document()["components"]["schemas"]["Submission"]["properties"]["state"]["enum"]
        assert set(states) == {one.value for one in SubmissionState}
        assert f"{systems.PART:,}" in REFUSALS["413"]

    def test_the_table_of_the_handbook_names_the_same_calls(self, pytestconfig):
        page = (pytestconfig.rootpath / "docs" / "handbook" / "api.md").read_text("utf-8")
        rows = re.findall(r"^\| `(GET|PUT|POST) (\S+?)(?:\?\S+)?` \|", page, re.MULTILINE)
        shown = {(method.lower(), re.sub(r"UPLOAD|NUMBER", "{}", path)) for method, path in rows}
        told = {
            (method, re.sub(r"\{\w+\}", "{}", path))
            for path, item in document()["paths"].items()
            for method in item.keys() & METHODS
        }
        assert shown == told
        for code in REFUSALS:
            assert re.search(rf"\b{code}\b", page), f"the handbook does not say what {code} is"


class TestTheCheckItself:
    """What an answer is held against catches what is not described."""

    def answer(self, status, body):
        return JsonResponse(body, status=status)

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (200, {"upload": "x"}),
            (418, {"error": "tea"}),
            (404, {"error": "There is none.", "case": "SECRET-1"}),
            (404, {"error": ""}),
            (404, {}),
            (200, {"upload": "0" * 32, "received": -1, "size": 1, "part": 1, "submission": None}),
            (200, {"upload": "0" * 32, "received": 1, "size": 1, "part": 1, "submission": "7"}),
            (200, {"upload": "0" * 32, "received": True, "size": 1, "part": 1, "submission": 7}),
        ],
    )
    def test_an_answer_that_is_not_as_described(self, status, body):
        assert undescribed("GET", "/api/private/v1/uploads/x/", self.answer(status, body))

    def test_an_answer_that_is(self):
        body = {"upload": "0" * 32, "received": 1, "size": 1, "part": 1, "submission": None}
        assert undescribed("GET", "/api/private/v1/uploads/x/", self.answer(200, body)) == []

    def test_an_address_that_is_not_described(self):
        with pytest.raises(AssertionError, match="not in the document"):
            operations("/api/private/v1/cases/1/")


@pytest.mark.parametrize("change", [{}, {"filename": "x" * 255}, {"size": systems.LARGEST}, {"note": "more is let be"}])
def test_what_may_be_asked_fits(change):
    assert misfits(ASKED | change, document()["components"]["schemas"]["Begin"], document()) == []


@pytest.mark.parametrize(
    "change",
    [
        {"period_start": "20250101"},
        {"filename": ""},
        {"filename": "x" * 256},
        {"filename": 5},
        {"size": 0},
        {"size": systems.LARGEST + 1},
    ],
)
def test_what_may_not_be_asked_does_not(change):
    assert misfits(ASKED | change, document()["components"]["schemas"]["Begin"], document())


def test_the_views_answer_refusals_in_one_shape():
    request = HttpRequest()
    request.method = "DELETE"
    assert json.loads(views.begin(request).content).keys() == {"error"}
