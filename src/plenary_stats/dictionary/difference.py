"""What changed between two versions of a data set, field by field, and what each change does to files of the earlier version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from plenary_stats.dictionary import checks, logic
from plenary_stats.dictionary.document import Choice, Dictionary, Entry, plain
from plenary_stats.dictionary.tags import ELEMENT
from plenary_stats.dictionary.words import in_words
from plenary_stats.errors import InputError

KINDS: Final = {"added": "Added", "removed": "Removed", "renamed": "Renamed", "changed": "Changed", "order": "Order"}

NONE: Final = "Files of the earlier version are read as before."


@dataclass(frozen=True)
class Change:
    """One change. ``effect``: what becomes of a file of the earlier version; ``breaks``: rows of it, or all, may be refused."""

    field: str
    kind: str
    what: str
    before: str
    after: str
    effect: str = NONE
    breaks: bool = False


def compare(old: Dictionary, new: Dictionary) -> tuple[Change, ...]:
    """Return the changes in the order of the new version, what is no more at the end."""
    renamed = renamings(old, new)
    found: list[Change] = []
    for one in new.entries:
        before = old.by_name.get(one.name) or old.by_name.get(renamed.get(one.name, ""))
        if before is None:
            found.append(_added(one))
            continue
        if before.name != one.name:
            effect = f"The column '{before.name}' is not read until a mapping renames it."
            found.append(Change(one.name, "renamed", "Name", before.name, one.name, effect, breaks=_needed(one)))
        found.extend(_changes(before, one, old, new))
    gone = [one for one in old.entries if one.name not in new.by_name and one.name not in renamed.values()]
    found.extend(_removed(one) for one in gone)
    both = [one.name for one in old.entries if one.name in new.by_name]
    now = [one.name for one in new.entries if one.name in old.by_name]
    if both != now:
        found.append(Change("", "order", "Order", ", ".join(both), ", ".join(now)))
    return tuple(found)


def renamings(old: Dictionary, new: Dictionary) -> dict[str, str]:
    """Return the old name of each field that seems to be renamed: the one of its type and label, where there is just one."""
    gone = [one for one in old.entries if one.name not in new.by_name]
    come = [one for one in new.entries if one.name not in old.by_name]
    found: dict[str, str] = {}
    for one in come:
        alike = [other for other in gone if _same(one, other)]
        if len(alike) == 1 and sum(_same(two, alike[0]) for two in come) == 1:
            found[one.name] = alike[0].name
    return found


def _same(one: Entry, other: Entry) -> bool:
    return bool(one.label) and (one.type, one.title.casefold()) == (other.type, other.title.casefold())


def _needed(one: Entry) -> bool:
    return one.required and not one.branching


def _added(one: Entry) -> Change:
    effect = "Files without this column are read; its values are not known."
    if one.type in VALUELESS:
        effect = NONE
    elif _needed(one):
        effect = "Files without this column are refused: it is required."
    return Change(one.name, "added", "Field", "", one.title, effect, breaks=_needed(one) and one.type not in VALUELESS)


def _removed(one: Entry) -> Change:
    effect = NONE if one.type in VALUELESS else "The column is not read any more: a warning says so."
    return Change(one.name, "removed", "Field", one.title, "", effect)


def _changes(old: Entry, new: Entry, before: Dictionary, after: Dictionary) -> Iterator[Change]:
    def change(what: str, was: str, now: str, effect: str, breaks: bool = False) -> Change:
        return Change(new.name, "changed", what, was, now, effect, breaks)

    if (old.type, old.validation) != (new.type, new.validation):
        yield change("Type", _kind(old), _kind(new), *_retyped(old, new))
    yield from _choices(old, new)
    if old.required != new.required:
        effect = "Rows without a value are refused." if new.required else "Rows without a value are accepted."
        yield change("Required", _yes(old.required), _yes(new.required), effect, breaks=new.required)
    if old.identifier != new.identifier:
        effect = "Values are checked and not kept any more." if new.identifier else "Values are kept with the case from now on."
        yield change("Identifies the patient", _yes(old.identifier), _yes(new.identifier), effect)
    for what, key in (("At least", "minimum"), ("At most", "maximum")):
        was, now = getattr(old, key), getattr(new, key)
        if was != now:
            yield change(what, was, now, *_limited(old, new, key))
    yield from _logics(old, new, before, after)
    was, now = (one.value if (one := entry.tag(ELEMENT)) else "" for entry in (old, new))
    if was != now:
        effect = (
            f"Values that have not the shape and check digit of '{now}' are refused." if now else "Values are not held to it."
        )
        yield change("Shared element", was, now, effect, breaks=bool(now))
    yield from _words(old, new)


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"


def _kind(one: Entry) -> str:
    return f"{one.type} ({one.validation})" if one.validation and one.type == "text" else one.type


_FAMILIES: Final = {
    "dropdown": "choice",
    "radio": "choice",
    "yesno": "choice",
    "truefalse": "choice",
    "notes": "text",
    "sql": "text",
}


def _family(one: Entry) -> str:
    """Return what kinds of values a field has: fields of one family read one another's."""
    if one.type != "text":
        return _FAMILIES.get(one.type, one.type)
    kind = one.validation.partition("_")[0].replace("datetime", "date")
    return kind if kind in ("date", "integer", "number") else "text"


def _retyped(old: Entry, new: Entry) -> tuple[str, bool]:
    was, now = _family(old), _family(new)
    if "checkbox" in (was, now) and was != now:
        return "Values stand in one column a box: a file of the other form is not understood.", True
    if now == was == "date" and old.validation[-3:] != new.validation[-3:]:
        return "Dates such as 03/04/2025 mean another day: day and month change places.", True
    if was == now or now in _HOLDS.get(was, ()):
        return NONE, False
    return _REFUSED.get(now, ("The column is not read any more.", False) if now in VALUELESS else (NONE, False))


VALUELESS: Final = ("descriptive", "calc", "file")
"""The types that hold no value of their own in a file of cases."""

_HOLDS: Final = {"integer": ("number",), "slider": ("number",)}
_REFUSED: Final = {
    "date": ("Values that are no dates are refused.", True),
    "integer": ("Values that are no whole numbers are refused.", True),
    "number": ("Values that are no numbers are refused.", True),
    "slider": ("Values that are no numbers are refused.", True),
    "choice": ("Values that are not among the choices are refused.", True),
}


def _choices(old: Entry, new: Entry) -> Iterator[Change]:
    was, now = _listed(old), _listed(new)
    if was == now or not (was and now):
        return
    codes, labels = {one.code: plain(one.label) for one in was}, {one.code: plain(one.label) for one in now}
    for code, label in codes.items():
        if code not in labels:
            moved = [other for other, words in labels.items() if words.casefold() == label.casefold()]
            hint = f" A mapping can make '{moved[0]}' of it." if moved else ""
            effect = f"The value '{code}' is refused until it is recoded.{hint}"
            yield Change(new.name, "changed", "Choice taken away", f"{code} = {label}", "", effect, breaks=True)
        elif labels[code] != label:
            effect = f"The value '{code}' is read as before: check that it still means the same."
            yield Change(new.name, "changed", "Choice reworded", f"{code} = {label}", f"{code} = {labels[code]}", effect)
    for code, label in labels.items():
        if code not in codes:
            yield Change(new.name, "changed", "Choice added", "", f"{code} = {label}")
    both = [code for code in codes if code in labels]
    if both != [code for code in labels if code in codes]:
        yield Change(new.name, "changed", "Order of the choices", ", ".join(codes), ", ".join(labels))


def _listed(one: Entry) -> tuple[Choice, ...]:
    try:
        return one.choices
    except InputError:
        return ()


def _limited(old: Entry, new: Entry, key: str) -> tuple[str, bool]:
    was, now = checks.limit(old, key), checks.limit(new, key)
    if now is None:
        return "Values beyond the earlier limit are accepted.", False
    if was is not None and isinstance(was, float) == isinstance(now, float):
        wider = was >= now if key == "minimum" else was <= now  # type: ignore[operator]
        if wider:
            return "Values beyond the earlier limit are accepted.", False
    return f"Values {'below' if key == 'minimum' else 'above'} {getattr(new, key)} are refused.", True


def _logics(old: Entry, new: Entry, before: Dictionary, after: Dictionary) -> Iterator[Change]:
    if _spelt(old.branching) != _spelt(new.branching):
        was, now = (in_words(one.branching, whole) or "always" for one, whole in ((old, before), (new, after)))
        effect = "Values where it is not asked any more get a warning."
        if new.required:
            effect += " Rows where it is asked from now on and has no value are refused."
        yield Change(new.name, "changed", "Asked where", was, now, effect, breaks=new.required)
    if old.type == new.type == "calc" and _spelt(old.choices_as_written) != _spelt(new.choices_as_written):
        was, now = in_words(old.choices_as_written, before), in_words(new.choices_as_written, after)
        effect = "Values that the earlier calculation gave get a warning where the new one gives another."
        yield Change(new.name, "changed", "Calculation", was, now, effect)


def _spelt(text: str) -> str:
    try:
        return logic.spelt(logic.parse(text)) if text else ""
    except InputError:
        return text


def _words(old: Entry, new: Entry) -> Iterator[Change]:
    """Yield the changes of what people read, and of how the form is laid out."""
    if old.title != new.title:
        effect = "A heading that is the earlier label is not understood any more; the field's name is."
        yield Change(new.name, "changed", "Label", old.title, new.title, effect)
    shown = (("Note", "note"), ("Form", "form"), ("Section", "section"), ("Question number", "number"), ("Matrix", "matrix"),
             ("Alignment", "alignment"))  # fmt: skip
    for what, key in shown:
        was, now = getattr(old, key), getattr(new, key)
        if was != now:
            yield Change(new.name, "changed", what, was, now)
    was, now = (" ".join(tag.spelt for tag in one.tags if tag.name != ELEMENT) for one in (old, new))
    if was != now:
        dates = "INDEXDATE" in f"{was} {now}" and ("INDEXDATE" in was) != ("INDEXDATE" in now)
        effect = "Another date decides in which period a case counts." if dates else NONE
        yield Change(new.name, "changed", "Action tags", was, now, effect)
    elif old.annotation != new.annotation and not (new.tags or old.tags):
        yield Change(new.name, "changed", "Annotation", old.annotation, new.annotation)
