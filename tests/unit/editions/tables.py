"""Small protected tables, made by hand: what disclosure control hands to an edition."""

from plenary_stats import tables
from plenary_stats.measures import RATIO
from plenary_stats.tables import RESULT_DIMENSIONS, RESULT_NUMBERS, ProtectedTable, numbers, text

KINDS = {
    "activity": "count",
    "outcomes": "rate",
    "access": "exposure",
    "spend": "magnitude",
    "completeness": "rate",
    "curves": "rate",
}


def protected(name, rows, kind=None):
    """Return a protected table from dicts; what a row leaves out is empty."""
    columns = {d: text([row.get(d, "") for row in rows]) for d in RESULT_DIMENSIONS}
    columns |= {n: numbers([row.get(n) for row in rows]) for n in RESULT_NUMBERS}
    extra = ("not_eligible", "not_known") if any("not_known" in row for row in rows) else ()
    extra += RATIO if any("ratio" in row for row in rows) else ()
    columns |= {n: numbers([row.get(n) for row in rows]) for n in extra}
    columns |= {c: text([row.get(c, "") for row in rows]) for c in ("method", "note", "status")}
    return ProtectedTable(columns, name=name, kind=kind or KINDS[name], token=tables._TOKEN)
