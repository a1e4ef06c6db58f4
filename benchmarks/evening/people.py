"""The people of the evening, each with a browser of their own: a thread that signs in, reads, sends, keys, and thinks in between.

``python -m benchmarks.evening.people PLAN PORT OUT`` plays the phases of the plan one after the other, says on standard output
when each begins, and writes every request and everything that was acknowledged to OUT, one JSON document a line. Standard
library only: it must cost little, because it shares the processor with what it measures.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import hmac
import html
import http.client
import io
import json
import random
import re
import struct
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

HOST = "evening.example"
TYPING = (3.0, 7.0)
"""Seconds between two answers of somebody who keys a case: one field, found, typed and left."""
SAVINGS = 5
AGAIN = 2.0
"""Seconds that somebody waits before trying again where the site says that it is away."""
TRIES = 40
LARGE_ROWS = 20_000


class Over(Exception):  # noqa: N818 - no error: the phase has ended
    """The phase has ended."""


class Book:
    """What happened, written line by line by every thread."""

    def __init__(self, path: Path) -> None:
        self.file, self.lock = path.open("w", encoding="utf-8"), threading.Lock()

    def write(self, **line: Any) -> None:
        with self.lock:
            self.file.write(json.dumps(line) + "\n")


class Browser:
    """One person's cookies and what came back. A new connection for each request, as a proxy in front makes them."""

    def __init__(self, port: int, book: Book, number: int) -> None:
        self.port, self.book, self.number = port, book, number
        self.cookies: dict[str, str] = {}
        self.phase = self.address = ""

    def get(self, path: str, kind: str) -> str:
        """Ask for a page, again and again where the site is away, and follow where it leads."""
        for _ in range(TRIES):
            status, text, location = self._ask("GET", path, kind)
            if location:
                return self.get(location, kind)
            if status != AWAY:
                return text
            time.sleep(AGAIN)
        raise Over

    def post(
        self, path: str, kind: str, fields: Mapping[str, str], file: tuple[str, bytes] | None = None
    ) -> tuple[int, str, str]:
        """Send a form with the key of the page, and again where the site is away; do not follow where it leads."""
        sent = {"csrfmiddlewaretoken": self.key} | dict(fields)
        body, media_type = _body(sent, file)
        for _ in range(TRIES):
            status, text, location = self._ask("POST", path, kind, body, media_type)
            if status != AWAY:
                return status, text, location
            if file is None and text:  # what was typed stands in the page that says so
                again = hidden(text)
                if not again:
                    self.book.write(problem=f"what was typed is not in the page that says to try again: {path}")
                else:
                    body, media_type = _body(again, None)
            time.sleep(AGAIN)
        raise Over

    def _ask(self, method: str, path: str, kind: str, body: bytes = b"", media_type: str = "") -> tuple[int, str, str]:
        target = urlsplit(path)
        path = target.path + (f"?{target.query}" if target.query else "")
        headers = {"Host": HOST, "X-Forwarded-Proto": "https", "Referer": f"https://{HOST}{path}", "Connection": "close"}
        headers["X-Forwarded-For"] = "198.51.100.7"  # one address for all: the gateway of a whole health service
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body:
            headers["Content-Type"] = media_type
        began, since = time.time(), time.perf_counter()
        status, text, location, why = 0, "", "", ""
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            content = answer.read()
            status, location = answer.status, answer.getheader("Location") or ""
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie":
                    self._keep(value)
            connection.close()
            text = content.decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as problem:
            why = type(problem).__name__
        seconds = time.perf_counter() - since
        self.book.write(phase=self.phase, kind=kind, at=began, seconds=seconds, status=status, method=method, path=path, why=why)
        if status == 0:
            return AWAY, "", ""
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', text)
        if found and status == 200:
            self.key = found[1]
        return status, text, location

    def _keep(self, header: str) -> None:
        name, _, rest = header.partition("=")
        value = rest.partition(";")[0]
        if value in {"", '""'}:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value

    key = ""


AWAY = 503


def hidden(page: str) -> dict[str, str]:
    """Return what a page holds in hidden fields."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page)
    return {html.unescape(name): html.unescape(value) for name, value in found}


def _body(fields: Mapping[str, str], file: tuple[str, bytes] | None) -> tuple[bytes, str]:
    if file is None:
        return urlencode(fields).encode(), "application/x-www-form-urlencoded"
    edge = "evening-of-invented-people"
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()
    ]
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{file[0]}"\r\nContent-Type: text/csv\r\n\r\n'
    return b"".join([*parts, head.encode(), file[1], f"\r\n--{edge}--\r\n".encode()]), f"multipart/form-data; boundary={edge}"


def one_time_code(secret: str) -> str:
    """Return what an authenticator app shows now."""
    counter = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


class Person(threading.Thread):
    """Somebody with a post and something to do before the deadline."""

    def __init__(self, known: dict[str, Any], plan: dict[str, Any], port: int, book: Book) -> None:
        super().__init__(daemon=True)
        self.known, self.plan, self.book = known, plan, book
        self.browser = Browser(port, book, known["number"])
        self.draw = random.Random(known["number"])
        self.made = 0
        self.until = 0.0
        self.pace: tuple[float, ...] = (0.0, 0.0)
        self.typing: tuple[float, ...] = TYPING
        self.gate, self.done = threading.Event(), threading.Event()

    def begin(self, phase: dict[str, Any], until: float) -> None:
        self.browser.phase, self.until, self.pace = phase["name"], until, tuple(phase["think"])
        self.typing = tuple(phase.get("typing", TYPING))
        self.large = bool(phase.get("large")) and self.known["task"] == "send" and self.known["number"] == 0
        self.done.clear()
        self.gate.set()

    def run(self) -> None:
        while True:
            self.gate.wait()
            self.gate.clear()
            try:
                while True:
                    self.walk()
            except Over:
                pass
            except Exception as problem:  # noqa: BLE001 - a person who is stopped by a fault is a finding, not a crash
                self.book.write(problem=f"person {self.known['number']}: {type(problem).__name__}: {problem}")
            self.done.set()

    def think(self, pace: tuple[float, ...] | None = None) -> None:
        """Read, look up, type: as long as people do. In a phase without thinking, not at all."""
        low, high = pace if pace and self.pace[1] else self.pace
        seconds = self.draw.uniform(low, high)
        if time.time() + seconds >= self.until:
            raise Over
        time.sleep(seconds)

    def walk(self) -> None:
        if self.browser.phase == "arrivals":
            self.think((0.0, self.until - time.time() - 2))
            self.sign_in()
            raise Over
        if self.browser.phase == "evening" and self.made == 0:
            self.think((0.0, self.pace[1]))  # nobody turns the first page at the same moment as everybody else
        task = self.known["task"]
        if task == "send" and self.known["cases"]:
            self.draw.choice((self.send, self.send, self.read))()
        elif task == "key" and self.known["cases"]:
            self.draw.choice((self.key_case, self.key_case, self.key_case, self.read))()
        elif task in {"send", "key", "lead"}:
            self.read()
        else:
            self.follow()
        self.made += 1

    def page(self, path: str, kind: str) -> str:
        self.think()
        return self.browser.get(path, kind)

    def sign_in(self) -> None:
        browser = self.browser
        first = browser.get("/account/login/", "sign-in form")
        for address in re.findall(r'(?:href|src|from) ?=? ?"(/static/[^"]+)"', first):
            browser.get(address, "style, script")
        status, _, location = browser.post(
            "/account/login/", "password", {"login": self.known["email"], "password": self.plan["password"]}
        )
        if status != http.client.FOUND:
            self.book.write(problem=f"the password of person {self.known['number']} was answered with {status}")
            raise Over
        browser.get(location, "code form")
        status, _, location = browser.post(location, "one-time code", {"code": one_time_code(self.plan["secret"])})
        if status != http.client.FOUND:
            self.book.write(problem=f"the code of person {self.known['number']} was answered with {status}")
            raise Over
        browser.get(location, "my work")

    # -- what people do

    def send(self) -> None:
        """Send the file, now and then with a fault first; read the findings; accept."""
        place = self.known["place"]
        if self.draw.random() < 0.5:
            self.page(place, "centre and period")
        if self.draw.random() < 0.3:
            self._send_file(self._file(faulty=True))
        sent = self._send_file(self._file(faulty=False, rows=LARGE_ROWS if self.large else 0))
        if self.large:
            self.large = False
            self.page(sent, "findings")
            return
        self.think()
        status, _, location = self.browser.post(f"{sent}accept/", "accept a file", {})
        page = self.browser.get(location, "centre and period")
        accepted = "was accepted" in page
        if status != http.client.FOUND or not accepted:
            self.book.write(problem=f"accepting {sent} was answered with {status}: {said(page)}")
        else:
            self.book.write(acknowledged="accept", submission=int(sent.strip("/").rpartition("/")[2]))
        self.page(f"{place}cases/", "cases")

    def _send_file(self, content: bytes) -> str:
        place = self.known["place"]
        self.page(f"{place}upload/", "form of a file")
        self.think()
        status, text, location = self.browser.post(f"{place}upload/", "a file is sent", {}, ("cases.csv", content))
        if status != http.client.FOUND:
            self.book.write(problem=f"a file of person {self.known['number']} was answered with {status}: {said(text)}")
            raise Over
        number = int(location.strip("/").rpartition("/")[2])
        self.book.write(acknowledged="upload", submission=number, sha256=hashlib.sha256(content).hexdigest())
        self.browser.get(location, "findings")
        return location

    def _file(self, *, faulty: bool, rows: int = 0) -> bytes:
        """Return the cases of the centre with one value changed, so that it is another file than the one before."""
        cases = [dict(case) for case in self.known["cases"]]
        if rows:
            cases = [cases[number % len(cases)] | {"case_id": f"{self.known['ods']}-L{number}"} for number in range(rows)]
        changed = cases[self.draw.randrange(len(cases))]
        changed["sex"] = "female" if changed["sex"] == "male" else "male"
        if faulty:
            cases[0]["sex"] = "F"
        self.made_files = getattr(self, "made_files", 0) + 1
        if not rows:
            cases[-1]["case_id"] = f"{self.known['ods']}-{self.known['number']}-{self.made_files}"
        text = io.StringIO()
        writer = csv.DictWriter(text, cases[0].keys(), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(cases)
        return text.getvalue().encode()

    def key_case(self) -> None:
        """Key one case, a draft kept every few seconds as the page's script does, and finish it."""
        place = self.known["place"]
        self.page(f"{place}key/", "form of a case")
        self.made_cases = getattr(self, "made_cases", 0) + 1
        case = self.draw.choice(self.known["cases"])
        case = case | {"case_id": f"{self.known['ods']}-K{self.known['number']}-{self.made_cases}"}
        fields = list(boxes(case))
        address = f"{place}key/"
        for part in range(1, SAVINGS + 1):
            self.think(self.typing)
            typed = dict(fields[: max(1, len(fields) * part // SAVINGS)])
            status, text, _ = self.browser.post(address, "a draft is kept", typed | {"do": "draft"})
            if status != http.client.OK:
                self.book.write(problem=f"a draft of person {self.known['number']} was answered with {status}: {said(text)}")
                raise Over
            address = json.loads(text)["address"]
            self.book.write(acknowledged="draft", address=address, typed=typed, person=self.known["number"])
        self.think(self.typing)
        status, text, location = self.browser.post(address, "a case is finished", dict(fields) | {"do": "next"})
        if status == http.client.FOUND:
            self.book.write(acknowledged="case", address=address, case_id=case["case_id"], place=place)
            self.browser.get(location, "form of a case")
        else:
            self.book.write(problem=f"finishing {case['case_id']} was answered with {status}: {said(text)}", case=case["case_id"])

    def read(self) -> None:
        """Look round one's own centre."""
        place = self.known["place"]
        for path, kind in (
            ("/workspace/", "my work"), ("/workspace/collection/", "progress"), (place, "centre and period"),
            (f"{place}expected/", "expected cases"), (f"{place}cases/", "cases"), ("/workspace/deadlines/", "deadlines"),
            ("/workspace/queries/", "queries"), ("/workspace/follow-up/", "follow-up"),
        ):  # fmt: skip
            self.page(path, kind)

    def follow(self) -> None:
        """Follow how far the centres have come, again and again."""
        service = self.known["service"]
        for path, kind in (
            ("/workspace/", "my work"), (f"/workspace/collection/?service={service}&period=2025-26", "progress"),
            ("/workspace/deadlines/", "deadlines"), (f"/services/{service}/", "public page of a service"),
            ("/workspace/ascertainment/", "ascertainment"), ("/workspace/queries/", "queries"), ("/services/", "public services"),
        ):  # fmt: skip
            self.page(path, kind)


def said(page: str) -> str:
    """Return the errors and messages of a page, for a report."""
    found = re.findall(r'(?:error-message"[^>]*>|plenary-message[^>]*><p>)(.*?)</', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>|\s+", " ", one).strip() for one in found)[:300]


def boxes(case: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the boxes of the page with what is typed: a date has three."""
    for name, value in case.items():
        if name == "centre":
            continue
        if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            year, month, day = value.split("-")
            yield f"{name}_day", day
            yield f"{name}_month", month
            yield f"{name}_year", year
        else:
            yield name, value


def play(plan: dict[str, Any], port: int, out: Path) -> None:
    book = Book(out)
    threading.stack_size(512 * 1024)
    everybody = [Person(known, plan, port, book) for known in plan["people"]]
    for one in everybody:
        one.start()
    for phase in plan["phases"]:
        began = time.time()
        sys.stdout.write(json.dumps({"phase": phase["name"], "at": began}) + "\n")
        sys.stdout.flush()
        for one in everybody:
            one.begin(phase, began + phase["seconds"])
        for one in everybody:
            one.done.wait(phase["seconds"] + 120)
        used = time.process_time()
        sys.stdout.write(json.dumps({"ended": phase["name"], "at": time.time(), "processor": used}) + "\n")
        sys.stdout.flush()
    book.file.close()


if __name__ == "__main__":
    play(json.loads(Path(sys.argv[1]).read_text()), int(sys.argv[2]), Path(sys.argv[3]))
