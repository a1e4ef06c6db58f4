"""The data sets that every export is tried on: all golden dictionaries and all shipped data sets."""

from datetime import date
from pathlib import Path

from plenary_stats.dictionary.document import Dictionary, entry
from plenary_stats.dictionary.elements import read_library
from plenary_stats.dictionary.exports import About

ROOT = Path(__file__).parents[4]
LIBRARY = read_library((ROOT / "definitions" / "elements" / "elements.toml").read_bytes())
PATHS = [
    *sorted((ROOT / "tests" / "golden" / "dictionaries").glob("*.csv")),
    *sorted((ROOT / "definitions" / "datasets").glob("*/*.csv")),
]
ABOUT = About("lam", "2026-1", date(2026, 11, 30), "Lymphangioleiomyomatosis", elements=LIBRARY)

DATA = Dictionary(
    (
        entry(name="case_id", type="text", form="case", label="Case <b>number</b>", required="y"),
        entry(name="hello", type="descriptive", form="case", label="Please fill in.", section="Part & parcel"),
        entry(
            name="age",
            type="text",
            form="case",
            label="Age",
            validation="integer",
            minimum="0",
            maximum="130",
            note="In whole years",
        ),
        entry(name="weight", type="text", form="case", label="Weight", validation="number_1dp", minimum="0.5", number="2a"),
        entry(name="born", type="text", form="case", label="Born", validation="date_dmy", maximum="2026-01-01", identifier="y"),
        entry(name="seen", type="text", form="case", label="Seen", validation="date_dmy", maximum="today"),
        entry(name="status", type="radio", form="case", label="Status", choices="1, Alive | 2, Dead", annotation="@DEFAULT='1'"),
        entry(name="organ", type="checkbox", form="case", label="Organs", choices="1, Kidney | K, Liver", required="y"),
        entry(name="smoker", type="yesno", form="later", label="Smokes", annotation="@HIDDEN"),
        entry(name="bmi", type="calc", form="later", label="Index", choices="round([weight] / 2, 1)"),
        entry(name="story", type="notes", form="later", label="Story", annotation="@CHARLIMIT='200' @DEFAULT='none' @READONLY"),
        entry(name="disease", type="text", form="later", label="Disease", annotation="@PLENARY-ELEMENT='orphacode'"),
        entry(name="scan", type="file", form="later", label="Scan"),
        entry(name="comfort", type="slider", form="later", label="Comfort", choices="low | high"),
    )
)


def asked_if(branching, **cells):
    """Return the data set with one more field, asked under a condition."""
    return Dictionary(
        (
            *DATA.entries,
            entry(**{"name": "more", "type": "text", "form": "later", "label": "More", "branching": branching} | cells),
        )
    )
