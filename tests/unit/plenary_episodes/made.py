"""Small hospital files, rules and case series for tests. Everybody in them is invented; NHS numbers are of the test range."""

import csv
from pathlib import Path

from plenary_episodes import engines, layouts, reading, rules
from plenary_episodes.pseudonyms import Pseudonyms

FOLDER = Path(__file__).parents[3]
"""The project."""

NHS = ("9990000018", "9990000026", "9990000034", "9990000042", "9990000050", "9990000069", "9990000077", "9990000085")
"""Valid NHS numbers of the range that is reserved for invented patients."""

KEY = b"a key that is long enough for tests"

LAYOUT = """
name = "small"
version = "1"
title = "A small layout"
proposed = true

[[column]]
name = "ROW"
meaning = "record"
required = true
[[column]]
name = "NHS NO"
meaning = "nhs_number"
[[column]]
name = "LOCAL"
meaning = "local_id"
[[column]]
name = "PROV"
meaning = "provider"
take = 3
required = true
[[column]]
name = "START"
meaning = "event_date"
forms = ["iso", "dmy", "compact"]
missing = ["1800-01-01"]
required = true
[[column]]
name = "DOB"
meaning = "birth_date"
forms = ["iso", "dmy"]
[[column]]
name = "AGE"
meaning = "age"
infant_from = 7000
[[column]]
name = "SEX"
meaning = "sex"
values = { 1 = "male", 2 = "female" }
[[column]]
name = "AREA"
meaning = "area"
missing = ["X"]
[[column]]
name = "SPEC"
meaning = "treatment_function"
[[column]]
name = "DIAG_{nn}"
meaning = "diagnosis"
positions = 3
[[column]]
name = "OP_{n}"
meaning = "procedure"
positions = 2
[[column]]
name = "DRUG"
meaning = "drug"
"""

RULES = """
name = "identification"
service = "{service}"
version = "1"
valid_from = 2017-04-01
window_days = {window}

[[rule]]
id = "code"
label = "The illness"

[rule.include]
diagnosis = ["C69.2"]
"""

HEADINGS = ("ROW", "NHS NO", "LOCAL", "PROV", "START", "DOB", "AGE", "SEX", "AREA", "SPEC", "DIAG_01", "DIAG_02", "DIAG_03",
            "OP_1", "OP_2", "DRUG")  # fmt: skip
USUAL = {"ROW": "1", "PROV": "R1H", "START": "2025-06-01", "DIAG_01": "C692"}


def secret(**known):
    return Pseudonyms(KEY, **known)


def layout(folder, text=LAYOUT):
    (folder / "layouts").mkdir(exist_ok=True)
    path = folder / "layouts" / "small.toml"
    path.write_text(text, encoding="utf-8")
    return layouts.read_layout(path)


def episodes(folder, *rows, name="episodes.csv", headings=HEADINGS):
    """Write episodes: what a row does not say is as usual; its number is its place."""
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, headings, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows({**USUAL, "ROW": str(number), **row} for number, row in enumerate(rows, 1))
    return path


def sheet(folder, *rows, engine=None, **options):
    """Return episodes that were read."""
    opened = (engine or engines.started("duckdb")).opened(episodes(folder, *rows, **options))
    return reading.read(opened, layout(folder))


def rule_file(folder, text=None, service="eyes", window=0, name="rules.toml"):
    path = folder / name
    path.write_text(text or RULES.format(service=service, window=window), encoding="utf-8")
    return path


def rule_sets(folder, **options):
    return rules.read_rules(rule_file(folder, **options))


def one_rule(folder, criteria, more=""):
    """Return the sets of one rule with these criteria (TOML)."""
    text = RULES.format(service="eyes", window=0).replace('diagnosis = ["C69.2"]', criteria)
    return rule_sets(folder, text=text + more)


CASE = {"service": "eyes", "centre": "R1H", "event_date": "2025-06-01"}
CASE_HEADINGS = ("service", "centre", "case_id", "nhs_number", "local_id", "birth_date", "sex", "area", "event_date")


def cases(folder, *rows, name="cases.csv", headings=CASE_HEADINGS):
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, headings, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows({**CASE, "case_id": f"C{number}", **row} for number, row in enumerate(rows, 1))
    return path
