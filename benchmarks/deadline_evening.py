"""Deadline evening: 200 people upload files, key cases and read pages at once, on two cores, with PostgreSQL.

What is measured is what is installed: PostgreSQL, production settings, ``plenary serve`` as it is by default, its background
worker. Each person is a thread with a session of their own: signed in with password and one-time code, real forms over HTTP. The
people share the two cores with what they measure.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.evening.place import Place  # noqa: E402 - the folder is found only now

PAGE, ACKNOWLEDGED = 0.3, 1.0
"""Seconds: the 95th of a hundred pages, and of a hundred answers to a file."""
THINK = (5.0, 15.0)
GONE = 3.0
"""Seconds for which the database stays away."""
SETTLED = 10.0
"""Seconds after the database is back in which a page may still say that it is away."""
UPLOAD = "a file is sent"


def phases(seconds: int) -> list[dict]:
    """Return what happens, in order. Evening and kills have people's pace; the rush has none."""
    return [
        {"name": "arrivals", "seconds": max(10, seconds // 2), "think": THINK},
        {"name": "evening", "seconds": seconds, "think": THINK},
        {"name": "rush", "seconds": max(5, seconds // 6), "think": (0.0, 0.0)},
        {"name": "kills", "seconds": max(30, seconds // 2), "think": THINK, "large": True},
    ]


def play(place: Place, plan: dict, book: Path) -> dict[str, dict]:
    """Let the people live through the phases; kill in the last one. Return when each began and ended, and what it cost."""
    (place.folder / "plan.json").write_text(json.dumps(plan))
    command = [sys.executable, "-m", "benchmarks.evening.people", str(place.folder / "plan.json"), str(place.port), str(book)]
    generator = subprocess.Popen(command, cwd=Path(__file__).resolve().parents[1], env=place.environ, stdout=subprocess.PIPE)
    found: dict[str, dict] = {}
    used = 0.0
    for line in generator.stdout:
        told = json.loads(line)
        if "phase" in told:
            found[told["phase"]] = {"began": told["at"], "before": place.processor_seconds(), "load": os.getloadavg()[0]}
            if told["phase"] == "kills":
                found["kills"] |= kill(place)
        else:
            one = found[told["ended"]]
            one |= {"ended": told["at"], "people": told["processor"] - used, "after": place.processor_seconds()}
            used = told["processor"]
    if generator.wait():
        raise RuntimeError("The people ended with a fault.")
    return found


def kill(place: Place) -> dict[str, float]:
    """Kill the worker at its work, then the database; bring the database back as an operator does."""
    time.sleep(8)
    place.kill_worker()
    time.sleep(5)
    gone = time.time()
    place.kill_database()
    time.sleep(GONE)
    place.revive_database()
    return {"gone": gone, "back": time.time()}


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values) or [float("nan")]
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def table(lines: list[dict]) -> None:
    """Print each kind of page with its number and quantiles."""
    kinds = defaultdict(list)
    for line in lines:
        kinds[line["kind"]].append(line["seconds"])
    print("| | answers | p50 ms | p95 ms | p99 ms |\n| --- | ---: | ---: | ---: | ---: |")
    for kind, seconds in sorted(kinds.items(), key=lambda item: -quantile(item[1], 0.95)):
        marks = " | ".join(f"{1000 * quantile(seconds, share):.0f}" for share in (0.5, 0.95, 0.99))
        print(f"| {kind} | {len(seconds)} | {marks} |")
    print()


def judged(words: str, held: bool) -> None:
    print(f"- {words}: {'reached' if held else 'MISSED'}")


def report(lines: list[dict], found: dict[str, dict], kept: dict, log: str) -> bool:
    """Print figures and verdicts; return whether every aim was reached."""
    asked = [line for line in lines if "kind" in line and line["kind"] != "style, script"]
    problems = [line["problem"] for line in lines if "problem" in line]
    usual = [line for line in asked if line["phase"] in {"arrivals", "evening"}]
    evening = [line for line in asked if line["phase"] == "evening"]
    for name in ("arrivals", "evening"):
        print(f"### {name.capitalize()}\n")
        _cost(name, found, asked)
        table([line for line in asked if line["phase"] == name])
    _cost("rush", found, asked, "### Without time to think\n\n")
    gone, back = found["kills"]["gone"], found["kills"]["back"]
    away = [line for line in asked if line["phase"] == "kills" and line["status"] in {0, 503}]
    print(f"### Killed\n\nThe worker once, in its work, and the database for {back - gone:.1f} s: {len(away)} answers said so, ", end="")
    last = max((line["at"] + line["seconds"] for line in away), default=back)
    print(f"the last {max(0.0, last - back):.1f} s after it was back. Looked for afterwards: {kept['looked']}, ", end="")
    print(f"{kept['events']:,} audit events, jobs {kept['jobs']}.\n")
    faults = [line for line in asked if line["status"] >= 500 and line not in away]
    stray = [line for line in asked if line["status"] in {0, 503} and not (line in away and gone - 30 <= line["at"] <= back + SETTLED)]
    refused = [line for line in asked if 400 <= line["status"] < 500]
    pages = [line["seconds"] for line in evening if line["kind"] != UPLOAD]
    sent = [line["seconds"] for line in usual if line["kind"] == UPLOAD]
    verdicts = [
        (f"no error, nothing valid refused ({len(faults)} faults, {len(stray)} unanswered, {len(refused)} refused, {len(problems)} problems)",
         not (faults or stray or refused or problems)),
        (f"a page of the evening, p95 {1000 * quantile(pages, 0.95):.0f} ms of {1000 * PAGE:.0f} ms", quantile(pages, 0.95) <= PAGE),
        (f"the answer to a file, p95 {1000 * quantile(sent, 0.95):.0f} ms of {1000 * ACKNOWLEDGED:.0f} ms",
         quantile(sent, 0.95) <= ACKNOWLEDGED),
        (f"nothing lost, nothing twice ({len(kept['wrong'])} found wrong)", not kept["wrong"]),
    ]  # fmt: skip
    print("Aims:\n")
    for words, held in verdicts:
        judged(words, held)
    for word in [*problems, *kept["wrong"], *(f"{one['status']} {one['why']} {one['method']} {one['path']}" for one in [*faults, *stray, *refused])][:20]:
        print(f"- {word}", file=sys.stderr)
    if any(not held for _, held in verdicts):
        print(log[-6000:], file=sys.stderr)
    return all(held for _, held in verdicts)


def _cost(name: str, found: dict[str, dict], asked: list[dict], heading: str = "") -> None:
    """Print how many answers came and who used how much of the processor."""
    one = found[name]
    own = [line for line in asked if line["phase"] == name]
    seconds = one["ended"] - one["began"]
    used = ", ".join(f"{part} {one['after'][part] - one['before'][part]:.0f} s" for part in one["after"])
    print(f"{heading}{len(own):,} answers in {seconds:.0f} s, {len(own) / seconds:.1f} a second. Processor: {used}, ", end="")
    print(f"the people themselves {one['people']:.0f} s. Load average when it began: {one['load']:.1f}.\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--services", type=int, default=80)
    parser.add_argument("--seconds", type=int, default=60, help="how long the evening lasts")
    parser.add_argument("--keep", type=Path, help="keep what was noted in this file")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evening-") as folder:
        Path(folder).chmod(0o755)
        place = Place(Path(folder))
        try:
            since = time.monotonic()
            place.plenary("migrate")
            people = Path(folder, "people.json")
            place.run("-m", "benchmarks.evening.world", str(wanted.people), str(wanted.services), str(people))
            plan = json.loads(people.read_text()) | {"phases": phases(wanted.seconds)}
            made = time.monotonic() - since
            place.serve()
            book = wanted.keep or Path(folder, "book.jsonl")
            found = play(place, plan, book)
            kept = json.loads(place.run("-m", "benchmarks.evening.kept", str(book)))
            lines = [json.loads(line) for line in book.read_text(encoding="utf-8").splitlines()]
            print("## Deadline evening\n")
            print(f"{len(plan['people'])} people, {wanted.services} services, each person {THINK[0]:.0f} to {THINK[1]:.0f} s with a page", end="")
            print(f" (3 to 7 s with a field that is keyed). The world was made in {made:.0f} s.\n")
            report(lines, found, kept, place.log())
        finally:
            place.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
