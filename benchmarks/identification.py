"""Identification rules of 80 services over 2.5 and 25 million synthetic episodes, beside a bare scan of the same columns.

The file is Parquet in the layout of admitted care: 20 diagnoses and 24 procedures a row, made by DuckDB from hashes; 25 million
are the same file ten times over, read as one table by one question. Plenary reads each row twice, once to account for it and once
for the rules. The bare scan hashes every value of the same columns, so each is really read and decoded, and does nothing else.
Counting the known values is shown too: it is quicker, for it looks at no text (the lowest would come from the file's statistics).
Each is a process of its own, so that its memory is its own. Processor seconds are compared, of all cores, for other work
shares the machine; of Spark, whose work is done in another process, the seconds by the clock, its start included.
"""

import importlib.util
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).parents[1]))

LAYOUTS = Path(__file__).parents[1] / "definitions" / "layouts"
ROWS, TIMES = 2_500_000, 10
SERVICES = 80
DIAGNOSES, PROCEDURES = 20, 24
VARIOUS = 12_000
"""Codes that there are of each kind: about as many as ICD-10 and OPCS-4 have, each as frequent as any other of its letter."""
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
    digits = f"(hash(range * 3 + {seed}) % {VARIOUS // letters}) * 7 % 1000"  # 7 and 1000 have no factor in common
    text = f"chr(65 + ({number} * {letters})::INT % {letters}) || lpad(({digits})::VARCHAR, 3, '0')"
    return f"CASE WHEN {known} THEN {text} END AS {kind}_{place:02d}"


def make(path, rows):
    codes = [code("DIAG", place, 22) for place in range(1, DIAGNOSES + 1)]
    codes += [code("OPERTN", place, 24) for place in range(1, PROCEDURES + 1)]
    connection = duckdb.connect()
    connection.execute(
        f"COPY ({ROW.format(codes=', '.join(codes), rows=rows)}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 122880)"
    )


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


def ours(path, folder, engine, times):
    from plenary_episodes import engines, identify, layouts, reading, rules  # noqa: PLC0415  its memory is not the scan's

    running = engines.started(engine)
    started = time.process_time()
    opened = running.opened(Path(path))
    if times > 1:
        opened = replace(opened, table=opened.table.get_backend().read_parquet([path] * times))
    sheet = reading.read(opened, layouts.chosen(layouts.shipped(LAYOUTS), opened.headings, "episodes"))
    account, _ = sheet.accounted()
    found = identify.identified(sheet, rules.read_rules(Path(folder)))
    return time.process_time() - started, account.kept, found.num_rows


def bare(path, what, times):
    names = ["EPIKEY", "NEWNHSNO", "LOPATID", "PROCODET", "EPISTART", "DOB", "SEX", "ICB_RESIDENCE", "MAINSPEF", "TRETSPEF"]
    names += [f"DIAG_{place:02d}" for place in range(1, DIAGNOSES + 1)]
    names += [f"OPERTN_{place:02d}" for place in range(1, PROCEDURES + 1)]
    started = time.process_time()
    each = ", ".join((f"bit_xor(hash({name}))" if what == "hash" else f"count({name})") for name in names)
    counted = duckdb.connect().execute(f"SELECT count(*), {each} FROM read_parquet(?)", [[path] * times]).fetchone()
    return time.process_time() - started, counted[0], 0


def child(what, path, folder, times=1):
    """Run one program in a process of its own; return processor seconds, rows kept, rows found, peak MiB and clock seconds."""
    started = time.perf_counter()
    words = [sys.executable, __file__, what, str(path), str(folder), str(times)]
    answer = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    return (*(float(word) for word in answer[-4:]), time.perf_counter() - started)


WHO = {"hash": "bare scan, every value hashed", "count": "bare scan, known values counted", "duckdb": "Plenary on DuckDB"}


def spark(files, folder, identified):
    """Measure the same on local Spark, and say whether it identified the same number."""
    if shutil.which("java") is None or importlib.util.find_spec("pyspark") is None:
        print("\nLocal Spark was not measured: Java or pyspark is not here.")
        return
    for rows, path in files.items():
        print(f"{rows:,}: Spark …", file=sys.stderr)
        _, _, found, _, clock = child("spark", path, folder)
        same = "the same" if found == identified[rows] else "NOT the same"
        print(f"\nLocal Spark, {rows:,} episodes: {clock:.0f} seconds by the clock, {found:,.0f} identified, {same}.", flush=True)


def main() -> None:
    columns = 10 + DIAGNOSES + PROCEDURES
    print("## Identification rules\n")
    print(f"Rules of {SERVICES} services over synthetic episodes of {columns} columns in Parquet.\n")
    print("| episodes | who | processor seconds | clock | peak MiB | identified | times the bare scan |")
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: |")
    took, identified = {}, {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "rules").mkdir()
        write_rules(folder / "rules")
        files = {rows: folder / f"synthetic-{rows}.parquet" for rows in (ROWS // 10, ROWS)}
        for rows, path in files.items():
            print(f"making {rows:,} episodes …", file=sys.stderr)
            subprocess.run([sys.executable, __file__, "make", str(path), str(rows)], check=True)
        for rows, path, times in (*((rows, path, 1) for rows, path in files.items()), (ROWS * TIMES, files[ROWS], TIMES)):
            for what, who in WHO.items():
                print(f"{rows:,}: {who} …", file=sys.stderr)
                used, kept, identified[rows], memory, clock = child(what, path, folder / "rules", times)
                assert kept == rows, (kept, rows)
                took[what, rows] = used
                ratio = used / took["hash", rows]
                print(
                    f"| {rows:,} | {who} | {used:.1f} | {clock:.1f} | {memory:,.0f} | {identified[rows]:,.0f} | {ratio:.1f} |",
                    flush=True,
                )
        spark(files, folder / "rules", identified)
    print(f"\n{TIMES} times the episodes take {took['duckdb', ROWS * TIMES] / took['duckdb', ROWS]:.1f} times as long.")
    reached = took["duckdb", ROWS * TIMES] <= 3 * took["hash", ROWS * TIMES]
    print(f"Aim: 3 times the bare scan at most; reached: {'yes' if reached else 'no'}.")


if __name__ == "__main__":
    if sys.argv[1:2] == ["make"]:  # not in the process that measures: a child's peak memory is at least its parent's
        make(sys.argv[2], int(sys.argv[3]))
    elif len(sys.argv) > 1:
        kind, file, rules_folder, often = sys.argv[1:]
        seconds, kept, matched = (
            bare(file, kind, int(often)) if kind in {"hash", "count"} else ours(file, rules_folder, kind, int(often))
        )
        print(seconds, kept, matched, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    else:
        main()
