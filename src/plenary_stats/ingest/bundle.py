"""A FHIR bundle as the table of a case file: a QuestionnaireResponse a case, the export's link ids as headings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from plenary_stats.errors import InputError
from plenary_stats.findings import Finding, Findings

URN: Final = "urn:plenary:data-set:"
_DONE: Final = ("completed", "amended")
_TEXTS: Final = ("String", "Date", "DateTime", "Time", "Decimal", "Integer", "Uri")

Row = dict[str, str]


def looks_like_one(content: bytes) -> bool:
    """Whether a file is JSON: no table begins with a curly bracket."""
    return content[:200].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def rows(content: bytes, file: str, findings: Findings) -> tuple[list[int], list[Row], frozenset[str]]:
    """Return the place in the bundle and the answers of each response, and the questionnaires that they answer."""
    try:
        document = json.loads(content.decode("utf-8-sig"), parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as problem:
        raise InputError(f"'{file}' begins as JSON and is none: {problem}. Send a FHIR bundle, CSV or XLSX.") from problem
    found = list(_responses(document, file, findings))
    numbers, table, asked = list[int](), list[Row](), set[str]()
    for number, response in found:
        status = str(response.get("status", ""))
        if status == "entered-in-error":
            message = f"Entry {number} of the bundle is marked as entered in error, and was left out."
            findings.append(Finding(file, number, "", "fhir", "warning", message, "Take it out of the bundle."))
            continue
        if status not in _DONE:
            message = f"Entry {number} of the bundle is '{status}', not completed; it was read all the same."
            findings.append(Finding(file, number, "", "fhir", "warning", message, "Send it when it is completed."))
        numbers.append(number)
        table.append(_row(response, number, file, findings))
        asked |= {str(response["questionnaire"])} if response.get("questionnaire") else set()
    return numbers, table, frozenset(asked)


def _responses(document: Any, file: str, findings: Findings) -> Iterator[tuple[int, dict[str, Any]]]:
    kind = document.get("resourceType") if isinstance(document, dict) else None
    if kind == "QuestionnaireResponse":
        yield 1, document
        return
    if kind != "Bundle":
        raise InputError(
            f"'{file}' is JSON, but no FHIR bundle ('resourceType' is {kind!r}). Send a bundle of QuestionnaireResponse."
        )
    others = 0
    entries = document.get("entry", [])
    for number, entry in enumerate(entries if isinstance(entries, list) else [], start=1):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and resource.get("resourceType") == "QuestionnaireResponse":
            yield number, resource
        else:
            others += 1
    if others:
        message = f"{others} entries of the bundle are no QuestionnaireResponse, and were left out."
        findings.append(Finding(file, 0, "", "fhir", "notice", message))


def _row(response: dict[str, Any], number: int, file: str, findings: Findings) -> Row:
    row: Row = {}
    if case_id := _identifier(response):
        row["case_id"] = case_id
    waiting: list[Any] = [response]
    while waiting:  # items nest as deep as their writer likes
        one = waiting.pop()
        waiting += reversed(_list(one, "item"))
        answers = _list(one, "answer")
        waiting += [answer for answer in reversed(answers) if "item" in answer]
        name = one.get("linkId") if one is not response else None
        texts = [text for answer in answers if (text := _text(answer))]
        if isinstance(name, str) and answers:
            if name in row and name != "case_id":
                message = f"Entry {number} of the bundle answers '{name}' twice."
                findings.append(
                    Finding(file, number, name, "fhir", "blocking", message, "Give one answer, or one item of several.")
                )
            row[name] = "|".join(texts)
    return row


def _list(one: Any, key: str) -> list[dict[str, Any]]:
    found = one.get(key) if isinstance(one, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _identifier(response: dict[str, Any]) -> str:
    """Return the case's identifier where no item gives it: that of the response itself, never the patient's."""
    given = response.get("identifier")
    return str(given["value"]) if isinstance(given, dict) and given.get("value") else ""


def _text(answer: dict[str, Any]) -> str:
    """Return an answer as a cell has it: a code, a number as written, 1 or 0."""
    for kind in _TEXTS:
        value = answer.get(f"value{kind}")
        if isinstance(value, str):
            return value
    if isinstance(answer.get("valueBoolean"), bool):
        return "1" if answer["valueBoolean"] else "0"
    for kind, key in (("Coding", "code"), ("Quantity", "value")):
        value = answer.get(f"value{kind}")
        if isinstance(value, dict):
            return str(value.get(key) or value.get("display") or "")
    return ""
