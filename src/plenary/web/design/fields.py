"""Form fields that plain Django lacks: a date in three boxes, and forms that filter a list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms

MONTHS = {name: number for number, names in enumerate(
    ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
     "sep sept september", "oct october", "nov november", "dec december"), start=1) for name in names.split()}  # fmt: skip


class SplitDate(forms.Widget):
    """Day, month and year in three boxes, named ``<name>_day`` and so on."""

    split_date = True
    input_type = None

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> dict[str, str]:  # noqa: ARG002 - Django's signature
        return {part: str(data.get(f"{name}_{part}", "")).strip() for part in ("day", "month", "year")}

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:  # noqa: ARG002 - Django's signature
        return not any(f"{name}_{part}" in data for part in ("day", "month", "year"))

    def parts(self, value: Any) -> dict[str, str]:
        """Return what to show in the boxes: what was typed, or a date taken apart."""
        if isinstance(value, date):
            return {"day": str(value.day), "month": str(value.month), "year": str(value.year)}
        return dict(value) if isinstance(value, Mapping) else {"day": "", "month": "", "year": ""}


class SplitDateField(forms.Field):
    """A date typed in three boxes; the month may be a word. Errors name what is missing."""

    widget = SplitDate

    def clean(self, value: Any) -> date | None:
        parts = value if isinstance(value, Mapping) else {}
        missing = [part for part in ("day", "month", "year") if not parts.get(part)]
        if len(missing) == 3:
            if self.required:
                raise forms.ValidationError(self.error_messages["required"], code="required")
            return None
        label = str(self.label or "The date")
        if missing:
            raise forms.ValidationError(f"{label} must include a {' and a '.join(missing)}", code="incomplete")
        return _date(parts, label)


def _date(parts: Mapping[str, str], label: str) -> date:
    month = MONTHS.get(parts["month"].lower(), parts["month"])
    try:
        year = int(parts["year"])
        if year < 1000:
            raise forms.ValidationError(f"{label} needs a year of four digits", code="year")
        return date(year, int(month), int(parts["day"]))
    except ValueError:
        raise forms.ValidationError(f"{label} must be a real date, for example 27 3 2026", code="invalid") from None


class FilterForm(forms.Form):
    """A GET form that narrows a list: nothing is required, and a value that is not offered narrows nothing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.required = False
            field.is_filter = True  # type: ignore[attr-defined]

    @property
    def narrowed(self) -> bool:
        """Return whether any filter is set."""
        return bool(self.chosen())

    def chosen(self) -> dict[str, Any]:
        """Return the filters that are set and valid."""
        self.is_valid()
        return {name: value for name, value in getattr(self, "cleaned_data", {}).items() if value not in (None, "", [])}
