"""The static site: works from disk, without scripts, at 320 px and in print. Nothing is fetched from anywhere else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from plenary.editions.render import drawing

DATA_FILES: Final = (
    ("activity.csv", "Activity (CSV)"),
    ("outcomes.csv", "Outcomes (CSV)"),
    ("access.csv", "Equity of access (CSV)"),
    ("spend.csv", "Expenditure (CSV)"),
    ("completeness.csv", "Completeness of the data (CSV)"),
    ("curves.csv", "Survival curves (CSV)"),
    ("services.csv", "Services (CSV)"),
    ("centres.csv", "Centres (CSV)"),
)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("plenary.editions.render"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )


def render(content: Mapping[str, Any], drawings: Mapping[str, str]) -> dict[str, bytes]:
    """Return every file of the site by its path. ``drawings`` are the charts' SVG texts by ``service/chart``."""
    figures = {service["slug"]: service["figures"] for service in content["services"]}

    def find(part: Mapping[str, str], own: Mapping[str, Any]) -> Any:
        return (figures[part["s"]] if "s" in part else own)[part["f"]]

    environment = _environment()
    shared = {**content, "figure": find, "drawings": drawings, "files": DATA_FILES, "grouped": drawing.grouped}
    site = {"index.html": environment.get_template("index.html.jinja").render(shared, root="")}
    page = environment.get_template("service.html.jinja")
    for service in content["services"]:
        site[f"services/{service['slug']}.html"] = page.render(shared, service=service, root="../")
    styles = files("plenary.editions.render").joinpath("assets", "edition.css").read_bytes()
    return {"assets/edition.css": styles, **{path: words.encode() for path, words in site.items()}}
