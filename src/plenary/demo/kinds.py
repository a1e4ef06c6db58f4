"""The three kinds of invented service: what each collects and which outcomes its network agreed."""

from __future__ import annotations

from dataclasses import dataclass

DICTIONARY_HEADINGS = (
    "Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label",
    "Choices, Calculations, OR Slider Labels", "Field Note", "Text Validation Type OR Show Slider Number",
    "Text Validation Min", "Text Validation Max", "Identifier?", "Branching Logic (Show field only if...)", "Required Field?",
    "Custom Alignment", "Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?", "Field Annotation",
)  # fmt: skip

YES_NO = "yes, Yes | no, No"
VITAL = "alive, Alive | dead, Dead"


def _field(name: str, label: str, *, kind: str = "text", choices: str = "", check: str = "", low: str = "", high: str = "",
           identifier: bool = False, when: str = "", required: bool = False, tag: str = "") -> tuple[str, ...]:  # fmt: skip
    """Return one row of a data dictionary."""
    return (name, "case", "", kind, label, choices, "", check, low, high, "y" if identifier else "", when,
            "y" if required else "", "", "", "", "", tag)  # fmt: skip


COMMON = (
    _field("case_id", "Case number given by the centre", required=True),
    _field("centre", "Centre (ODS code)", required=True),
    _field("referral_date", "Date of referral", check="date_ymd", required=True, tag="@INDEXDATE"),
    _field("birth_date", "Date of birth", check="date_ymd", required=True),
    _field("sex", "Sex", kind="radio", choices="female, Female | male, Male", required=True),
    _field("area", "Integrated care board or nation of residence", required=True),
)
FOLLOW_UP = (
    _field("last_seen_date", "Date last seen", check="date_ymd", required=True),
    _field("vital_status", "Status when last seen", kind="radio", choices=VITAL, required=True),
)

SURVIVAL = """
[[outcome]]
id = "survival"
label = "Survival after {event}"
measure = "survival"
eligible = "{start} IS NOT NULL"
start = "{start}"
end = "last_seen_date"
event = "vital_status = 'dead'"
at = ["30d", "1y"]
direction = "higher"
by = ["centre", "period"]
window_years = 3
"""


@dataclass(frozen=True)
class Kind:
    """A kind of invented service: words for its names, its own fields, and its outcome set."""

    key: str
    category: str
    care: str
    fields: tuple[tuple[str, ...], ...]
    outcomes: str

    def dictionary(self) -> list[tuple[str, ...]]:
        """Return the data dictionary's rows, without the heading."""
        return [*COMMON, *self.fields, *FOLLOW_UP]


SURGERY = Kind(
    key="surgery",
    category="surgery",
    care="operation",
    fields=(
        _field("accepted", "Accepted for operation", kind="radio", choices=YES_NO, required=True),
        _field("operation_date", "Date of operation", check="date_ymd", when="[accepted] = 'yes'"),
        _field("complete", "Operation complete as planned", kind="radio", choices=YES_NO, when="[accepted] = 'yes'"),
        _field(
            "complication_grade",
            "Worst complication, grade 0 to 5",
            check="integer",
            low="0",
            high="5",
            when="[accepted] = 'yes'",
        ),
        _field("stay_days", "Days in hospital", check="integer", low="0", high="400", when="[accepted] = 'yes'"),
    ),
    outcomes="""
[[outcome]]
id = "complete-operation"
label = "Operation complete as planned"
measure = "proportion"
eligible = "accepted = 'yes'"
met = "complete = 'yes'"
direction = "higher"
benchmark = { value = 0.80, source = "invented for the demonstration" }
by = ["centre", "period"]
window_years = 3

[[outcome]]
id = "no-major-complication"
label = "No complication of grade 3 or more"
measure = "proportion"
eligible = "accepted = 'yes'"
met = "complication_grade < 3"
direction = "higher"
by = ["centre", "period"]
window_years = 3

[[outcome]]
id = "days-to-operation"
label = "Days from referral to operation"
measure = "median"
eligible = "accepted = 'yes'"
value = "operation_date - referral_date"
direction = "lower"
by = ["centre", "period"]
window_years = 3
"""
    + SURVIVAL.format(event="operation", start="operation_date"),
)

CRITICAL = Kind(
    key="critical",
    category="critical care",
    care="support",
    fields=(
        _field("accepted", "Accepted for support", kind="radio", choices=YES_NO, required=True),
        _field("support_date", "First day of support", check="date_ymd", when="[accepted] = 'yes'"),
        _field("severity", "Severity score at decision, 0 to 40", check="integer", low="0", high="40"),
        _field("support_days", "Days of support", check="integer", low="0", high="200", when="[accepted] = 'yes'"),
        _field("discharge_status", "Status on leaving the unit", kind="radio", choices=VITAL, when="[accepted] = 'yes'"),
    ),
    outcomes="""
[[outcome]]
id = "survival-to-discharge"
label = "Survival to discharge from the unit"
measure = "proportion"
eligible = "accepted = 'yes'"
met = "discharge_status = 'alive'"
direction = "higher"
benchmark = { value = 0.74, source = "invented for the demonstration" }
by = ["centre", "period"]
window_years = 3

[[outcome]]
id = "days-of-support"
label = "Days of support"
measure = "median"
eligible = "accepted = 'yes'"
value = "support_days"
direction = "neutral"
by = ["centre", "period"]
window_years = 3
"""
    + SURVIVAL.format(event="the start of support", start="support_date"),
)

LONG_TERM = Kind(
    key="long-term",
    category="rare disease",
    care="review",
    fields=(
        _field("diagnosis_confirmed", "Diagnosis confirmed by the laboratory", kind="radio", choices=YES_NO, required=True),
        _field("reviewed", "Full yearly review done", kind="radio", choices=YES_NO),
        _field("marker_before", "Disease marker before treatment", check="number", low="0", high="1000"),
        _field("marker_after", "Disease marker at one year", check="number", low="0", high="1000"),
        _field("treated", "On treatment", kind="radio", choices=YES_NO),
    ),
    outcomes="""
[[outcome]]
id = "reviewed"
label = "Full yearly review done"
measure = "proportion"
eligible = "diagnosis_confirmed = 'yes'"
met = "reviewed = 'yes'"
direction = "higher"
benchmark = { value = 0.90, source = "invented for the demonstration" }
by = ["centre", "period"]
window_years = 3

[[outcome]]
id = "marker-at-one-year"
label = "Disease marker at one year"
measure = "median"
eligible = "diagnosis_confirmed = 'yes' AND treated = 'yes'"
value = "marker_after"
direction = "lower"
by = ["centre", "period"]
window_years = 3
"""
    + SURVIVAL.format(event="referral", start="referral_date"),
)

KINDS = (SURGERY, CRITICAL, LONG_TERM)
