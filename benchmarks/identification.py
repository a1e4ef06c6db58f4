"""Identification rules of 80 services over 2.5 and 25 million synthetic episodes, beside a bare scan of the same columns.

The files are Parquet in the layout of admitted care: 20 diagnoses and 24 procedures a row, made by DuckDB from hashes; the larger
one holds the smaller ten times, under other row numbers. Plenary reads each row twice, once to account for it and once for the
rules. The bare scan counts the known values of the same columns and does nothing else. Each is a process of its own, so that its
memory is its own. Processor seconds are compared, of all cores, for other work shares the machine.
"""

import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).parents[1]))

LAYOUTS = Path(__file__).parents[1] / "definitions" / "layouts"
ROWS, TIMES = 2_500_000, 10
SERVICES = 80
DIAGNOSES, PROCEDURES = 20, 24
ROW = """
SELECT 500000000000 + range AS EPIKEY, '9990000018' AS NEWNHSNO, 'L' || range AS LOPATID,
  'R' || chr(65 + (hash(range) % 26)::INT) || chr(65 + (hash(range + 1) % 6)::INT) || '01' AS PROCODET,
  DATE '2025-04-01' + (hash(range + 2) % 365)::INT AS EPISTART, DATE '1930-01-01' + (hash(range + 3) % 34000)::INT AS DOB,
  (1 + hash(range + 4) % 2)::VARCHAR AS SEX, 'Q' || chr(65 + (hash(range + 5) % 26)::INT) || 'A' AS ICB_RESIDENCE,
  '300' AS MAINSPEF, '300' AS TRETSPEF, {codes}
FROM range({rows})
"""


def code(kind, place, letters):
    """Return the expression of one position: few rows have many codes, and some codes are much commoner than others."""
    seed = place * 1_000_003 + (0 if kind == "DIAG" else 77)
    known = f"hash(range + {seed}) % 1000 < {max(12, int(1000 * 0.75 ** (place - 1)))}"
    number = f"pow((hash(range * 7 + {seed}) % 1000003) / 1000003.0, 3)"
    text = f"chr(65 + ({number} * {letters})::INT % {letters}) || lpad(((hash(range * 3 + {seed}) % 1000))::VARCHAR, 3, '0')"
    return f"CASE WHEN {known} THEN {text} END AS {kind}_{place:02d}"


def make(path, rows):
    codes = [code("DIAG", place, 22) for place in range(1, DIAGNOSES + 1)]
    codes += [code("OPERTN", place, 24) for place in range(1, PROCEDURES + 1)]
    connection = duckdb.connect()
    connection.execute(
        f"COPY ({ROW.format(codes=', '.join(codes), rows=rows)}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 122880)"
    )


def repeat(source, path):
    several = f"SELECT * REPLACE (EPIKEY + copy * 1000000000 AS EPIKEY) FROM read_parquet('{source}'), range({TIMES}) AS r(copy)"
    duckdb.connect().execute(f"COPY ({several}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 122880)")


def write_rules(folder):
    draw = random.Random(20)
    for number in range(SERVICES):
        kind = "diagnosis" if number % 3 else "procedure"
        codes = [f"{draw.choice('MNPQRST')}{draw.randint(0, 99):02d}.{draw.randint(0, 9)}" for _ in range(draw.randint(1, 4))]
        more = ("age = { below = 16 }", 'provider = ["RAA", "RBB", "RCC"]', "")[number % 3]
        text = f"""name = "identification"
service = "service-{number:02d}"
version = "1"
valid_from = 2017-04-01
[[rule]]
id = "codes"
label = "Synthetic"
[rule.include]
{kind} = {codes}
{more}
[[rule.exclude]]
diagnosis = ["Z94"]
"""
        (folder / f"{number:02d}.toml").write_text(text.replace("'", '"'), encoding="utf-8")


def ours(path, folder, engine):
    from plenary_episodes import engines, identify, layouts, reading, rules  # noqa: PLC0415  its memory is not the scan's

    running = engines.started(engine)
    started = time.process_time()
    opened = running.opened(Path(path))
    sheet = reading.read(opened, layouts.chosen(layouts.shipped(LAYOUTS), opened.headings, "episodes"))
    account, _ = sheet.accounted()
    found = identify.identified(sheet, rules.read_rules(Path(folder)))
    return time.process_time() - started, account.kept, found.num_rows


def bare(path, *_):
    names = ["EPIKEY", "NEWNHSNO", "LOPATID", "PROCODET", "EPISTART", "DOB", "SEX", "ICB_RESIDENCE", "MAINSPEF", "TRETSPEF"]
    names += [f"DIAG_{place:02d}" for place in range(1, DIAGNOSES + 1)] + [
        f"OPERTN_{place:02d}" for place in range(1, PROCEDURES + 1)
    ]
    started = time.process_time()
    sums = ", ".join(f"count({name})" for name in names)
    counted = duckdb.connect().execute(f"SELECT {sums} FROM read_parquet(?)", [path]).fetchone()
    return time.process_time() - started, counted[0], 0


def child(what, path, folder):
    """Run one program in a process of its own; return seconds, rows kept, rows found and peak memory in MiB."""
    words = [sys.executable, __file__, what, str(path), str(folder)]
    answer = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    return tuple(float(word) for word in answer[-4:])


def main() -> None:
    java = shutil.which("java") is not None
    columns = 10 + DIAGNOSES + PROCEDURES
    print("## Identification rules\n")
    print(f"Rules of {SERVICES} services over synthetic episodes of {columns} columns in Parquet; processor seconds.\n")
    print("| episodes | who | seconds | peak MiB | identified | times the bare scan |")
    print("| ---: | --- | ---: | ---: | ---: | ---: |")
    took = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "rules").mkdir()
        write_rules(folder / "rules")
        files = {ROWS: folder / "synthetic-small.parquet", ROWS * TIMES: folder / "synthetic-large.parquet"}
        print(f"making {ROWS:,} episodes …", file=sys.stderr)
        make(files[ROWS], ROWS)
        for rows, path in files.items():
            if rows > ROWS:
                repeat(files[ROWS], path)
            for what, who in {"bare": "bare scan", "duckdb": "Plenary on DuckDB"}.items():
                print(f"{rows:,}: {who} …", file=sys.stderr)
                used, _, found, memory = child(what, path, folder / "rules")
                took[what, rows] = used
                ratio = used / took["bare", rows]
                print(f"| {rows:,} | {who} | {used:.1f} | {memory:,.0f} | {found:,.0f} | {ratio:.1f} |", flush=True)
        if java:
            started = time.perf_counter()
            child("spark", files[ROWS], folder / "rules")
            print(
                f"\nLocal Spark, {ROWS:,} episodes: {time.perf_counter() - started:.0f} seconds by the clock, its start included."
            )
    print(f"\n{TIMES} times the episodes take {took['duckdb', ROWS * TIMES] / took['duckdb', ROWS]:.1f} times as long.")
    reached = took["duckdb", ROWS * TIMES] <= 3 * took["bare", ROWS * TIMES]
    print(f"Aim: 3 times the bare scan at most; reached: {'yes' if reached else 'no'}.")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        kind, file, rules_folder = sys.argv[1:]
        seconds, kept, matched = bare(file) if kind == "bare" else ours(file, rules_folder, kind)
        print(seconds, kept, matched, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    else:
        main()
