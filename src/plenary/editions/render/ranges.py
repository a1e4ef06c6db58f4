"""What is said of withheld numbers of patients where the policy has ``ranges``: the range that a reader can work out anyway.

The words come from the audit, which sees the published figures alone. They stand in the texts of figures, never in the data
files, whose rows stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from plenary.editions.render import data
from plenary.editions.render.figures import MARKS, row_key
from plenary.editions.terms import EditionInputs
from plenary.releases.queries import attacked, disclosure_policy, range_in_words
from plenary_stats.tables import RESULT_DIMENSIONS, TOTAL, WITHHELD

Words = Mapping[tuple[str, str], str]
"""By service and figure, the text that stands for a withheld number."""


def worded(inputs: EditionInputs) -> Words:
    """Return the texts of an edition's withheld numbers of patients; none where the policy does not ask for ranges."""
    if not inputs.policy.get("ranges"):
        return {}
    earlier = [table for each in inputs.earlier for table in each]
    found = attacked(data.tables(data.render(inputs)), disclosure_policy(inputs.policy), earlier)
    rows = [row for table in inputs.tables if table.name == "activity" for row in table.rows(table["status"] == WITHHELD)]
    return texts(found.rows(), inputs.policy, rows)


def texts(cells: Iterable[Mapping[str, Any]], policy: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> Words:
    """Return the text of each withheld row of activity that some audited cells give a range of."""
    if not policy.get("ranges"):
        return {}
    rules = disclosure_policy(policy)
    ranges = {_place(cell): (cell["low"], cell["high"]) for cell in cells if cell["quantity"] == "patients"}
    found = {}
    for row in rows:
        words = range_in_words(*ranges[_place(row)], rules) if _place(row) in ranges else ""
        if words:
            found[str(row["service"]), f"{row_key('activity', row)}|value"] = f"{MARKS[WITHHELD]} {words}"
    return found


def _place(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(row.get(name, "")) or ("" if name == "measure" else TOTAL) for name in RESULT_DIMENSIONS)
