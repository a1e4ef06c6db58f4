"""Published editions: the list of them, and their files exactly as they were built.

What is published is what the database says: a folder that a killed publication left in its place is not shown. A draft never is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.dateparse import parse_date

from plenary.editions import queries as editions
from plenary.registry import queries
from plenary.web.design.formats import day
from plenary.web.design.pages import render_page
from plenary.web.design.tables import Cell, Link, Several, Tag, table

FRONT = "index.html"
TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".pdf": "application/pdf",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
}
"""What an edition is made of. A file of another kind is not served."""


@dataclass(frozen=True)
class Published:
    """A published edition: ``key`` names its folder and stands in its address."""

    key: str
    folder: Path
    label: str
    number: int
    title: str
    period: str
    correction_note: str
    invented: bool
    services: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """How the edition is called in a list."""
        return f"Edition {self.label}" + (f", correction {self.number - 1}" if self.number > 1 else "")


def published() -> list[Published]:
    """Return the published editions, the newest first; of one label the last correction first."""
    manifests = [editions.place(one) / "manifest.json" for one in editions.published()]
    complete = [path for path in manifests if path.is_file() and (path.parent / "edition.json").is_file()]
    found = [_read(path.parent, path.stat().st_mtime_ns) for path in complete]
    return sorted((one for one in found if one), key=lambda one: (one.label, one.number), reverse=True)


def results_of(service: str) -> list[tuple[str, str]]:
    """Return (words, address) of a service's page in each edition, the newest first."""
    return [
        (f"Results in {one.name[0].lower()}{one.name[1:]}", reverse("edition_file", args=[one.key, f"services/{service}.html"]))
        for one in published()
        if service in dict(one.services)
    ]


def all_editions(request: HttpRequest) -> HttpResponse:
    """Show every published edition with what can be downloaded from it."""
    found = published()
    rows: list[tuple[Cell, ...]] = [(_name(one), one.period, one.correction_note or "None", _files(one)) for one in found]
    return render_page(
        request,
        "public/editions.jinja",
        title="Published editions",
        section="Editions",
        editions=table("Editions", ("Edition", "Cases of", "Correction", "Files"), rows, caption_hidden=True),
        attributions=queries.attribution(),
    )


def front_page(request: HttpRequest, edition: str) -> HttpResponse:  # noqa: ARG001 - the same shape as every view
    """Lead to the edition's own front page, so that the links inside it work."""
    _edition(edition)
    return redirect("edition_file", edition, FRONT)


def file(request: HttpRequest, edition: str, name: str) -> HttpResponseBase:  # noqa: ARG001 - as above
    """Answer with one file of a published edition, byte for byte."""
    path = editions.file_in(_edition(edition).key, name)
    kind = TYPES.get(path.suffix)
    if kind is None:
        raise Http404("There is no such file in this edition.")
    answer = FileResponse(path.open("rb"), content_type=kind)
    answer["Content-Length"] = str(path.stat().st_size)
    return answer


def _edition(key: str) -> Published:
    found = next((one for one in published() if one.key == key), None)
    if found is None:
        raise Http404("There is no published edition of this name.")
    return found


@lru_cache(maxsize=200)
def _read(folder: Path, changed: int) -> Published | None:  # noqa: ARG001 - the time makes a rebuilt folder a new question
    """Return what a folder holds; nothing for a draft, or for a document damaged on disk: the others are still shown."""
    try:
        document = json.loads((folder / "edition.json").read_text(encoding="utf-8"))
        return None if document["edition"]["draft"] else _published(folder, document)
    except (ValueError, KeyError, TypeError):
        return None


def _published(folder: Path, document: dict[str, Any]) -> Published:
    edition = document["edition"]
    return Published(
        key=folder.name,
        folder=folder,
        label=str(edition["label"]),
        number=int(edition["number"]),
        title=edition["title"],
        period=_period(edition),
        correction_note=edition["correction_note"],
        invented=bool(edition["invented"]),
        services=tuple((one["slug"], one["name"]) for one in document["services"]),
    )


def _period(edition: dict[str, str]) -> str:
    return edition.get("period_text") or f"{day(parse_date(edition['period_start']))} onwards"


def _name(one: Published) -> Cell:
    link = Link(one.name, reverse("edition_file", args=[one.key, FRONT]))
    return Several((link, Tag("Invented", "purple"))) if one.invented else link


def _files(one: Published) -> Cell:
    offered = (("PDF", "edition.pdf"), ("Open data", "data/datapackage.json"), ("What was withheld and why", "disclosure.json"))
    links = [
        Link(words, reverse("edition_file", args=[one.key, name]), hidden=f"of {one.name}")
        for words, name in offered
        if (one.folder / name).is_file()
    ]
    return Several(tuple(links)) if links else "None"
