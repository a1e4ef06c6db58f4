"""Mask the tables with ``acro``: run by the Python of an environment that has it, with nothing of ours.

Standard input: JSON with ``threshold`` and ``patients`` (rows of service, centre, area, sex, age band, number). Standard output:
JSON with the places that acro left in sight of the tables that an edition shows, and the processor seconds it took. Noughts are
protected: told that they are not disclosive, acro 1.0 writes what it masks as nought.
"""

import contextlib
import io
import json
import logging
import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import acro
import pandas as pd

NAMES = ["service", "centre", "area", "sex", "age_band"]
WAYS = [
    *((unit, way) for unit in ("centre", "service", None) for way in (("area",), ("sex",), ("age_band",), ())),
    ("service", ("sex", "age_band")),
    (None, ("sex", "age_band")),
    *((None, ("area", *rest)) for rest in (("sex",), ("age_band",), ("sex", "age_band"))),
]


def main() -> None:
    given = json.load(sys.stdin)
    frame = pd.DataFrame(given["patients"], columns=[*NAMES, "number"])
    frame = frame.loc[frame.index.repeat(frame.number), NAMES].reset_index(drop=True)
    frame["all"] = "Total"
    tool = session(given)
    started, shown = time.process_time(), []
    for unit, way in WAYS:
        rows = frame[unit or "all"]
        columns = [frame[each] for each in way] or [frame["all"].rename("everybody")]
        with contextlib.redirect_stdout(io.StringIO()):
            table = tool.crosstab(rows, columns)
        shown += places(unit, way, table)
    json.dump({"shown": shown, "seconds": time.process_time() - started, "version": version("acro")}, sys.stdout)


def session(given: dict) -> acro.ACRO:
    """Return a session with our threshold: acro reads its risk appetite from a file beside its own code."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    own = Path(acro.__file__).parent
    words = (own / "default.yaml").read_text()
    words = words.replace("safe_threshold: 10", f"safe_threshold: {given['threshold']}")
    (own / "benchmark.yaml").write_text(words)
    with contextlib.redirect_stdout(io.StringIO()):
        return acro.ACRO(config="benchmark", suppress=True)


def places(unit: str | None, way: tuple[str, ...], table: pd.DataFrame) -> list[list[str]]:
    """Return the places of a table whose number acro left in sight."""
    found = []
    for row, line in table.iterrows():
        for column, number in line.items():
            if pd.isna(number):
                continue
            place = dict.fromkeys(NAMES, "Total")
            if unit:
                place[unit] = str(row)
            if unit == "centre":
                place["service"] = str(row).split(".")[0]
            codes = column if isinstance(column, tuple) else (column,)
            place |= {name: str(code) for name, code in zip(way, codes, strict=False)}
            found.append([place[name] for name in NAMES])
    return found


if __name__ == "__main__":
    main()
