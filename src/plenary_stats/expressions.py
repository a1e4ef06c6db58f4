"""Boolean expressions of SQL over the fields of a data set, evaluated on whole columns with three-valued logic.

An outcome set says who is eligible and who met the measure in such an expression. (When a field is asked, a REDCap dictionary
says in REDCap's own language: :mod:`plenary_stats.dictionary.logic`.) Understood: AND, OR, NOT, parentheses,
``= <> != < <= > >=``, ``[NOT] IN``, ``[NOT] BETWEEN``, ``IS [NOT] NULL``, ``+ - * /``, text, number and date literals. Two dates
subtract to days. A missing value is NULL: an empty text, NaN or NaT.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from plenary_stats.errors import InputError
from plenary_stats.tables import Column

Flags = npt.NDArray[np.bool_]
Answer = tuple[Column, Flags]
Type = Literal["number", "text", "date", "boolean", "null"]

DEEPEST = 60
"""Parentheses and NOTs within one another. More is a mistake, not a measure."""


class Operand(Protocol):
    """What an expression needs to know of a field."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def choices(self) -> Mapping[str, str]: ...


@dataclass(frozen=True)
class _Node:
    type: Type
    position: int
    evaluate: Callable[[Mapping[str, Column]], Answer]
    field: Operand | None = None
    literal: Any = None


@dataclass(frozen=True)
class Expression:
    """A compiled expression: its text, the fields it reads, and a way to evaluate it."""

    text: str
    fields: tuple[str, ...]
    type: Type
    root: _Node

    def evaluate(self, columns: Mapping[str, Column]) -> tuple[Flags, Flags]:
        """Return ``(true, known)``, one flag a row: TRUE; and whether it is TRUE or FALSE rather than NULL."""
        values, known = self.values(columns)
        return values.astype(bool) & known, known

    def values(self, columns: Mapping[str, Column]) -> Answer:
        """Return ``(values, known)`` of an expression of any type: a number, a date, a text or a truth."""
        absent = [name for name in self.fields if name not in columns]
        if absent:
            raise InputError(
                f"The expression '{self.text}' needs the field '{absent[0]}', which the cases do not carry. "
                "Identifiers are not kept: use another field."
            )
        values, known = self.root.evaluate(columns)
        length = len(next(iter(columns.values()), ()))
        return np.broadcast_to(values, length), np.broadcast_to(known, length)


def parse(text: str, fields: Mapping[str, Operand]) -> Expression:
    """Return the compiled boolean expression, or raise :class:`InputError` naming the position and what is wrong there."""
    parser = _Parser(text, fields)
    root = parser.whole()
    if root.field is None and root.type not in ("boolean", "null"):
        raise InputError(f"The expression '{text}' gives a {root.type}, not true or false. Compare it with something.")
    return Expression(text, tuple(sorted(parser.used)), "boolean", parser.boolean(root))


def parse_value(text: str, fields: Mapping[str, Operand]) -> Expression:
    """Return the compiled expression of any type, for instance ``discharged_on - admitted_on`` (days)."""
    parser = _Parser(text, fields)
    root = parser.whole()
    return Expression(text, tuple(sorted(parser.used)), root.type, root)


_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<string>'(?:[^']|'')*')
    | (?P<quoted>"(?:[^"]|"")*")
    | (?P<bracket>\[[^\[\]]*\])
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<sign><=|>=|<>|!=|[=<>+\-*/(),])
    )""",
    re.VERBOSE,
)
_WORDS = frozenset({"and", "or", "not", "in", "between", "is", "null", "true", "false", "date"})
_COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": np.equal,
    "<>": np.not_equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    position: int


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    place = 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            start = place + len(text[place:]) - len(text[place:].lstrip())
            unclosed = " A quotation mark is not closed." if text[start] in "'\"" else ""
            raise InputError(f"The expression '{text}' cannot be read at position {start + 1}: '{text[start]}'.{unclosed}")
        kind = str(match.lastgroup)
        word = match.group(kind)
        if kind == "name" and word.lower() in _WORDS:
            kind, word = "word", word.lower()
        found.append(_Token(kind, word, match.start(match.lastgroup or 0) + 1))
        place = match.end()
    found.append(_Token("end", "", len(text) + 1))
    return found


class _Parser:
    """Recursive descent: one method a level of precedence, each returning a typed node."""

    def __init__(self, text: str, fields: Mapping[str, Operand]) -> None:
        self.text, self.fields = text, fields
        self.tokens = _tokens(text)
        self.place = 0
        self.depth = 0
        self.used: set[str] = set()

    # -- the tokens

    @property
    def now(self) -> _Token:
        return self.tokens[self.place]

    def take(self, *words: str) -> _Token | None:
        token = self.now
        if token.kind in ("word", "sign") and token.text in words:
            self.place += 1
            return token
        return None

    def need(self, word: str) -> None:
        if not self.take(word):
            raise self.fault(f"'{word.upper()}' is expected here", self.now.position)

    def fault(self, message: str, position: int) -> InputError:
        found = next((token.text for token in self.tokens if token.position == position), "")
        near = f" (found '{found}')" if found else ""
        return InputError(f"The expression '{self.text}' cannot be used: {message}, at position {position}{near}.")

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fault("it is nested too deeply; split it", self.now.position)

    # -- the levels

    def whole(self) -> _Node:
        if self.now.kind == "end":
            raise InputError("The expression is empty: write a condition, for instance status = 'alive', or leave it out.")
        node = self.either()
        if self.now.kind != "end":
            raise self.fault("it should end or go on with AND or OR", self.now.position)
        return node

    def either(self) -> _Node:
        parts = [self.both()]
        while self.take("or"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else self.join(parts, any_of=True)

    def both(self) -> _Node:
        parts = [self.negation()]
        while self.take("and"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else self.join(parts, any_of=False)

    def join(self, parts: Sequence[_Node], *, any_of: bool) -> _Node:
        nodes = [self.boolean(part) for part in parts]
        return _Node("boolean", nodes[0].position, _either(nodes) if any_of else _both(nodes))

    def negation(self) -> _Node:
        token = self.take("not")
        if token is None:
            return self.predicate()
        self.deeper()
        inner = self.boolean(self.negation())
        self.depth -= 1
        return _Node("boolean", token.position, _opposite(inner))

    def predicate(self) -> _Node:
        left = self.sum()
        token = self.now
        if self.take(*_COMPARE):
            node = self.compare(token.text, left, self.sum(), token.position)
        elif self.take("is"):
            wanted = not self.take("not")
            self.need("null")
            node = _Node("boolean", token.position, _is_null(left, wanted))
        else:
            node = self.listed(left)
        if self.now.kind == "sign" and self.now.text in _COMPARE:
            raise self.fault("a comparison cannot follow a comparison; use AND", self.now.position)
        return node

    def listed(self, left: _Node) -> _Node:
        token = self.now
        negated = bool(self.take("not"))
        if self.take("in"):
            node = self.member(left, token.position)
        elif self.take("between"):
            low = self.sum()
            self.need("and")
            high = self.sum()
            place = token.position
            node = self.join([self.compare(">=", left, low, place), self.compare("<=", left, high, place)], any_of=False)
        elif negated:
            raise self.fault("IN or BETWEEN is expected after NOT", self.now.position)
        else:
            return left
        return replace(node, evaluate=_opposite(node)) if negated else node

    def member(self, left: _Node, position: int) -> _Node:
        self.need("(")
        parts = [self.compare("=", left, self.sum(), position)]
        while self.take(","):
            parts.append(self.compare("=", left, self.sum(), position))
        self.need(")")
        return self.join(parts, any_of=True)

    def sum(self) -> _Node:
        left = self.product()
        while token := self.take("+", "-"):
            left = self.arithmetic(token.text, left, self.product(), token.position)
        return left

    def product(self) -> _Node:
        left = self.factor()
        while token := self.take("*", "/"):
            left = self.arithmetic(token.text, left, self.factor(), token.position)
        return left

    def factor(self) -> _Node:
        token = self.now
        self.deeper()
        if self.take("("):
            node = self.either()
            self.need(")")
        elif self.take("-"):
            node = self.arithmetic("-", _constant(0.0, "number", token.position), self.factor(), token.position)
        else:
            node = self.atom()
        self.depth -= 1
        return node

    def atom(self) -> _Node:
        token = self.now
        self.place += 1
        if token.kind == "number":
            node = _constant(float(token.text), "number", token.position)
        elif token.kind == "string":
            node = _constant(token.text[1:-1].replace("''", "'"), "text", token.position)
        elif token.kind in ("name", "quoted"):
            node = self.column(token.text.strip('"'), token.position)
        elif token.kind == "word" and token.text in ("true", "false"):
            node = _constant(token.text == "true", "boolean", token.position)
        elif token.kind == "word" and token.text == "null":
            node = _constant(None, "null", token.position)
        elif token.kind == "word" and token.text == "date" and self.now.kind == "string":
            node = self.as_date(self.atom())
        else:
            raise self.lost(token)
        return node

    def lost(self, token: _Token) -> InputError:
        if token.kind == "bracket":
            return self.fault("square brackets are for branching logic; write the field's name alone", token.position)
        return self.fault("a field or a value is expected here" if token.kind != "end" else "it breaks off", token.position)

    def column(self, name: str, position: int) -> _Node:
        field = self.fields.get(name) or self.fields.get(name.lower())
        if field is None:
            close = difflib.get_close_matches(name.lower(), [known.lower() for known in self.fields], n=1)
            hint = f"; did you mean '{close[0]}'?" if close else "; see the data set's dictionary"
            if self.now.kind == "sign" and self.now.text == "(":
                hint = "; functions are not understood"
            raise self.fault(f"there is no field '{name}'{hint}", position)
        self.used.add(field.name)
        return _Node(_type_of(field), position, _reader(field.name), field=field)

    # -- the types

    def boolean(self, node: _Node) -> _Node:
        if node.type == "boolean":
            return node
        if node.type == "null":
            return _constant(None, "boolean", node.position)
        if node.field is not None and _is_truth(node.field):
            return _truth(node)
        raise self.fault(f"a condition is needed here, and this is a {node.type}; compare it with something", node.position)

    def arithmetic(self, sign: str, left: _Node, right: _Node, position: int) -> _Node:
        pair = (self.measurable(left), self.measurable(right))
        kinds = (pair[0].type, pair[1].type)
        if "null" in kinds:
            return _constant(None, "null", position)
        if kinds == ("date", "date") and sign == "-":
            return _Node("number", position, _days(*pair))
        if kinds == ("date", "number") and sign in "+-":
            return _Node("date", position, _shifted(*pair, -1 if sign == "-" else 1))
        if kinds == ("number", "date") and sign == "+":
            return _Node("date", position, _shifted(pair[1], pair[0], 1))
        if kinds == ("number", "number"):
            return _Node("number", position, _calculated(sign, *pair))
        raise self.fault(f"a {kinds[0]} {sign} a {kinds[1]} makes no sense", position)

    def measurable(self, node: _Node) -> _Node:
        if node.type == "text" and node.field is not None and _numeric_codes(node.field):
            return _as_numbers(node)
        if node.type == "text" and isinstance(node.literal, str) and _ISO.fullmatch(node.literal):
            return self.as_date(node)
        return node

    def as_date(self, node: _Node) -> _Node:
        try:
            return _constant(np.datetime64(date.fromisoformat(str(node.literal)), "D"), "date", node.position)
        except ValueError:
            raise self.fault("a date is written 'YYYY-MM-DD'", node.position) from None

    def compare(self, sign: str, left: _Node, right: _Node, position: int) -> _Node:
        if "null" in (left.type, right.type):
            return _constant(None, "boolean", position)
        if sign in ("=", "<>", "!="):
            for node, other in ((left, right), (right, left)):
                if node.literal == "" and node.type == "text":
                    return _Node("boolean", position, _is_null(other, sign == "="))
        left, right = self.fitted(left, right, sign), self.fitted(right, left, sign)
        if left.type != right.type:
            raise self.fault(f"a {left.type} cannot be compared with a {right.type}", position)
        if left.type == "boolean" and sign not in ("=", "<>", "!="):
            raise self.fault("true and false have no order", position)
        return _Node("boolean", position, _compared(_COMPARE[sign], left, right))

    def fitted(self, node: _Node, other: _Node, sign: str) -> _Node:
        """Return the node in the type of the other side: a literal follows the field it is compared with."""
        if other.type == "boolean" and node.field is not None and _is_truth(node.field):
            return _truth(node)
        if node.type == "text" and isinstance(node.literal, str):
            return self.literal_for(node, other, sign)
        if other.field is not None and other.field.choices and node.literal is not None and node.type == "number":
            if sign in ("=", "<>", "!="):
                return self.choice(_constant(f"{node.literal:g}", "text", node.position), other.field)
            return node
        wants_number = other.type == "number" and (other.literal is None or sign not in ("=", "<>", "!="))
        orders = sign not in ("=", "<>", "!=")
        if node.field is not None and _numeric_codes(node.field) and (wants_number or (orders and _orders(other))):
            return _as_numbers(node)
        return node

    def literal_for(self, node: _Node, other: _Node, sign: str) -> _Node:
        if other.type == "date":
            return self.as_date(node)
        if other.field is not None and other.field.choices:
            if sign not in ("=", "<>", "!=") and _numeric_codes(other.field):
                return self.number(node)
            return self.choice(node, other.field)
        return self.number(node) if other.type == "number" else node

    def number(self, node: _Node) -> _Node:
        try:
            return _constant(float(node.literal), "number", node.position)
        except ValueError:
            raise self.fault(f"'{node.literal}' is not a number", node.position) from None

    def choice(self, node: _Node, field: Operand) -> _Node:
        """Return the code that the literal means: the code itself, or its label."""
        wanted = str(node.literal).strip().casefold()
        for code, label in field.choices.items():
            if wanted in (code.casefold(), label.casefold()):
                return _constant(code, "text", node.position)
        permitted = ", ".join(f"'{code}'" for code in list(field.choices)[:12])
        raise self.fault(f"'{node.literal}' is not a permitted value of '{field.name}' ({permitted})", node.position)


_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


def _type_of(field: Operand) -> Type:
    return {"number": "number", "integer": "number", "date": "date"}.get(field.kind, "text")  # type: ignore[return-value]


def _is_truth(field: Operand) -> bool:
    return set(field.choices) == {"0", "1"}


def _numeric_codes(field: Operand) -> bool:
    return bool(field.choices) and all(re.fullmatch(r"-?\d+(\.\d+)?", code) for code in field.choices)


def _orders(node: _Node) -> bool:
    return node.type == "number" or (node.type == "text" and (node.literal is not None or _codes_of(node)))


def _codes_of(node: _Node) -> bool:
    return node.field is not None and _numeric_codes(node.field)


# -- evaluation: every function returns (values, known); values where unknown are of no meaning


def _constant(value: Any, kind: Type, position: int) -> _Node:
    known = np.array([value is not None])
    values = np.array([False if value is None else value])
    return _Node(kind, position, lambda _: (values, known), literal=value)


def known_values(column: Column) -> Flags:
    """Return where the column has a value: not an empty text, NaN or NaT."""
    if column.dtype.kind == "U":
        return np.asarray(column != "", dtype=bool)
    if column.dtype.kind == "M":
        return ~np.isnat(column)
    return ~np.isnan(column) if column.dtype.kind == "f" else np.ones(len(column), dtype=bool)


def _reader(name: str) -> Callable[[Mapping[str, Column]], Answer]:
    return lambda columns: (columns[name], known_values(columns[name]))


def _truth(node: _Node) -> _Node:
    def evaluate(columns: Mapping[str, Column]) -> Answer:
        values, known = node.evaluate(columns)
        return np.asarray(values == "1"), known

    return _Node("boolean", node.position, evaluate)


def _as_numbers(node: _Node) -> _Node:
    def evaluate(columns: Mapping[str, Column]) -> Answer:
        values, known = node.evaluate(columns)
        return np.where(known, values, "nan").astype(np.float64), known

    return _Node("number", node.position, evaluate)


def _both(nodes: Iterable[_Node]) -> Callable[[Mapping[str, Column]], Answer]:
    parts = tuple(nodes)

    def evaluate(columns: Mapping[str, Column]) -> Answer:
        answers = [part.evaluate(columns) for part in parts]
        false = _any(known & ~values.astype(bool) for values, known in answers)
        known = _all(known for _, known in answers)
        return known & ~false, known | false

    return evaluate


def _either(nodes: Iterable[_Node]) -> Callable[[Mapping[str, Column]], Answer]:
    parts = tuple(nodes)

    def evaluate(columns: Mapping[str, Column]) -> Answer:
        answers = [part.evaluate(columns) for part in parts]
        true = _any(known & values.astype(bool) for values, known in answers)
        known = _all(known for _, known in answers)
        return true, known | true

    return evaluate


def _any(flags: Iterable[Flags]) -> Flags:
    result = np.zeros(1, dtype=bool)
    for flag in flags:
        result = result | flag
    return result


def _all(flags: Iterable[Flags]) -> Flags:
    result = np.ones(1, dtype=bool)
    for flag in flags:
        result = result & flag
    return result


def _opposite(node: _Node) -> Callable[[Mapping[str, Column]], Answer]:
    def evaluate(columns: Mapping[str, Column]) -> Answer:
        values, known = node.evaluate(columns)
        return ~values.astype(bool), known

    return evaluate


def _is_null(node: _Node, wanted: bool) -> Callable[[Mapping[str, Column]], Answer]:
    def evaluate(columns: Mapping[str, Column]) -> Answer:
        _, known = node.evaluate(columns)
        return known != wanted, np.ones(len(known), dtype=bool)

    return evaluate


def _compared(function: Callable[[Any, Any], Any], left: _Node, right: _Node) -> Callable[[Mapping[str, Column]], Answer]:
    def evaluate(columns: Mapping[str, Column]) -> Answer:
        (a, a_known), (b, b_known) = left.evaluate(columns), right.evaluate(columns)
        return np.asarray(function(a, b), dtype=bool), a_known & b_known

    return evaluate


def _days(left: _Node, right: _Node) -> Callable[[Mapping[str, Column]], Answer]:
    def evaluate(columns: Mapping[str, Column]) -> Answer:
        (a, a_known), (b, b_known) = left.evaluate(columns), right.evaluate(columns)
        return (a - b) / np.timedelta64(1, "D"), a_known & b_known

    return evaluate


def _shifted(day: _Node, number: _Node, sign: int) -> Callable[[Mapping[str, Column]], Answer]:
    def evaluate(columns: Mapping[str, Column]) -> Answer:
        (a, a_known), (b, b_known) = day.evaluate(columns), number.evaluate(columns)
        whole = np.where(b_known & (np.abs(b) < 1e7), b, 0).astype(np.int64)
        return a + sign * whole.astype("timedelta64[D]"), a_known & b_known & (np.abs(b) < 1e7)

    return evaluate


def _calculated(sign: str, left: _Node, right: _Node) -> Callable[[Mapping[str, Column]], Answer]:
    function = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}[sign]

    def evaluate(columns: Mapping[str, Column]) -> Answer:
        (a, a_known), (b, b_known) = left.evaluate(columns), right.evaluate(columns)
        with np.errstate(all="ignore"):
            values = function(a, b)
        return values, a_known & b_known & np.isfinite(values)

    return evaluate
