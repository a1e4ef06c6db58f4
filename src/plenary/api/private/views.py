"""The calls of a centre's system: begin a file, send its parts, finish it, ask how far it is. All is JSON but the parts."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from plenary.collection.actions import systems as actions
from plenary.collection.queries import systems as queries
from plenary.core.terms import SYSTEM, NotPossible, Refused

Key = Any
Act = Callable[..., actions.Answer]


def signed(*methods: str) -> Callable[[Act], Callable[..., HttpResponse]]:
    """Let a call through that one of a centre's keys has signed; answer every other with the reason, as JSON."""

    def guarded(act: Act) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @wraps(act)
        def answered(request: HttpRequest, **arguments: Any) -> HttpResponse:
            if request.method not in methods:
                return JsonResponse({"error": f"Use {' or '.join(methods)}."}, status=405, headers={"Allow": ", ".join(methods)})
            if not _fits(request):
                return JsonResponse(
                    {"error": f"A call carries at most {actions.PART:,} bytes: send the file in parts."}, status=413
                )
            try:
                status, told = _answer(request, act, arguments)
            except Refused as refusal:
                status, told = 401, {"error": str(refusal)}
            return JsonResponse(told, status=status)

        return answered

    return guarded


def _fits(request: HttpRequest) -> bool:
    announced = request.headers.get("Content-Length", "0") or "0"
    return announced.isascii() and announced.isdigit() and int(announced[:20]) <= actions.PART


def _answer(request: HttpRequest, act: Act, arguments: dict[str, Any]) -> actions.Answer:
    call: dict[str, Any] = {"method": str(request.method), "path": request.get_full_path(), "body": request.body}
    signature = request.headers.get("Plenary-Signature", "")
    key = actions.open_call(
        key_id=request.headers.get("Plenary-Key", ""),
        timestamp=request.headers.get("Plenary-Timestamp", ""),
        signature=signature,
        now=timezone.now(),
        by=SYSTEM,
        **call,
    )
    idempotency = request.headers.get("Idempotency-Key", "")
    return actions.answer_call(
        key=key,
        by=queries.acting(key),
        signature=signature,
        idempotency=idempotency,
        act=lambda: act(request, key, **arguments),
        **call,
    )


@signed("POST")
def begin(request: HttpRequest, key: Key) -> actions.Answer:
    """Begin a file."""
    asked = _document(request)
    made = actions.begin_upload(
        key=key,
        by=queries.acting(key),
        period_start=_day(asked, "period_start"),
        period_end=_day(asked, "period_end"),
        filename=_text(asked, "filename"),
        size=_whole(asked.get("size")),
    )
    return 201, _told(made)


@signed("PUT", "GET")
def upload(request: HttpRequest, key: Key, token: str) -> actions.Answer:
    """Take the next part of a file, or say how far it is."""
    if request.method == "GET":
        return 200, _told(queries.upload(key, token))
    offset = request.GET.get("offset", "")
    return 200, _told(actions.add_part(key=key, by=queries.acting(key), token=token, offset=_whole(offset), content=request.body))


@signed("POST")
def finish(request: HttpRequest, key: Key, token: str) -> actions.Answer:
    """Put the file together and receive it."""
    sha256 = _text(_document(request), "sha256")
    return 202, _told(actions.finish_upload(key=key, by=queries.acting(key), token=token, sha256=sha256))


@signed("GET")
def submission(request: HttpRequest, key: Key, number: int) -> actions.Answer:  # noqa: ARG001 - the shape of every call
    """Say how far a submission is, and what was found."""
    return 200, queries.told(key, number)


# -- small parts


def _told(one: Any) -> dict[str, Any]:
    return {
        "upload": one.token,
        "received": one.received,
        "size": one.size,
        "part": actions.PART,
        "submission": one.submission_id,
    }


def _document(request: HttpRequest) -> dict[str, Any]:
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError) as problem:
        raise NotPossible("The body is not JSON.") from problem
    if not isinstance(found, dict):
        raise NotPossible("The body is a JSON object.")
    return found


def _text(asked: dict[str, Any], name: str) -> str:
    """Return a text that a database can hold: JSON may spell half a letter, and PostgreSQL takes no NUL."""
    value = asked.get(name, "")
    if not isinstance(value, str) or "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise NotPossible(f"Give {name} as a text of whole letters.")
    return value


def _day(asked: dict[str, Any], name: str) -> dt.date:
    value = str(asked.get(name, ""))
    try:
        return dt.date.fromisoformat(value if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value) else "")
    except ValueError as problem:
        raise NotPossible(f"Give {name} as a date, for instance 2026-01-01.") from problem


def _whole(value: Any) -> int:
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) < 16):
        raise NotPossible("Give sizes and offsets as whole numbers of bytes.")
    return int(text)
