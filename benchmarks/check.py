"""Rows per second from a file's bytes to checked cases: 100,000 rows of 30 fields, one process.

Beside it, on the same bytes and with the same rules (types, permitted values, ranges, required fields, dates in order, no case
twice, known centres, NHS check digit): pandas, as an analyst would write it, and the standard library's ``csv.DictReader``, as a
web application would. Neither peer names row, field, message and remedy of what it finds; they only count.
"""

import csv
import io
import random
import time
from datetime import date

import numpy as np
import pandas as pd

from plenary_stats import ingest, spec

ROWS = 100_000
CENTRES = [f"R{number:02d}" for number in range(40)]
AREAS = [f"Q{number:02d}" for number in range(42)]
CHOICES, NUMBERS, DATES, TEXTS = (
    tuple(f"{kind}{number}" for number in range(count)) for kind, count in zip("cndt", (7, 7, 3, 3), strict=True)
)
HEADINGS = (
    "Variable,Field Type,Field Label,Choices,Text Validation Type,Text Validation Min,Text Validation Max,"
    "Identifier?,Required?,Field Annotation,Branching Logic\n"
)
CONTEXT = {
    "centres": set(CENTRES),
    "areas": set(AREAS),
    "period": "2024",
    "period_start": date(2024, 1, 1),
    "period_end": date(2025, 1, 1),
    "on": date(2025, 6, 1),
}


def dictionary():
    lines = [
        "nhs_number,text,,,,,,y,,,",
        "listed,text,,,date_dmy,,,,y,@INDEXDATE,",
        "seen,text,,,date_dmy,,,,,@NOTBEFORE=listed,",
    ]
    lines += [f'{name},radio,,"1, A | 2, B | 3, C",,,,,y,,' for name in CHOICES]
    lines += [f"{name},text,,,number,0,1000,,,," for name in NUMBERS]
    lines += [f"{name},text,,,date_dmy,,,,,," for name in DATES] + [f"{name},text,,,,,,,,," for name in TEXTS]
    lines += ["died,yesno,,,,,,,y,,", "died_on,text,,,date_dmy,,,,,,[died] = '1'"]
    return spec.read_dictionary(HEADINGS + "\n".join(lines), "benchmark", "1")


def invented(draw):
    """One file as a centre would send it, every row sound."""
    stream = io.StringIO()
    names = [
        "centre",
        "case_id",
        "area",
        "sex",
        "birth_date",
        "nhs_number",
        "listed",
        "seen",
        *CHOICES,
        *NUMBERS,
        *DATES,
        *TEXTS,
        "died",
        "died_on",
    ]
    writer = csv.writer(stream)
    writer.writerow(names)

    def day(first, last):
        return f"{draw.randint(1, 28):02d}/{draw.randint(1, 12):02d}/{draw.randint(first, last)}"

    for number in range(ROWS):
        died = draw.randint(0, 1)
        row = [
            CENTRES[number % 40],
            f"C{number:06d}",
            draw.choice(AREAS),
            draw.choice(("female", "male")),
            day(1930, 2014),
            nhs_number(draw),
        ]
        row += [
            day(2015, 2024),
            "01/01/2025",
            *(draw.choice("123") for _ in CHOICES),
            *(f"{draw.random() * 1000:.2f}" for _ in NUMBERS),
        ]
        row += [
            *(day(2015, 2024) for _ in DATES),
            *(f"word {draw.randint(0, 500)}" for _ in TEXTS),
            died,
            day(2024, 2024) if died else "",
        ]
        writer.writerow(row)
    return names, stream.getvalue().encode()


def nhs_number(draw):
    while True:
        digits = [draw.randint(0, 9) for _ in range(9)]
        last = (11 - sum(a * b for a, b in zip(digits, range(10, 1, -1), strict=True)) % 11) % 11
        if last < 10:
            return "".join(map(str, [*digits, last]))


def ours(content, data):
    checked = ingest.check(ingest.read(content, "cases.csv"), data, **CONTEXT)
    assert len(checked.cases) == ROWS, checked.findings.blocking[:3]


def by_pandas(content, _):
    frame = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
    wrong = 0
    dates = {
        name: pd.to_datetime(frame[name].replace("", None), format="%d/%m/%Y", errors="coerce")
        for name in ("birth_date", "listed", "seen", *DATES, "died_on")
    }
    for name, column in dates.items():
        wrong += (column.isna() & (frame[name] != "")).sum() + (column > "2025-06-01").sum()
    wrong += (dates["seen"] < dates["listed"]).sum() + (dates["birth_date"] > dates["listed"]).sum()
    for name in NUMBERS:
        number = pd.to_numeric(frame[name], errors="coerce")
        wrong += (number.isna() & (frame[name] != "")).sum() + (~number.between(0, 1000)).sum()
    for name in CHOICES:
        wrong += (~frame[name].isin(["1", "2", "3"])).sum()
    wrong += (
        (~frame.died.isin(["0", "1"])).sum()
        + ((frame.died == "0") & (frame.died_on != "")).sum()
        + (~frame.sex.isin(["female", "male"])).sum()
    )
    wrong += (~frame.centre.isin(CENTRES)).sum() + (~frame.area.isin(AREAS)).sum() + frame.duplicated(["centre", "case_id"]).sum()
    digits = np.array(frame.nhs_number.tolist(), dtype="S10").view(np.uint8).reshape(-1, 10).astype(int) - 48
    last = (11 - digits[:, :9] @ np.arange(10, 1, -1) % 11) % 11
    assert wrong + (last != digits[:, 9]).sum() == 0


def day_of(text):
    return date(int(text[6:]), int(text[3:5]), int(text[:2]))


def by_dict_reader(content, _):
    seen, wrong = set(), 0
    for row in csv.DictReader(io.StringIO(content.decode())):
        found = {name: day_of(row[name]) for name in ("birth_date", "listed", "seen", *DATES, "died_on") if row[name]}
        wrong += (
            any(day > date(2025, 6, 1) for day in found.values())
            + (found["seen"] < found["listed"])
            + (found["birth_date"] > found["listed"])
        )
        wrong += any(not 0 <= float(row[name]) <= 1000 for name in NUMBERS) + any(
            row[name] not in ("1", "2", "3") for name in CHOICES
        )
        wrong += (
            row["died"] not in ("0", "1") or row["sex"] not in ("female", "male") or (row["died"] == "0" and row["died_on"] != "")
        )
        wrong += row["centre"] not in CENTRES or row["area"] not in AREAS or (row["centre"], row["case_id"]) in seen
        seen.add((row["centre"], row["case_id"]))
        digits = [int(letter) for letter in row["nhs_number"]]
        wrong += (11 - sum(a * b for a, b in zip(digits[:9], range(10, 1, -1), strict=True)) % 11) % 11 != digits[9]
    assert not wrong


def seconds(function, content, data, times):
    best = float("inf")
    for _ in range(times):
        started = time.process_time()
        function(content, data)
        best = min(best, time.process_time() - started)
    return best


def main() -> None:
    data = dictionary()
    names, content = invented(random.Random(20190))
    print("## From a file to checked cases\n")
    print(f"{ROWS:,} rows of {len(names)} fields, {len(content) / 2**20:.0f} MB, processor time, best of several.\n")
    print("| who | seconds | rows a second | times Plenary's |\n| --- | ---: | ---: | ---: |")
    own = seconds(ours, content, data, 5)
    for who, taken in (
        ("Plenary, with findings", own),
        ("pandas, counts only", seconds(by_pandas, content, data, 3)),
        ("csv.DictReader, counts only", seconds(by_dict_reader, content, data, 1)),
    ):
        print(f"| {who} | {taken:.2f} | {ROWS / taken:,.0f} | {taken / own:.1f} |")


if __name__ == "__main__":
    main()
