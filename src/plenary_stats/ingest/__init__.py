"""From the bytes that a centre sends to checked cases: ``read`` the file, ``check`` it against the data set.

The same rules serve a whole file and one case keyed on screen (:func:`one_row`).
"""

from plenary_stats.findings import RULES, Finding, Findings
from plenary_stats.ingest.across import Marks
from plenary_stats.ingest.files import RawTable, one_row, read
from plenary_stats.ingest.mapping import mapped
from plenary_stats.ingest.rules import Checked, check, days_of_labels, earlier_label, period_labels, rows_of_cases

__all__ = [
    "RULES", "Checked", "Finding", "Findings", "Marks", "RawTable", "check", "days_of_labels", "earlier_label", "mapped",
    "one_row", "period_labels", "read", "rows_of_cases",
]  # fmt: skip
