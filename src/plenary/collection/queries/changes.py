"""What changed from one submission to another, case by case and field by field."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from plenary.collection.models import CaseVersion, Submission
from plenary.collection.queries.case_tables import Payload, payloads
from plenary.collection.queries.checking import checked
from plenary.collection.queries.data_sets import data_set
from plenary.collection.queries.visibility import submissions
from plenary.collection.terms import Difference
from plenary.core.terms import Who


def differences(who: Who, old: Submission, new: Submission) -> list[Difference]:
    """Return what changed from one submission to another, case by case and field by field.

    ``new`` need not be accepted yet: this is what the centre looks at before accepting. Empty for other people's centres.
    """
    if submissions(who).filter(pk__in=(old.pk, new.pk)).count() != len({old.pk, new.pk}):
        return []
    return list(compare(_payloads(old), _payloads(new)))


def _payloads(submission: Submission) -> dict[str, Payload]:
    stored = CaseVersion.objects.filter(submission=submission).values_list("case__case_id", "payload")
    if found := dict(stored):
        return found
    cases = checked(submission).cases
    rows = map(json.loads, payloads(cases, data_set(submission.data_set)))
    return dict(zip(cases["case_id"].tolist(), rows, strict=True))


def compare(before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]) -> Iterator[Difference]:
    """Yield what differs between two sets of named records, by name and then by field."""
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            yield Difference(name, "added")
        elif name not in after:
            yield Difference(name, "removed")
        else:
            old, new = before[name], after[name]
            for field in sorted(old.keys() | new.keys()):
                if old.get(field) != new.get(field):
                    yield Difference(name, "changed", field, _shown(old.get(field)), _shown(new.get(field)))


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
