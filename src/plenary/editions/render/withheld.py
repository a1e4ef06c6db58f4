"""Why figures of a service are withheld, how many, what can be read in their place, and how it was tried: in plain words.

One mark stands for all of them. How many were too small and how many went with them is told to nobody outside: it would help to
work them out. What is counted here every reader can count on the page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from plenary.editions.render.figures import figure
from plenary.editions.render.sheet import EARLIER, GROUPS, Block, Parts, Row, Sheet, block_table, headline, note, sentence
from plenary.releases.queries import disclosure_policy
from plenary_stats.tables import SHOWN, TOTAL, WITHHELD

COUNTED: Final[Mapping[str, str]] = {
    "spend": "Expenditure",
    "activity": "Activity",
    "completeness": "Completeness",
    "outcomes": "Outcomes",
    "curves": "Outcomes",
    EARLIER: "Outcomes",
    "access": "Equity of access",
}
"""Under which name the figures of a table are counted."""
POOLED: Final = " to "
"""Stands in the label of years that are taken together."""


def blocks(sheet: Sheet) -> list[Block]:
    """Return the section on what is withheld. It is written last: it counts what the sections before it print."""
    printed, hidden = _counts(sheet)
    gone = sum(hidden.values())
    said = [note(words) for words in _reasons(sheet, some=bool(gone))]
    if not gone:
        return [note("No figure on these pages is withheld."), *said]
    sheet.figures["withheld"] = figure(float(gone), SHOWN, "count")
    sheet.figures["printed"] = figure(float(sum(printed.values())), SHOWN, "count")
    verb = "is" if gone == 1 else "are"
    first: Parts = [{"f": "withheld"}, " of ", {"f": "printed"}, f" figures on these pages {verb} withheld: [c]."]
    return [headline(*first), *said, _table(sheet, printed, hidden)]


def _counts(sheet: Sheet) -> tuple[Counter[str], Counter[str]]:
    """Return how many figures the pages print of each kind, marks included, and how many of them are withheld."""
    printed, hidden = Counter[str](), Counter[str]()
    for key, one in sheet.figures.items():
        name = COUNTED.get(key.partition("|")[0]) if "|" in key else None
        if name is not None:
            printed[name] += 1
            hidden[name] += one["status"] == WITHHELD
    return printed, hidden


def _table(sheet: Sheet, printed: Mapping[str, int], hidden: Mapping[str, int]) -> Block:
    lines: list[list[Parts]] = []
    for name in dict.fromkeys(COUNTED.values()):
        if not printed[name]:
            continue
        keys = f"withheld-{name}", f"printed-{name}"
        for key, count in zip(keys, (hidden[name], printed[name]), strict=True):
            sheet.figures[key] = figure(float(count), SHOWN, "count")
        lines.append([[name], [{"f": keys[0]}], [{"f": keys[1]}]])
    return block_table("withheld-figures", "Figures on these pages", ("Section", "#Withheld", "#Printed or withheld"), lines)


def _reasons(sheet: Sheet, *, some: bool) -> Iterator[str]:
    """Yield the fixed sentences that hold for this service."""
    policy = disclosure_policy(sheet.inputs.policy)
    yield sentence(sheet.inputs, "withheld_why", events=str(policy.event_threshold))
    if policy.zeros == "publish":
        yield sheet.say("withheld_noughts")
    if policy.rounding is not None:
        yield sentence(sheet.inputs, "withheld_rounded", base=str(policy.rounding))
    if some:
        yield sheet.say("withheld_mark")
        rows = [row for name in ("activity", "outcomes") for row in sheet.rows[name] if row["status"] == SHOWN]
        if any(_national(row) for row in rows):
            yield sheet.say("withheld_national")
        if any(POOLED in row["period"] for row in rows):
            yield sheet.say("withheld_pooled")
    yield sentence(sheet.inputs, "withheld_tried", width=str(policy.minimum_width))
    yield sheet.say("withheld_audit")


def _national(row: Row) -> bool:
    return all(row[name] in {"", TOTAL} for name in GROUPS)
