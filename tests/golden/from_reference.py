"""Write collection folders from the reference data that lie beside the project: ``python -m tests.golden.from_reference OUT``.

Nothing of the reference is kept here: the folders are made from the files in place, in our own form.
"""

import csv
import sys
from pathlib import Path

from tests.shared import SHARED

COLLECTION = """label = "{label}"
period_start = {start}
period_end = {end}
nation = "Reference data"
threshold = 30
"""
DICTIONARY = [
    [
        "Variable / Field Name",
        "Field Type",
        "Field Label",
        "Choices, Calculations, OR Slider Labels",
        "Text Validation Type",
        "Required Field?",
    ],
    ["case_id", "text", "Number of the row in the reference", "", "", "y"],
    ["centre", "text", "Centre", "", "", "y"],
]
FOLLOW_UP = [
    ["days", "text", "Days of follow-up", "", "number", "y"],
    ["died", "yesno", "Died at the end of follow-up", "", "", "y"],
]


def rows_of(*parts):
    with SHARED.joinpath("oracle", *parts).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def lung(out):
    """Advanced lung cancer by institution (Loprinzi 1994): survival from registration."""
    rows = rows_of("km", "lung_inst.input.csv")
    cases = [[f"P{n:03d}", f"I{row['inst']}", row["time"], row["status"]] for n, row in enumerate(rows, start=1)]
    _write(out, "lung-cancer", "Advanced lung cancer", FOLLOW_UP, cases, _survival(["180d", "1y"]))


def heart(out):
    """The Stanford heart programme (Crowley and Hu 1977): before and after transplantation, entry delayed to the operation."""
    rows = rows_of("km", "heart_lefttrunc.input.csv")
    fields = [["entered", "text", "Day of entry", "", "number", "y"], *FOLLOW_UP]
    cases = [[f"R{n:03d}", f"T{r['transplant']}", r["start"], r["time"], r["status"]] for n, r in enumerate(rows, start=1)]
    _write(
        out,
        "heart-transplant",
        "Heart transplantation",
        fields,
        cases,
        _survival(["10d", "30d", "100d", "1y", "730d"], entry="entered"),
    )


def veterans(out):
    """Lung cancer of veterans (Kalbfleisch and Prentice 1980), a centre for each kind of tumour."""
    rows = rows_of("km", "veteran_celltype.input.csv")
    kinds = sorted({row["celltype"] for row in rows})
    cases = [[f"V{n:03d}", f"K{kinds.index(row['celltype'])}", row["time"], row["status"]] for n, row in enumerate(rows, start=1)]
    _write(out, "veterans-lung", "Lung cancer of veterans", FOLLOW_UP, cases, _survival(["30d", "60d", "100d", "200d", "1y"]))


def hospitals(out):
    """Deaths in hospital of Medicare patients in Arizona, 1991, by provider (Hilbe): a proportion by centre."""
    rows = rows_of("logistic_risk", "medpar_died.input.csv")
    fields = [["died", "yesno", "Died in hospital", "", "", "y"], ["over_80", "yesno", "Aged 80 or over", "", "", "y"]]
    cases = [[f"M{n:04d}", row["provnum"], row["died"], row["age80"]] for n, row in enumerate(rows, start=1)]
    outcome = 'id = "death-in-hospital"\nmeasure = "proportion"\nmet = "died = 1"\ndirection = "lower"\n'
    _write(out, "hospital-deaths", "Deaths in hospital", fields, cases, outcome)


FOLDERS = {"lung": lung, "heart": heart, "veterans": veterans, "hospitals": hospitals}


def _survival(at, entry=""):
    moments = ", ".join(f'"{moment}"' for moment in at)
    delayed = f'entry = "{entry}"\n' if entry else ""
    return (
        f'id = "survival"\nmeasure = "survival"\nend = "days"\nevent = "died"\nat = [{moments}]\ndirection = "higher"\n{delayed}'
    )


def _write(out, slug, name, fields, cases, outcome):
    (out / slug).mkdir(parents=True)
    (out / "collection.toml").write_text(COLLECTION.format(label="2025", start="2025-01-01", end="2026-01-01"), encoding="utf-8")
    centres = sorted({case[1] for case in cases})
    _table(out / "services.csv", [["service", "name", "category", "description"], [slug, name, "reference", ""]])
    _table(out / "centres.csv", [["service", "centre", "name"], *([slug, centre, f"Centre {centre}"] for centre in centres)])
    _table(out / slug / "dictionary.csv", [*DICTIONARY, *fields])
    _table(out / slug / "cases.csv", [["case_id", "centre", *(field[0] for field in fields)], *cases])
    header = f'service = "{slug}"\nversion = "1"\nagreed_on = 2026-01-01\n\n[[outcome]]\n'
    (out / slug / "outcomes.toml").write_text(header + outcome, encoding="utf-8")


def _table(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    for folder_name, write in FOLDERS.items():
        write(Path(sys.argv[1]) / folder_name)
