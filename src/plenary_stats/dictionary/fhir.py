"""A data set as a FHIR R4 Questionnaire: a group for each form and section, questions with their types, answers and conditions.

Branching logic becomes ``enableWhen`` where that means the same as in REDCap; else FHIRPath; and where neither can say it, the
logic is carried as it is written, in an expression whose language is REDCap's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from plenary_stats.dictionary import checks, logic
from plenary_stats.dictionary.document import Dictionary, Entry, plain
from plenary_stats.dictionary.exports import About, Export, printable
from plenary_stats.dictionary.logic import Chain, Comparison, Literal, Negation, Node, Reference
from plenary_stats.dictionary.words import in_words
from plenary_stats.errors import InputError

LANGUAGE: Final = "application/x-redcap-logic"
_CORE: Final = "http://hl7.org/fhir/StructureDefinition/"
_SDC: Final = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"
_TYPES: Final = {
    "notes": "text", "radio": "choice", "dropdown": "choice", "checkbox": "choice", "yesno": "boolean", "truefalse": "boolean",
    "calc": "decimal", "descriptive": "display", "slider": "decimal", "file": "attachment", "sql": "string",
}  # fmt: skip
_VALIDATIONS: Final = {"date": "date", "datetime": "dateTime", "time": "time", "integer": "integer", "number": "decimal"}
_ANSWERS: Final = {
    "integer": "Integer",
    "decimal": "Decimal",
    "date": "Date",
    "string": "String",
    "text": "String",
    "time": "Time",
}


def write(dictionary: Dictionary, about: About) -> Export:
    """Return the Questionnaire of a data set that can be used (no blocking finding)."""
    return _Writer(dictionary, about).document()


def kind_of(one: Entry) -> str:
    """Return the type of a question."""
    if one.type != "text":
        return _TYPES[one.type]
    return _VALIDATIONS.get(one.validation.partition("_")[0], "string")


class _Writer:
    def __init__(self, dictionary: Dictionary, about: About) -> None:
        self.dictionary, self.about = dictionary, about
        self.left_out: list[str] = []

    def document(self) -> Export:
        about = self.about
        name = "".join(part.capitalize() for part in re.split(r"\W+", about.service))
        document = {
            "resourceType": "Questionnaire",
            "id": re.sub(r"[^A-Za-z0-9.-]", "-", f"{about.service}-{about.version}")[:64],
            "language": "en-GB",
            "url": f"urn:plenary:data-set:{about.service}",
            "version": about.version,
            "name": f"DataSet{name}",
            "title": about.name,
            "status": "active" if about.agreed_on else "draft",
            "subjectType": ["Patient"],
            "date": about.dated.isoformat(),
            "description": f"{about.standing}.",
            "item": [self.form(form, entries) for form, entries in self.dictionary.forms.items()],
        }
        text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
        return Export(text.encode(), tuple(self.left_out))

    def form(self, form: str, entries: tuple[Entry, ...]) -> dict[str, Any]:
        """Return the group of a form; what stands under a section heading is a group within it."""
        group: dict[str, Any] = {"linkId": f"form.{form or 'case'}", "text": (form or "case").replace("_", " ").capitalize()}
        group |= {"type": "group", "item": []}
        target = group["item"]
        for number, one in enumerate(entries):
            if one.section:
                section = {"linkId": f"section.{form or 'case'}.{number}", "text": printable(plain(one.section)) or "Section"}
                target = []
                group["item"].append(section | {"type": "group", "item": target})
            target.append(self.item(one))
        return group

    def item(self, one: Entry) -> dict[str, Any]:
        kind = kind_of(one)
        item: dict[str, Any] = {"linkId": one.name}
        extensions = [*self.extensions(one, kind)]
        when = self.condition(one, extensions)
        if extensions:
            item["extension"] = extensions
        if one.number:
            item["prefix"] = printable(plain(one.number))
        item |= {"text": printable(one.title), "type": kind} | when
        if kind != "display":
            item |= {"required": True} if one.required else {}
            item |= {"repeats": True} if one.type == "checkbox" else {}
            item |= {"readOnly": True} if one.type == "calc" or one.tag("READONLY") or self.calculated(one) else {}
        self.answers(item, one, kind)
        if one.note and kind != "display":
            item["item"] = [_help(one)]
        if one.type == "sql":
            self.left_out.append(f"The list of '{one.name}' stands in REDCap's own database: it is a question with any answer.")
        return item

    @staticmethod
    def calculated(one: Entry) -> str:
        """Return how the value is worked out; nothing where it is asked."""
        tag = one.tag("CALCTEXT") or one.tag("CALCDATE")
        return one.choices_as_written if one.type == "calc" else tag.within if tag else ""

    def extensions(self, one: Entry, kind: str) -> Iterator[dict[str, Any]]:
        if one.tag("HIDDEN"):
            yield {"url": _CORE + "questionnaire-hidden", "valueBoolean": True}
        control = {"slider": "slider", "dropdown": "drop-down", "checkbox": "check-box", "radio": "radio-button"}.get(one.type)
        if control:
            yield _control(control)
        for key, name in (("minimum", "minValue"), ("maximum", "maxValue")):
            limit = checks.limit(one, key)
            written = one.minimum if key == "minimum" else one.maximum
            if limit is not None and kind in ("integer", "decimal", "date"):
                yield {"url": _CORE + name, f"value{_ANSWERS[kind]}": _value(limit, kind)}
            elif written:
                self.left_out.append(f"The {key} of '{one.name}', '{written}', has no place in a Questionnaire.")
        element = self.about.element(one)
        if element is not None:
            yield {"url": _CORE + "regex", "valueString": element.shape}
        if calculation := self.calculated(one):
            yield {"url": _SDC + "calculatedExpression", "valueExpression": self.expression(calculation, LANGUAGE, calculation)}

    def expression(self, text: str, language: str, written: str) -> dict[str, str]:
        return {"description": printable(in_words(text, self.dictionary)), "language": language, "expression": printable(written)}

    def answers(self, item: dict[str, Any], one: Entry, kind: str) -> None:
        default = one.tag("DEFAULT")
        if kind == "choice":
            system = f"urn:plenary:data-set:{self.about.service}:{one.name}"
            item["answerOption"] = [
                {"valueCoding": {"system": system, "code": choice.code, "display": printable(plain(choice.label)) or choice.code}}
                | ({"initialSelected": True} if default and default.value == choice.code else {})
                for choice in one.choices
            ]
        elif default and kind in ("string", "text"):
            item["initial"] = [{"valueString": default.value}]
        limit = one.tag("CHARLIMIT")
        if limit and limit.value.isdigit() and kind in ("string", "text"):
            item["maxLength"] = int(limit.value)

    # -- conditions

    def condition(self, one: Entry, extensions: list[dict[str, Any]]) -> dict[str, Any]:
        """Return ``enableWhen`` where it means what the branching logic means; else add the logic as an expression."""
        if not one.branching:
            return {}
        try:
            node = logic.parse(one.branching)
        except InputError:
            node = None
        when = self.enable_when(node) if node is not None else None
        if when is not None:
            return {"enableWhen": when} | ({"enableBehavior": _behaviour(node)} if len(when) > 1 else {})
        path = self.path(node) if node is not None else None
        expression = self.expression(one.branching, "text/fhirpath" if path else LANGUAGE, path or one.branching)
        extensions.append({"url": _SDC + "enableWhenExpression", "valueExpression": expression})
        if not path:
            self.left_out.append(f"The branching logic of '{one.name}' is carried in REDCap's language: FHIR cannot say it.")
        return {}

    def enable_when(self, node: Node) -> list[dict[str, Any]] | None:
        parts = node.operands if isinstance(node, Chain) else (node,)
        if isinstance(node, Chain) and set(node.signs) not in ({"and"}, {"or"}):
            return None
        found = [self.one_condition(part) for part in parts]
        return [one for one in found if one is not None] if all(found) else None

    def one_condition(self, node: Node) -> dict[str, Any] | None:
        """Return a comparison of a question with a value, if FHIR's has the same answer for every answer and for none."""
        if not isinstance(node, Comparison) or not isinstance(node.left, Reference) or not isinstance(node.right, Literal):
            return None
        asked = self.dictionary.by_name.get(node.left.name)
        if asked is None or node.left.beyond:
            return None
        kind, value = kind_of(asked), node.right.value
        if value == "" and node.sign in ("=", "<>") and not node.left.code:
            return {"question": asked.name, "operator": "exists", "answerBoolean": node.sign == "<>"}
        answer = self.answer(asked, kind, value, node.left.code)
        orders = node.sign in ("<", "<=", ">", ">=") and kind in ("integer", "decimal", "date")
        if answer is None or not (node.sign == "=" or orders):
            return None
        return {"question": asked.name, "operator": node.sign} | answer

    def answer(self, asked: Entry, kind: str, value: float | str, code: str) -> dict[str, Any] | None:
        text = value if isinstance(value, str) else f"{value:g}"
        if kind == "choice":
            wanted = code if asked.type == "checkbox" else text
            known = next((one.code for one in asked.choices if one.code.lower() == wanted.lower()), None)
            system = f"urn:plenary:data-set:{self.about.service}:{asked.name}"
            boxed = asked.type != "checkbox" or text == "1"
            return {"answerCoding": {"system": system, "code": known}} if known is not None and boxed else None
        if kind == "boolean":
            return {"answerBoolean": text == "1"} if text in ("0", "1") else None
        if kind in ("string", "text"):
            return {"answerString": value} if isinstance(value, str) else None
        number = _number(text)
        if kind == "decimal" and number is not None:
            return {"answerDecimal": number}
        if kind == "integer" and number is not None and number == int(number):
            return {"answerInteger": int(number)}
        return {"answerDate": text} if kind == "date" and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else None

    # -- FHIRPath

    def path(self, node: Node) -> str | None:
        """Return a condition in FHIRPath with REDCap's answers for blanks; None where it does more than compare with values."""
        if isinstance(node, Negation) and node.sign == "!":
            inner = self.path(node.operand)
            return f"({inner}).not()" if inner else None
        if isinstance(node, Chain) and set(node.signs) <= {"and", "or"}:
            parts = [self.path(part) for part in node.operands]
            return "(" + f" {node.signs[0]} ".join(part for part in parts if part) + ")" if all(parts) else None
        if not isinstance(node, Comparison) or not isinstance(node.left, Reference) or not isinstance(node.right, Literal):
            return None
        asked = self.dictionary.by_name.get(node.left.name)
        return None if asked is None or node.left.beyond else self.compared(node, asked, node.left.code, node.right.value)

    def compared(self, node: Comparison, asked: Entry, code: str, value: float | str) -> str | None:
        place = f"%resource.repeat(item).where(linkId='{asked.name}').answer.value"
        differs = node.sign == "<>"
        if value == "" and node.sign in ("=", "<>"):
            return f"{place}.exists()" + ("" if differs else ".not()")
        kind = kind_of(asked)
        if kind == "choice":
            text = value if isinstance(value, str) else f"{value:g}"
            if node.sign not in ("=", "<>") or (code and text not in ("0", "1")):
                return None
            within = (not differs) if not code else (text == "1") != differs
            wanted = code or text
            known = next((one.code for one in asked.choices if one.code.lower() == wanted.lower()), wanted)
            return f"{place}.where(code='{known}').exists()" + ("" if within else ".not()")
        answer = self.answer(asked, kind, value, "")
        if answer is None:
            return None
        spelt = _in_path(next(iter(answer.values())), kind)
        return f"{place}.where($this {'=' if differs else node.sign} {spelt}).exists()" + (".not()" if differs else "")


def _in_path(value: Any, kind: str) -> str:
    """Return a value as FHIRPath writes it."""
    if kind in ("string", "text"):
        return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"
    return f"@{value}" if kind == "date" else str(value).lower()


def _behaviour(node: Node | None) -> str:
    return "any" if isinstance(node, Chain) and node.signs[0] == "or" else "all"


def _value(limit: Any, kind: str) -> Any:
    if kind == "date":
        return limit.isoformat()
    return int(limit) if float(limit).is_integer() else limit


def _number(text: str) -> float | int | None:
    try:
        number = float(text)
    except ValueError:
        return None
    if abs(number) == float("inf") or number != number:  # noqa: PLR0124  not a number
        return None
    return int(number) if number.is_integer() else number


def _help(one: Entry) -> dict[str, Any]:
    return {"linkId": f"{one.name}.note", "extension": [_control("help")], "text": printable(plain(one.note)), "type": "display"}


def _control(code: str) -> dict[str, Any]:
    coding = {"system": "http://hl7.org/fhir/questionnaire-item-control", "code": code}
    return {"url": _CORE + "questionnaire-itemControl", "valueCodeableConcept": {"coding": [coding]}}
