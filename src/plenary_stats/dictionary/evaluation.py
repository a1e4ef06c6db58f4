"""Branching logic and calculations, answered for whole columns of cases as REDCap answers them for one form.

REDCap's blanks: a blank equals a blank and differs from everything else; a blank is neither more nor less than anything;
arithmetic with a blank is blank; ``sum``, ``mean`` and their like pass blanks over. Beside each answer stands whether it is
*known*: whether it holds whatever the blanks would turn out to be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from plenary_stats.dictionary import functions, logic
from plenary_stats.dictionary.functions import Answer, Flags, as_dates, as_numbers, as_texts, as_truths
from plenary_stats.dictionary.logic import Call, Chain, Comparison, Literal, Moment, Negation, Node, Reference
from plenary_stats.errors import InputError
from plenary_stats.expressions import known_values
from plenary_stats.tables import Column


@dataclass(frozen=True)
class Logic:
    """A condition or calculation, ready to be answered: its text as written, and its tree."""

    text: str
    root: Node

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The columns that it reads."""
        return tuple(column_of(one) for one in logic.references(self.root))

    def evaluate(self, columns: Mapping[str, Column], on: date | None = None) -> tuple[Flags, Flags]:
        """Return ``(true, known)``, one flag a row. ``on`` is the day that ``today`` means; without it, ``today`` is a blank."""
        answer = self.answer(columns, on)
        return as_truths(answer), answer.known

    def values(self, columns: Mapping[str, Column], on: date | None = None) -> tuple[Column, Flags]:
        """Return ``(values, known)`` of a calculation: numbers, texts or dates, and where nothing blank went into them."""
        answer = self.answer(columns, on)
        return answer.values, answer.known

    def answer(self, columns: Mapping[str, Column], on: date | None) -> Answer:
        absent = [name for name in self.fields if name not in columns]
        if absent:
            raise InputError(f"The logic '{self.text}' needs the field '{absent[0]}', which the cases do not carry.")
        length = len(next(iter(columns.values()), ()))
        found = _Evaluation(columns, on, length).of(self.root)
        return Answer(np.broadcast_to(found.values, length), np.broadcast_to(found.known, length))


def read(text: str) -> Logic:
    """Return the logic of a text, or raise :class:`InputError`."""
    return Logic(text, logic.parse(text))


def column_of(reference: Reference) -> str:
    """Return the column that a reference means: REDCap exports a box as ``field___code``."""
    return box(reference.name, reference.code) if reference.code else reference.name


def box(name: str, code: str) -> str:
    """Return the column of one box of a checkbox. REDCap writes small letters, and ``_`` for a minus."""
    return f"{name}___{code.lower().replace('-', '_')}"


_ORDERS: Final = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}


@dataclass(frozen=True)
class _Evaluation:
    columns: Mapping[str, Column]
    on: date | None
    length: int

    def of(self, node: Node) -> Answer:
        match node:
            case Reference():
                values = self.columns[column_of(node)]
                answer = Answer(values, known_values(values))
            case Literal():
                answer = _constant(np.array([node.value]))
            case Moment():
                day = np.array([np.datetime64(self.on, "D") if self.on else np.datetime64("NaT", "D")])
                answer = Answer(day, ~np.isnat(day))
            case Comparison():
                answer = self.compared(node)
            case Negation():
                answer = self.negated(node)
            case Chain():
                answer = self.joined(node)
            case Call():
                answer = self.called(node)
        return answer

    def negated(self, node: Negation) -> Answer:
        inner = self.of(node.operand)
        return Answer(~as_truths(inner), inner.known) if node.sign == "!" else Answer(-as_numbers(inner), inner.known)

    def joined(self, node: Chain) -> Answer:
        if node.signs[0] in ("and", "or"):
            return _conditions([self.of(operand) for operand in node.operands], either=node.signs[0] == "or")
        total = self.of(node.operands[0])
        for sign, operand in zip(node.signs, node.operands[1:], strict=True):
            total = functions.calculated(sign, total, self.of(operand))
        return total

    def called(self, node: Call) -> Answer:
        if node.name == "if":
            return _chosen(*(self.of(argument) for argument in node.arguments), length=self.length)
        return functions.call(node.name, [self.of(argument) for argument in node.arguments])

    def compared(self, node: Comparison) -> Answer:
        left, right = self.of(node.left), self.of(node.right)
        for side, other in ((node.left, right), (node.right, left)):
            if side == Literal("") and node.sign in ("=", "<>"):
                blank = ~known_values(other.values)
                return Answer(blank if node.sign == "=" else ~blank, np.ones(len(blank), dtype=bool))
        a, b = _fitted(left.values, right.values, ordered=node.sign in _ORDERS)
        present = known_values(a) & known_values(b)
        known = left.known & right.known
        if node.sign in _ORDERS:
            return Answer(np.asarray(_ORDERS[node.sign](a, b)) & present, known)
        same = (np.asarray(a == b) & present) | (~known_values(a) & ~known_values(b))
        return Answer(same if node.sign == "=" else ~same, known)


def _constant(values: npt.NDArray[np.generic]) -> Answer:
    return Answer(values, np.ones(len(values), dtype=bool))


def _fitted(left: Column, right: Column, *, ordered: bool) -> tuple[Column, Column]:
    """Return both sides in one type: dates where one is a date, numbers where one is a number, or where both read so in order."""
    kinds = {left.dtype.kind, right.dtype.kind}
    if "M" in kinds:
        return as_dates(left), as_dates(right)
    if kinds <= {"U"} and not ordered:
        return left, right
    if kinds <= {"U"}:
        numbers = functions.numbers_of(left), functions.numbers_of(right)
        numeric = all((~np.isnan(one) | (texts == "")).all() for one, texts in zip(numbers, (left, right), strict=True))
        return numbers if numeric else (left, right)
    return functions.numbers_of(left), functions.numbers_of(right)


def _conditions(parts: list[Answer], *, either: bool) -> Answer:
    """Join conditions: one that is known to decide the whole decides it, whatever the others would be."""
    values = np.full(1, not either)
    decided, all_known = np.zeros(1, dtype=bool), np.ones(1, dtype=bool)
    for part in parts:
        truths = as_truths(part)
        values = (values | truths) if either else (values & truths)
        decided = decided | (part.known & (truths == either))
        all_known = all_known & part.known
    return Answer(values, all_known | decided)


def _chosen(condition: Answer, yes: Answer, no: Answer, *, length: int) -> Answer:
    """Return ``if(condition, yes, no)``: numbers where both are numbers, dates where both are dates, else texts."""
    kinds = {yes.values.dtype.kind, no.values.dtype.kind}
    if "U" in kinds and kinds != {"U"} and _blank(yes if yes.values.dtype.kind == "U" else no):
        kinds -= {"U"}  # '' beside a number is a blank number
    turn = as_numbers if kinds <= {"f", "i", "b"} else as_dates if kinds == {"M"} else as_texts
    truths = np.broadcast_to(as_truths(condition), length)
    values = np.where(truths, turn(yes.values), turn(no.values))
    return Answer(values, condition.known & np.where(truths, yes.known, no.known))


def _blank(answer: Answer) -> bool:
    return bool((answer.values == "").all())
