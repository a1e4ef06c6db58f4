"""Rows per second from a file's bytes to checked cases, and to accepted ones: 100,000 rows of 30 fields, one process.

Beside it, on the same bytes and with the same rules (types, permitted values, ranges, required fields, dates in order, no case
twice, known centres, NHS check digit): a pandera schema on polars (in an environment that is made for it and thrown away),
pandas, as an analyst would write it, and the standard library's ``csv.DictReader``, as a web application would. No peer says in
words what is wrong where and how to mend it; pandera names column, check and row, the others only count.

Accepting is measured in a new installation on SQLite, from the bytes that a centre sends to cases that can be signed off: kept
bytes, check, findings, check again, cases and their versions, audit events. Its peer checks with pandas and appends the frame to
a table (``DataFrame.to_sql``): no identifiers kept apart, no versions, no audit.
"""

import contextlib
import csv
import importlib
import io
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
import venv
from datetime import date
from pathlib import Path

import django
import numpy as np
import pandas as pd

from plenary.cli import main as command
from plenary_stats import ingest, spec

ROWS = 100_000
PANDERA = ("pandera[polars]==0.35.0", "polars==2.1.0")
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
    return spec.read_dictionary(dictionary_text(), "benchmark", "1")


def dictionary_text():
    lines = [
        "nhs_number,text,,,,,,y,,,",
        "listed,text,,,date_dmy,,,,y,@INDEXDATE,",
        "seen,text,,,date_dmy,,,,,@NOTBEFORE=listed,",
    ]
    lines += [f'{name},radio,,"1, A | 2, B | 3, C",,,,,y,,' for name in CHOICES]
    lines += [f"{name},text,,,number,0,1000,,,," for name in NUMBERS]
    lines += [f"{name},text,,,date_dmy,,,,,," for name in DATES] + [f"{name},text,,,,,,,,," for name in TEXTS]
    lines += ["died,yesno,,,,,,,y,,", "died_on,text,,,date_dmy,,,,,,[died] = '1'"]
    return HEADINGS + "\n".join(lines)


def invented(draw, centres=CENTRES, areas=AREAS):
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
            centres[number % len(centres)],
            f"C{number:06d}",
            draw.choice(areas),
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
    pandas_checked(content, CENTRES, AREAS)


def pandas_checked(content, centres, areas):
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
    wrong += (~frame.centre.isin(centres)).sum() + (~frame.area.isin(areas)).sum() + frame.duplicated(["centre", "case_id"]).sum()
    digits = np.array(frame.nhs_number.tolist(), dtype="S10").view(np.uint8).reshape(-1, 10).astype(int) - 48
    last = (11 - digits[:, :9] @ np.arange(10, 1, -1) % 11) % 11
    assert wrong + (last != digits[:, 9]).sum() == 0
    return frame


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


def by_pandera(content):
    """Return pandera's best processor seconds in an environment of its own, or None where it cannot be installed, and say so."""
    with tempfile.TemporaryDirectory() as name:
        folder, python = Path(name), Path(name, "pandera", "bin", "python")
        try:
            venv.create(folder / "pandera", with_pip=False)
            install = [sys.executable, "-m", "uv", "pip", "install", "-q", "--system-certs", "--python", str(python), *PANDERA]
            subprocess.run(install, check=True, capture_output=True, timeout=600)
        except (OSError, subprocess.SubprocessError) as problem:
            print(
                f"`{' '.join(PANDERA)}` could not be installed here, and is left out: {type(problem).__name__}.", file=sys.stderr
            )
            return None
        (folder / "cases.csv").write_bytes(content)
        (folder / "faulty.csv").write_bytes(content.replace(b",female,", b",Female,", 1).replace(b"/01/2025", b"/13/2025", 1))
        asked = {
            "file": str(folder / "cases.csv"), "faulty": str(folder / "faulty.csv"), "rows": ROWS, "times": 3, "centres": CENTRES,
            "areas": AREAS, "choices": CHOICES, "numbers": NUMBERS, "dates": DATES, "texts": TEXTS,
        }  # fmt: skip
        script = str(Path(__file__).parent / "checking" / "pandera_polars.py")
        done = subprocess.run(
            [str(python), script], input=json.dumps(asked), capture_output=True, text=True, check=True, cwd=folder
        )
    found = json.loads(done.stdout)
    assert found["faults"] == 2, found
    return found["seconds"]


def seconds(function, content, data, times):
    best = float("inf")
    for _ in range(times):
        started = time.process_time()
        function(content, data)
        best = min(best, time.process_time() - started)
    return best


class Installation:
    """An installation in a folder of its own, with one centre whose data manager sends files."""

    def __init__(self, folder: str) -> None:
        os.environ |= {"PLENARY_DATA": folder, "DJANGO_SETTINGS_MODULE": "plenary.config.settings"}
        django.setup()
        with contextlib.redirect_stdout(sys.stderr):
            command.main(["migrate"])
        actions, models, terms, queries, registry = (
            importlib.import_module(f"plenary.{name}")  # only now: tables need an installation
            for name in ("collection.actions", "registry.models", "core.terms", "registry.queries", "core.permissions")
        )
        self.actions = actions
        first, last = date(2015, 1, 1), date(2025, 1, 1)
        spans = queries.known_areas().items()
        standing = (c for c, own in spans if any((s or first) <= first and (e or last) >= last for s, e in own))
        self.areas = sorted(code for code in standing if code.isalnum())[:40]  # names have commas, and so quotation marks
        service = models.Service.objects.create(slug="benchmark", name="Benchmark", confidence="invented")
        self.centre = models.Centre.objects.create(service=service, ods="R00", name="One centre", confidence="invented")
        post = terms.Post(registry.CentreDataManager.key, "centre", self.centre.key)
        self.by = terms.Who(1, "Data Manager", (post,))
        content = dictionary_text().encode()
        actions.adopt_data_set(service=service, version="1", content=content, adopted_on=date(2020, 1, 1), by=terms.SYSTEM)

    def send(self, content: bytes) -> dict[str, float]:
        """Receive, check and accept a file; return the processor seconds of each step."""
        took, started = {}, time.process_time()
        span = {"period_start": date(2024, 1, 1), "period_end": date(2025, 1, 1)}
        sent = self.actions.receive(centre=self.centre, filename="cases.csv", content=content, by=self.by, **span)
        took["receive"], started = time.process_time() - started, time.process_time()
        found = self.actions.check(submission_id=sent.pk, by=self.by)
        took["check"], started = time.process_time() - started, time.process_time()
        assert (found.cases, found.blocking) == (ROWS, 0), (found.cases, found.blocking)
        self.actions.accept(submission_id=sent.pk, by=self.by)
        took["accept"] = time.process_time() - started
        return took


def pandas_accepted(content, areas):
    frame = pandas_checked(content, ["R00"], areas)
    with tempfile.TemporaryDirectory() as folder, sqlite3.connect(Path(folder, "cases.sqlite3")) as database:
        frame.drop(columns="nhs_number").to_sql("cases", database, index=False)


def accepting() -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Installation(folder)
        _, content = invented(random.Random(20190), ["R00"], place.areas)
        first, again = place.send(content), place.send(content.replace(b",word 1,", b",word 2,"))
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / 2**20
    peer = seconds(lambda given, _: pandas_accepted(given, place.areas), content, None, 1)
    own = sum(first.values())
    print("\n## From a file to accepted cases\n")
    print(f"{ROWS:,} rows of 30 fields of one centre, processor time; the installation then holds {size:.0f} MiB.\n")
    print("| who | seconds | rows a second | times Plenary's |\n| --- | ---: | ---: | ---: |")
    for who, taken in (
        ("Plenary, first file", own),
        ("Plenary, the same cases sent again, some changed", sum(again.values())),
        ("pandas checks and `to_sql`", peer),
    ):
        print(f"| {who} | {taken:.2f} | {ROWS / taken:,.0f} | {taken / own:.1f} |")
    for name, took in (("First file", first), ("Sent again", again)):
        print(f"\n{name}: " + ", ".join(f"{step} {taken:.2f} s" for step, taken in took.items()) + ".")


def main() -> None:
    data = dictionary()
    names, content = invented(random.Random(20190))
    print("## From a file to checked cases\n")
    print(f"{ROWS:,} rows of {len(names)} fields, {len(content) / 2**20:.0f} MB, processor time, best of several.\n")
    print("| who | seconds | rows a second | times Plenary's |\n| --- | ---: | ---: | ---: |")
    own = seconds(ours, content, data, 5)
    pandera = by_pandera(content)
    for who, taken in (
        ("Plenary, with findings", own),
        *([("pandera on polars, all threads", pandera)] if pandera else []),
        ("pandas, counts only", seconds(by_pandas, content, data, 3)),
        ("csv.DictReader, counts only", seconds(by_dict_reader, content, data, 1)),
    ):
        print(f"| {who} | {taken:.2f} | {ROWS / taken:,.0f} | {taken / own:.1f} |")
    print(f"\nAim: 100,000 rows a second; reached: {'yes' if ROWS / own >= 100_000 else 'no'}.")
    accepting()


if __name__ == "__main__":
    main()
