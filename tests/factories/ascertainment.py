"""Answers of national hospital data for tests, as ``cases ascertain`` writes them. Everybody in them is invented."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any

from plenary.collection.actions import ascertainment as actions
from plenary.collection.models import Ascertainment, ExpectedCase
from plenary.core import permissions
from plenary_episodes.answers import COLUMNS
from tests.factories.collection import END, START
from tests.factories.core import make_who

COMMISSIONER = make_who(permissions.NationalCommissioner, "England", person_id=31, name="Nora National")


def person(name: str) -> str:
    """Return what stands for a pseudonym."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def row(status: str, name: str, case: str = "", **values: str) -> dict[str, Any]:
    """Return one case of an answer: an invented person's, at RJ1, in June."""
    known = dict.fromkeys(COLUMNS, "") | {"status": status, "service": "adult-ecmo", "centre": "RJ1", "event_on": "2025-06-15"}
    told = {} if status == "series-only" else {"rules": "run", "records": f"apc.csv: {name}", "person": person(name)}
    sent = {"case": case, "case_centre": "RJ1", "case_event_on": "2025-06-15"} if case else {}
    return known | {"probability": None} | told | sent | values


def answer(*rows: dict[str, Any]) -> bytes:
    """Return the JSON document of these cases."""
    have = Counter(one["status"] for one in rows)
    counts = {"series_only": have["series-only"]} | {name: have[name] for name in ("matched", "review", "missing")}
    return json.dumps({"counts": counts, "cases": rows}).encode()


def load(*rows: dict[str, Any], by=COMMISSIONER, filename: str = "answer.json", start=START, end=END) -> list[Ascertainment]:
    """Load an answer of these cases for the year."""
    return actions.load_answer(content=answer(*rows), filename=filename, period_start=start, period_end=end, by=by)


def expected(name: str) -> ExpectedCase:
    """Return the expected case of an invented person."""
    return ExpectedCase.objects.get(particulars__contains=f"apc.csv: {name}")
