"""Logic in plain words: for the guide that people read, and for saying what changed."""

from __future__ import annotations

from typing import Final

from plenary_stats.dictionary import logic
from plenary_stats.dictionary.document import Dictionary, Entry, plain
from plenary_stats.dictionary.logic import Call, Chain, Comparison, Literal, Moment, Negation, Node, Reference
from plenary_stats.errors import InputError

_ORDERS: Final = {"<": "is less than", "<=": "is at most", ">": "is more than", ">=": "is at least", "=": "is", "<>": "is not"}
_SIGNS: Final = {"*": "×", "/": "÷", "-": "−", "+": "+"}
_UNITS: Final = {"y": "years", "M": "months", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def in_words(text: str, dictionary: Dictionary) -> str:
    """Return a condition or calculation as a person would say it; as it is written where it cannot be read."""
    try:
        return _Words(dictionary).of(logic.parse(text))
    except InputError:
        return text


class _Words:
    def __init__(self, dictionary: Dictionary) -> None:
        self.dictionary = dictionary

    def of(self, node: Node) -> str:
        match node:
            case Literal():
                words = f"‘{node.value}’" if isinstance(node.value, str) else f"{node.value:g}"
            case Moment():
                words = "the day of entry"
            case Reference():
                words = self.field(node)
            case Negation():
                words = f"not {self.closed(node.operand)}" if node.sign == "!" else f"−{self.closed(node.operand)}"
            case Comparison():
                words = self.comparison(node)
            case Chain():
                first, *rest = map(self.closed, node.operands)
                words = first + "".join(f" {_SIGNS.get(sign, sign)} {part}" for sign, part in zip(node.signs, rest, strict=True))
            case Call():
                words = self.call(node)
        return words

    def closed(self, node: Node) -> str:
        return f"({self.of(node)})" if isinstance(node, Chain) else self.of(node)

    def field(self, node: Reference) -> str:
        named = self.named(node)
        if named is None or node.beyond:
            return node.beyond or f"[{node.name}]"
        return f"“{named.title}” includes “{self.label(named, node.code)}”" if node.code else f"“{named.title}”"

    def named(self, node: Node) -> Entry | None:
        return self.dictionary.by_name.get(node.name) if isinstance(node, Reference) and not node.beyond else None

    @staticmethod
    def label(named: Entry, code: str) -> str:
        try:
            return next((plain(one.label) for one in named.choices if one.code.lower() == code.lower()), code)
        except InputError:
            return code

    def comparison(self, node: Comparison) -> str:
        for side, other in ((node.left, node.right), (node.right, node.left)):
            named = self.named(side)
            if named is None or not isinstance(other, Literal) or node.sign not in ("=", "<>"):
                continue
            code = other.value if isinstance(other.value, str) else f"{other.value:g}"
            same = node.sign == "="
            if isinstance(side, Reference) and side.code:
                includes = (code == "1") == same
                return f"“{named.title}” {'includes' if includes else 'does not include'} “{self.label(named, side.code)}”"
            if code == "":
                return f"“{named.title}” {'is blank' if same else 'has a value'}"
            shown = f"“{self.label(named, code)}”" if named.choices_as_written or named.type in ("yesno", "truefalse") else code
            return f"“{named.title}” {_ORDERS[node.sign]} {shown}"
        return f"{self.closed(node.left)} {_ORDERS[node.sign]} {self.closed(node.right)}"

    def call(self, node: Call) -> str:
        parts = [self.of(argument) for argument in node.arguments]
        if node.name == "if":
            return f"{parts[1]} where {parts[0]}, else {parts[2]}"
        if node.name == "datediff" and isinstance(node.arguments[2], Literal):
            return f"the {_UNITS.get(str(node.arguments[2].value), 'time')} between {parts[0]} and {parts[1]}"
        if node.name == "^":
            return f"{self.closed(node.arguments[0])} to the power of {self.closed(node.arguments[1])}"
        return f"{node.name}({', '.join(parts)})"
