"""The language of REDCap's branching logic and calculations, read into a tree.

``[died] = '1' and [organ(2)] = '1'``, ``round([weight] / ([height] ^ 2), 1)``, ``datediff([born], 'today', 'y') >= 18``. The tree
is evaluated by :mod:`evaluation`, told in plain words by :mod:`words`, and carried into other standards by the exports. Text is
never given to Python's own evaluation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from plenary_stats.errors import InputError

DEEPEST: Final = 60
"""Parentheses, functions and negations within one another. More is a mistake."""


@dataclass(frozen=True)
class Literal:
    """A number, or a text in quotation marks."""

    value: float | str


@dataclass(frozen=True)
class Moment:
    """``today`` or ``now``: the day on which the logic is asked, never the clock."""

    word: str


@dataclass(frozen=True)
class Reference:
    """A field: ``[status]``, or one box of a checkbox: ``[organ(2)]``.

    ``beyond`` is what the brackets hold besides: an event, an instance, a smart variable. It means something in its REDCap
    project alone.
    """

    name: str
    code: str = ""
    beyond: str = ""


@dataclass(frozen=True)
class Negation:
    """``!`` or ``-`` before what it stands for."""

    sign: str
    operand: Node


@dataclass(frozen=True)
class Comparison:
    """Two sides with ``= <> < <= > >=`` between them."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Chain:
    """Operands of one precedence, read from left to right: a sum, a product, or conditions joined by ``and`` or ``or``."""

    operands: tuple[Node, ...]
    signs: tuple[str, ...]


@dataclass(frozen=True)
class Call:
    """A function with its arguments."""

    name: str
    arguments: tuple[Node, ...]


Node = Literal | Moment | Reference | Negation | Comparison | Chain | Call

FUNCTIONS: Final[dict[str, tuple[int, int]]] = {
    "if": (3, 3), "datediff": (3, 5), "calcdate": (3, 3),
    "sum": (1, 999), "mean": (1, 999), "median": (1, 999), "min": (1, 999), "max": (1, 999), "stdev": (1, 999),
    "round": (1, 2), "roundup": (1, 2), "rounddown": (1, 2), "sqrt": (1, 1), "abs": (1, 1), "exponential": (1, 1),
    "log": (1, 2), "mod": (2, 2), "isnumber": (1, 1), "isinteger": (1, 1), "isblankormissingcode": (1, 1),
    "year": (1, 1), "month": (1, 1), "day": (1, 1),
    "left": (2, 2), "right": (2, 2), "mid": (3, 3), "length": (1, 1), "find": (2, 2), "trim": (1, 1), "upper": (1, 1),
    "lower": (1, 1), "concat": (1, 999), "concat_ws": (2, 999), "contains": (2, 2), "not_contain": (2, 2),
    "starts_with": (2, 2), "ends_with": (2, 2), "replace_text": (3, 3),
}  # fmt: skip
"""Every function that is understood, with the least and the most arguments it takes."""

UNITS: Final = ("y", "M", "d", "h", "m", "s")
"""Units of time that ``datediff`` and ``calcdate`` know."""

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<text>'[^']*'|"[^"]*")
    | (?P<field>\[[^\[\]]*\](?:\s*\[[^\[\]]*\])*)
    | (?P<word>[A-Za-z_][A-Za-z0-9_.]*)
    | (?P<sign><=|>=|<>|!=|==|&&|\|\||[=<>+\-*/^(),!])
    )""",
    re.VERBOSE,
)
_COMMENT: Final = re.compile(r"""('[^']*'|"[^"]*")|/\*.*?\*/|(?://|(?<!\S)\#)[^\n]*""", re.DOTALL)
_SPELLINGS: Final = {"!=": "<>", "==": "=", "&&": "and", "||": "or"}
_COMPARE: Final = ("=", "<>", "<", "<=", ">", ">=")
_FIELD: Final = re.compile(r"([a-z][a-z0-9_]*)(?:\(\s*(-?[\w.-]+)\s*\))?(?::([\w-]+))?", re.IGNORECASE)
_SMART: Final = frozenset({
    "record-name", "record-dag-name", "user-name", "user-dag-name", "event-name", "event-label", "first-event-name",
    "last-event-name", "previous-event-name", "next-event-name", "arm-number", "current-instance", "first-instance",
    "last-instance", "previous-instance", "next-instance", "new-instance", "survey-title", "is-form", "is-survey", "form-name",
})  # fmt: skip


def parse(text: str) -> Node:
    """Return the tree of a condition or calculation, or raise :class:`InputError` naming the place and what is wrong there."""
    return _Parser(text).whole()


def walk(node: Node) -> Iterator[Node]:
    """Yield every node of a tree, the outer ones first."""
    waiting = [node]
    while waiting:
        now = waiting.pop()
        yield now
        waiting.extend(reversed(_within(now)))


def _within(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Chain):
        return node.operands
    if isinstance(node, Comparison):
        return node.left, node.right
    if isinstance(node, Call):
        return node.arguments
    return (node.operand,) if isinstance(node, Negation) else ()


def references(node: Node) -> tuple[Reference, ...]:
    """Return the fields that the logic reads, each once, in the order of the text."""
    return tuple(dict.fromkeys(found for found in walk(node) if isinstance(found, Reference)))


def spelt(node: Node) -> str:
    """Return the logic in one spelling: what two texts that mean the same have in common."""
    match node:
        case Literal():
            text = _literal(node.value)
        case Moment():
            text = f"'{node.word}'"
        case Reference():
            text = f"[{node.name}({node.code})]" if node.code else node.beyond or f"[{node.name}]"
        case Negation():
            text = f"{'not ' if node.sign == '!' else node.sign}{_closed(node.operand)}"
        case Comparison():
            text = f"{_closed(node.left)} {node.sign} {_closed(node.right)}"
        case Call(name="^"):
            text = " ^ ".join(map(_closed, node.arguments))
        case Call():
            text = f"{node.name}({', '.join(map(spelt, node.arguments))})"
        case Chain():
            first, *rest = (_closed(operand) for operand in node.operands)
            text = first + "".join(f" {sign} {operand}" for sign, operand in zip(node.signs, rest, strict=True))
    return text


def _closed(node: Node) -> str:
    joined = isinstance(node, Chain | Comparison | Negation) or (isinstance(node, Call) and node.name == "^")
    return f"({spelt(node)})" if joined else spelt(node)


def _literal(value: float | str) -> str:
    if isinstance(value, str):
        mark = '"' if "'" in value else "'"
        return f"{mark}{value}{mark}"
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    position: int


def _tokens(text: str) -> list[_Token]:
    plain = _COMMENT.sub(lambda found: found[1] or " " * len(found[0]), text)
    found: list[_Token] = []
    place = 0
    while plain[place:].strip():
        match = _TOKEN.match(plain, place)
        if match is None:
            start = place + len(plain[place:]) - len(plain[place:].lstrip())
            hint = {
                "'": " A quotation mark is not closed.",
                '"': " A quotation mark is not closed.",
                "[": " A bracket is not closed.",
            }
            curly = " Use straight quotation marks." if plain[start] in "‘’“”" else ""
            raise InputError(f"It cannot be read at position {start + 1}: '{plain[start]}'.{hint.get(plain[start], curly)}")
        kind = str(match.lastgroup)
        word = match.group(kind)
        if kind == "sign" or (kind == "word" and word.lower() in ("and", "or", "not")):
            kind, word = "sign", _SPELLINGS.get(word, word.lower())
        found.append(_Token(kind, word, match.start(kind) + 1))
        place = match.end()
    found.append(_Token("end", "", len(text) + 1))
    return found


class _Parser:
    """Recursive descent: one method a level of precedence."""

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.place = 0
        self.depth = 0

    @property
    def now(self) -> _Token:
        return self.tokens[self.place]

    def take(self, *signs: str) -> str:
        if self.now.kind == "sign" and self.now.text in signs:
            self.place += 1
            return self.tokens[self.place - 1].text
        return ""

    def fault(self, message: str) -> InputError:
        found = f" (found '{self.now.text}')" if self.now.text else ""
        return InputError(f"{message}, at position {self.now.position}{found}.")

    def whole(self) -> Node:
        if self.now.kind == "end":
            raise InputError("It is empty.")
        node = self.chain(0)
        if self.now.kind != "end":
            raise self.fault("It should end here, or go on with 'and' or 'or'")
        return node

    LEVELS: Final = (("or",), ("and",), (), ("+", "-"), ("*", "/"))

    def chain(self, level: int) -> Node:
        """Read operands of one level of precedence; the empty level is that of comparisons."""
        signs = self.LEVELS[level]
        if not signs:
            return self.comparison(level)
        below = self.negated if level == 1 else (self.power if level == len(self.LEVELS) - 1 else lambda: self.chain(level + 1))
        operands, found = [below()], []
        while sign := self.take(*signs):
            found.append(sign)
            operands.append(below())
        return Chain(tuple(operands), tuple(found)) if found else operands[0]

    def negated(self) -> Node:
        if not self.take("not"):
            return self.chain(2)
        self.deeper()
        node = Negation("!", self.negated())
        self.depth -= 1
        return node

    def comparison(self, level: int) -> Node:
        left = self.chain(level + 1)
        sign = self.take(*_COMPARE)
        if not sign:
            return left
        node = Comparison(sign, left, self.chain(level + 1))
        if self.now.kind == "sign" and self.now.text in _COMPARE:
            raise self.fault("A comparison cannot follow a comparison; join them with 'and'")
        return node

    def power(self) -> Node:
        base = self.unary()
        if not self.take("^"):
            return base
        self.deeper()
        node = Call("^", (base, self.power()))
        self.depth -= 1
        return node

    def unary(self) -> Node:
        sign = self.take("-", "!", "+")
        if not sign:
            return self.atom()
        self.deeper()
        operand = self.unary()
        self.depth -= 1
        return operand if sign == "+" else Negation(sign, operand)

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fault("It is nested too deeply; split it")

    def atom(self) -> Node:
        token = self.now
        if self.take("("):
            self.deeper()
            node = self.chain(0)
            self.closing()
            self.depth -= 1
            return node
        if token.kind in ("end", "sign"):
            raise self.fault("It breaks off" if token.kind == "end" else "A field or a value is expected")
        if token.kind == "word" and token.text.lower() not in ("today", "now", "true", "false"):
            return self.call()
        self.place += 1
        if token.kind == "number":
            return Literal(float(token.text))
        if token.kind == "field":
            return _reference(token.text)
        word = token.text.strip("'\"") if token.kind == "text" else token.text.lower()
        if token.kind == "word" and word in ("true", "false"):
            return Literal(float(word == "true"))
        return Moment(word) if word in ("today", "now") else Literal(word)

    def call(self) -> Node:
        name = self.now.text.lower().removeprefix("math.")
        self.place += 1
        if not self.take("("):
            self.place -= 1
            raise self.fault("A field is written in square brackets and a text in quotation marks")
        if name not in FUNCTIONS:
            self.place -= 2
            raise self.fault(f"There is no function '{name}'")
        self.deeper()
        arguments = [] if self.now.text == ")" and self.now.kind == "sign" else [self.chain(0)]
        while self.take(","):
            arguments.append(self.chain(0))
        self.closing()
        self.depth -= 1
        least, most = FUNCTIONS[name]
        if not least <= len(arguments) <= most:
            wanted = f"{least}" if least == most else f"{least} to {most}" if most < 999 else f"{least} or more"
            raise InputError(f"The function '{name}' takes {wanted} arguments; here it has {len(arguments)}.")
        return Call(name, tuple(arguments))

    def closing(self) -> None:
        if not self.take(")"):
            raise self.fault("A ')' is expected")


def _reference(text: str) -> Reference:
    """Return the field of one or more brackets: the last that names a field; what stands beside it is kept as written."""
    parts = re.findall(r"\[\s*([^\[\]]*?)\s*\]", text)
    matches = [_FIELD.fullmatch(part) for part in parts]
    if len(parts) == 1 and (match := matches[0]) and not match[3]:
        return Reference(match[1].lower(), match[2] or "")
    if all(match is None and part.split(":")[0].lower() not in _SMART for match, part in zip(matches, parts, strict=True)):
        raise InputError(f"'{text}' names no field: write [field] or [field(code)].")
    named = [match for match, part in zip(matches, parts, strict=True) if match and not part.isdigit()]
    return Reference(named[-1][1].lower() if named else parts[0].lower(), beyond=text)
