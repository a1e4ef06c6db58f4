"""Is an answer of the private API one that its OpenAPI document describes?"""

from __future__ import annotations

import json
import re
from typing import Any

from plenary.api.private.document import document
from tests.schema import misfits, resolved


def operations(path: str) -> dict[str, Any]:
    """Return what the document says of an address (without its query), with the pattern of each parameter tried."""
    for template, item in document()["paths"].items():
        kinds = {one["name"]: one["schema"] for one in item.get("parameters", ())}
        pattern = re.sub(r"\{(\w+)\}", lambda name: _pattern(kinds[name[1]]), template)  # noqa: B023 - used at once
        if re.fullmatch(pattern, path):
            return item
    raise AssertionError(f"{path} is not in the document")


def _pattern(schema: dict[str, Any]) -> str:
    return "[0-9]+" if schema["type"] == "integer" else schema["pattern"].strip("^$")


def undescribed(method: str, path: str, answer: Any) -> list[str]:
    """Return how an answer differs from what the document says of such a call; nothing where it is as described."""
    root = document()
    item = operations(path.partition("?")[0])
    if answer.status_code == 405:
        allowed = {one.strip().lower() for one in answer.headers["Allow"].split(",")}
        wrong = [] if allowed == item.keys() - {"parameters"} else [f"Allow names {allowed}"]
        return wrong + misfits(json.loads(answer.content), root["components"]["schemas"]["Refusal"], root)
    told = item[method.lower()]["responses"].get(str(answer.status_code))
    if told is None:
        return [f"{method} {path} answers {answer.status_code}, which is not described"]
    told = resolved(told["$ref"], root) if "$ref" in told else told
    [(media_type, body)] = told["content"].items()
    wrong = [] if answer.headers["Content-Type"] == media_type else [f"{answer.headers['Content-Type']} is not {media_type}"]
    return wrong + misfits(json.loads(answer.content), body["schema"], root)
