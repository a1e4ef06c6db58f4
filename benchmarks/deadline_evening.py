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
from typing import IO

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.evening.place import Place

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
    try:
        found = watch(place, generator.stdout)
        if generator.wait():
            raise RuntimeError("The people ended with a fault.")
    finally:
        generator.kill()  # where somebody else has failed
        generator.wait()
        generator.stdout.close()
    return found


def watch(place: Place, told: IO[bytes]) -> dict[str, dict]:
    """Note when each phase begins and ends and what it costs; kill in the one that is for it."""
    found: dict[str, dict] = {}
    used = 0.0
    for line in told:
        said = json.loads(line)
        if "phase" in said:
            found[said["phase"]] = {"began": said["at"], "before": place.processor_seconds(), "load": os.getloadavg()[0]}
            if said["phase"] == "kills":
                found["kills"] |= kill(place)
        else:
            one = found[said["ended"]]
            one |= {"ended": said["at"], "people": said["processor"] - used, "after": place.processor_seconds()}
            used = said["processor"]
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


def report(lines: list[dict], found: dict[str, dict], kept: dict) -> bool:
    """Print figures and verdicts; return whether every aim was reached."""
    asked = [line for line in lines if "kind" in line and line["kind"] != "style, script"]
    for name in ("arrivals", "evening"):
        print(f"### {name.capitalize()}\n")
        cost(name, found, asked)
        table([line for line in asked if line["phase"] == name])
    print("### Without time to think\n")
    cost("rush", found, asked)
    killed(found["kills"], asked, kept)
    problems = [line["problem"] for line in lines if "problem" in line] + wrong(found["kills"], asked)
    evening = [line for line in asked if line["phase"] == "evening"]
    page = quantile([line["seconds"] for line in evening if line["kind"] != UPLOAD], 0.95)
    sent = quantile([line["seconds"] for line in evening if line["kind"] == UPLOAD], 0.95)
    verdicts = {
        f"no error and nothing valid refused ({len(problems)} seen)": not problems,
        f"a page of the evening: p95 {1000 * page:.0f} ms, of {1000 * PAGE:.0f}": page <= PAGE,
        f"the answer to a file: p95 {1000 * sent:.0f} ms, of {1000 * ACKNOWLEDGED:.0f}": sent <= ACKNOWLEDGED,
        f"nothing lost, nothing twice ({len(kept['wrong'])} found wrong)": not kept["wrong"],
    }
    print("Aims:\n")
    print("\n".join(f"- {words}: {'reached' if held else 'MISSED'}" for words, held in verdicts.items()) + "\n")
    print("\n".join([*problems, *kept["wrong"]][:30]), file=sys.stderr)
    return all(verdicts.values())


def is_away(line: dict) -> bool:
    """Whether the site did not answer, or answered that it is away."""
    return line["status"] in {0, 503}


def wrong(kills: dict, asked: list[dict]) -> list[str]:
    """Return the answers that nobody should get: faults, refusals, and silence but for the time of the kills."""
    since, until = kills["gone"] - 1, kills["back"] + SETTLED
    bad = [line for line in asked if line["status"] >= 400 or line["status"] == 0]
    told = [line for line in bad if not (is_away(line) and since <= line["at"] + line["seconds"] and line["at"] <= until)]
    return [f"{line['phase']}: {line['status']} {line['why']} {line['method']} {line['path']}" for line in told]


def cost(name: str, found: dict[str, dict], asked: list[dict]) -> None:
    """Print how many answers came and who used how much of the processor."""
    one = found[name]
    own = [line for line in asked if line["phase"] == name]
    seconds = one["ended"] - one["began"]
    used = {part: one["after"][part] - one["before"][part] for part in one["after"]} | {"people": one["people"]}
    parts = ", ".join(f"{part} {spent:.0f} s" for part, spent in used.items())
    everything = sum(used.values())
    each, share = (everything - used["people"]) / len(own), everything / seconds / (os.cpu_count() or 1)
    print(
        f"{len(own):,} answers in {seconds:.0f} s, {len(own) / seconds:.1f} a second. Processor: {parts}; without the people "
        f"{1000 * each:.0f} ms an answer, and in all {100 * share:.0f} % of this machine. Load average when it began: "
        f"{one['load']:.1f}.\n"
    )


def killed(kills: dict, asked: list[dict], kept: dict) -> None:
    """Print what the people saw of the kills, and what was looked for afterwards."""
    away = [line for line in asked if line["phase"] == "kills" and is_away(line)]
    last = max((line["at"] + line["seconds"] for line in away), default=0.0) - kills["back"]
    silent = sum(line["status"] == 0 for line in away)
    looked = ", ".join(f"{number:,} of {what}" for what, number in kept["looked"].items())
    print("### Killed\n")
    print(
        f"The worker at its work, and the database for {kills['back'] - kills['gone']:.1f} s. {len(away)} answers said that the "
        f"site is away ({silent} requests had none), the last {max(0.0, last):.1f} s after the database was back. Looked for "
        f"afterwards, as acknowledged: {looked}; jobs {kept['jobs']}; {kept['events']:,} audit events, one chain.\n"
    )


def evening(place: Place, wanted: argparse.Namespace) -> bool:
    """Make the world, let the evening pass, and report."""
    since = time.monotonic()
    people, book = place.folder / "people.json", wanted.keep or place.folder / "book.jsonl"
    place.plenary("migrate")
    place.run("-m", "benchmarks.evening.world", str(wanted.people), str(wanted.services), str(people))
    plan = json.loads(people.read_text()) | {"phases": phases(wanted.seconds)}
    made = time.monotonic() - since
    place.serve()
    found = play(place, plan, book)
    kept = json.loads(place.run("-m", "benchmarks.evening.kept", str(book)))
    lines = [json.loads(line) for line in book.read_text(encoding="utf-8").splitlines()]
    print("## Deadline evening\n")
    print(
        f"{len(plan['people'])} people, {wanted.services} services. Everybody stays {THINK[0]:.0f} to {THINK[1]:.0f} s with a "
        f"page, 3 to 7 s with a field that is keyed. The world was made in {made:.0f} s.\n"
    )
    return report(lines, found, kept)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--services", type=int, default=80)
    parser.add_argument("--seconds", type=int, default=60, help="how long the evening lasts")
    parser.add_argument("--keep", type=Path, help="keep what was noted in this file")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evening-") as folder:
        Path(folder).chmod(0o755)  # the database is another user where this one is root
        place = Place(Path(folder))
        try:
            if not evening(place, wanted):
                print(place.log()[-6000:], file=sys.stderr)
        finally:
            place.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
