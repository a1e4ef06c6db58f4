"""The OpenAPI 3.1 document of the calls of centres' systems: what each asks, what it answers, and every refusal.

The addresses come from the routes, the limits from the actions; what a call asks and answers is told here, once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpRequest, JsonResponse

from plenary.collection.actions import systems as actions
from plenary.collection.terms import SubmissionState
from plenary.web.routes import ROUTES

Schema = dict[str, Any]

OPENAPI: Final = "3.1.0"
JSON: Final = "application/json"
BYTES: Final = "application/octet-stream"
SEVERITIES: Final = ["blocking", "warning", "notice"]

SHA256: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
DAY: Schema = {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
COUNT: Schema = {"type": "integer", "minimum": 0}


def _object(properties: Mapping[str, Schema], **more: Any) -> Schema:
    """Return the schema of an object that has all of these and nothing else."""
    return {"type": "object", "properties": dict(properties), "required": list(properties), "additionalProperties": False} | more


def _ref(kind: str, name: str) -> Schema:
    return {"$ref": f"#/components/{kind}/{name}"}


SCHEMAS: dict[str, Schema] = {
    "Begin": _object(
        {
            "period_start": DAY | {"description": "The first day of the period."},
            "period_end": DAY | {"description": "The first day after the period."},
            "filename": {"type": "string", "minLength": 1, "maxLength": actions.LONGEST_NAME},
            "size": {"type": "integer", "minimum": 1, "maximum": actions.LARGEST, "description": "Bytes of the whole file."},
        },
        additionalProperties=True,
    ),
    "Finish": _object(
        {"sha256": {"type": "string", "pattern": "^[0-9A-Fa-f]{64}$", "description": "Of the whole file, in hexadecimal."}},
        additionalProperties=True,
    ),
    "Upload": _object(
        {
            "upload": {"type": "string", "pattern": "^[0-9a-f]{32}$", "description": "What the next calls name it by."},
            "received": COUNT | {"description": "Bytes that are here: the next part begins at this one."},
            "size": COUNT,
            "part": COUNT | {"description": "The most bytes of one part."},
            "submission": {"type": ["integer", "null"], "description": "Its number, once it is finished."},
        }
    ),
    "Submission": _object(
        {
            "submission": COUNT,
            "state": {"type": "string", "enum": [str(state) for state in SubmissionState]},
            "sha256": SHA256,
            "cases": COUNT,
            "counts": _object(dict.fromkeys(SEVERITIES, COUNT)),
            "findings": {"type": "array", "items": _ref("schemas", "Finding")},
        }
    ),
    "Finding": _object(
        {
            "file": {"type": "string"},
            "row": COUNT | {"description": "The row of the file, headings included; 0 for the file as a whole."},
            "field": {"type": "string"},
            "rule": {"type": "string"},
            "severity": {"type": "string", "enum": SEVERITIES},
            "message": {"type": "string"},
            "remedy": {"type": "string", "description": "How to mend it."},
        }
    ),
    "Refusal": _object({"error": {"type": "string", "minLength": 1, "description": "Why, and what to do."}}),
}  # fmt: skip

REFUSALS: dict[str, str] = {
    "401": "The key, the signature or the time.",
    "404": "Not there, or another centre's.",
    "409": "Not possible now, or this very call was answered already.",
    "413": f"More than {actions.PART:,} bytes in one call.",
    "422": "The Idempotency-Key was used for another call, or is too long.",
}

SIGNED: Schema = {
    "PlenaryKey": {"type": "apiKey", "in": "header", "name": "Plenary-Key"},
    "PlenaryTimestamp": {
        "type": "apiKey", "in": "header", "name": "Plenary-Timestamp",
        "description": f"Seconds since 1 January 1970, UTC; at most {actions.WINDOW} away from the installation's clock.",
    },
    "PlenarySignature": {
        "type": "apiKey", "in": "header", "name": "Plenary-Signature",
        "description": (
            "HMAC-SHA-256 with the secret, in hexadecimal, of four lines joined by line feeds: method, path with query, "
            "timestamp, SHA-256 of the body in hexadecimal."
        ),
    },
}  # fmt: skip

IDEMPOTENCY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same text has the same answer, however often the call is sent.",
    "schema": {"type": "string", "maxLength": actions.LONGEST_KEY},
}
OFFSET: Schema = {
    "name": "offset",
    "in": "query",
    "required": True,
    "description": "The byte of the file at which this part begins.",
    "schema": {"type": "integer", "minimum": 0},
}

CALLS: dict[str, dict[str, Schema]] = {
    "api_begin": {
        "post": {"summary": "Begin a file", "asks": "Begin", "answers": ("201", "Upload"), "parameters": [IDEMPOTENCY]},
    },
    "api_upload": {
        "put": {"summary": "Send the next part of a file", "asks": BYTES, "answers": ("200", "Upload"), "parameters": [OFFSET]},
        "get": {"summary": "Ask how far a file is", "answers": ("200", "Upload")},
    },
    "api_finish": {
        "post": {
            "summary": "Put a file together, receive it and check it",
            "asks": "Finish",
            "answers": ("202", "Upload"),
            "parameters": [IDEMPOTENCY],
        },
    },
    "api_submission": {
        "get": {"summary": "Ask how far a submission is, and what was found", "answers": ("200", "Submission")},
    },
}
"""What each route takes, by method."""

_PARAMETER = re.compile(r"<(\w+):(\w+)>")
_KINDS: dict[str, Schema] = {
    "slug": {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"},
    "int": {"type": "integer", "minimum": 0},
}


def document() -> Schema:
    """Return the whole document."""
    return {
        "openapi": OPENAPI,
        "info": {
            "title": "Plenary: calls of centres' systems",
            "version": "1",
            "summary": "A centre's own system sends its files in parts, once however often it asks, and reads what was found.",
            "description": "How calls are signed, and examples, stand in the handbook, docs/handbook/api.md.",
        },
        "servers": [{"url": "/"}],
        "security": [{name: [] for name in SIGNED}],
        "paths": {_path(ROUTES[name].pattern): _item(name, methods) for name, methods in CALLS.items()},
        "components": {
            "schemas": SCHEMAS,
            "responses": {f"Refusal{status}": _refusal(words) for status, words in REFUSALS.items()},
            "securitySchemes": SIGNED,
        },
    }


def openapi(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - the shape of a view
    """Answer with the document. It tells nothing that the handbook does not, so it needs no signature."""
    return JsonResponse(document(), json_dumps_params={"ensure_ascii": False, "indent": 1})


def _path(pattern: str) -> str:
    return "/" + _PARAMETER.sub(r"{\2}", pattern)


def _item(name: str, methods: Mapping[str, Schema]) -> Schema:
    named = [
        {"name": called, "in": "path", "required": True, "schema": _KINDS[kind]}
        for kind, called in _PARAMETER.findall(ROUTES[name].pattern)
    ]
    item: Schema = {"parameters": named} if named else {}
    return item | {method: _operation(f"{name}_{method}", told) for method, told in methods.items()}


def _operation(name: str, told: Mapping[str, Any]) -> Schema:
    status, answered = told["answers"]
    found: Schema = {"operationId": name, "summary": told["summary"]}
    if "parameters" in told:
        found["parameters"] = told["parameters"]
    if (asks := told.get("asks")) is not None:
        content = {BYTES: {"schema": {}}} if asks == BYTES else {JSON: {"schema": _ref("schemas", asks)}}
        found["requestBody"] = {"required": True, "content": content}
    done = {"description": told["summary"] + ": done.", "content": {JSON: {"schema": _ref("schemas", answered)}}}
    return found | {"responses": {status: done} | {code: _ref("responses", f"Refusal{code}") for code in REFUSALS}}


def _refusal(words: str) -> Schema:
    return {"description": words, "content": {JSON: {"schema": _ref("schemas", "Refusal")}}}
