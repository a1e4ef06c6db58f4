"""Drafts of the disclosure policy: what a version says in words, what it changes, what it weakens, and what forbids it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from plenary.core.queries import policy as policy_in_force
from plenary.core.queries import policy_versions
from plenary.core.terms import NotPossible, Policy
from plenary.releases.queries import disclosure_policy, disclosure_policy_plain, public_codes
from plenary.releases.terms import NATIONAL_THRESHOLD, POLICY, Changed, Draft

MAIN = ("threshold", "event_threshold", "minimum_width", "zeros")
"""What a version is mostly about; the rest stands under further rules."""
WORDS: Mapping[str, str] = {
    "threshold": "Fewest patients that are shown",
    "event_threshold": "Fewest patients with, and without, an outcome",
    "minimum_width": "Width that a reader's range must keep",
    "zeros": "Noughts",
    "precision": "Decimal places of rates",
    "dominance": "Largest share of the dominant contributors",
    "dominant": "How many contributors that is about",
    "p_percent": "How near, in per cent, the second largest may come",
    "amount_width": "Width that the range of an amount must keep",
    "magnitudes": "Tables of amounts",
    "rounding": "Multiples to which patients are rounded",
    "dimensions": "Dimensions",
    "hierarchies": "Groups that add up",
    "weights": "What is dearer to withhold",
    "already_public": "Figures that are public elsewhere",
    "structural_zeros": "Places that everybody knows to be empty",
    "insiders": "Who knows their own figures",
    "periods": "Days that a period covers",
}
_LOWER_IS_WEAKER = ("threshold", "event_threshold", "minimum_width", "p_percent", "amount_width")
_NAMED = 3
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


def checked(draft: Draft, on: dt.date) -> Policy:
    """Return the version that a draft would replace. Raises ``NotPossible`` or ``InputError`` where it cannot be adopted."""
    _check_dates(draft, on)
    known = policy_versions(POLICY)
    if not _VERSION.fullmatch(draft.version):
        raise NotPossible("Name the version with letters, digits, dots and dashes, 40 at most, for example 2027-1.")
    if any(one.version == draft.version for one in known):
        raise NotPossible(f"There is a version {draft.version} already. A version never changes: give a new name.")
    later = next((one for one in known if one.valid_from >= draft.valid_from), None)
    if later is not None:
        raise NotPossible(f"Version {later.version} is in force from {later.valid_from.isoformat()}: begin after that day.")
    before = policy_in_force(POLICY, draft.valid_from)
    after = plain(draft.body)
    _check_sizes(after)
    if plain(before.body) == after:
        raise NotPossible(f"This changes nothing: version {before.version} says the same.")
    weaker = [*_below_national(after), *weakened(before.body, draft.body)]
    if weaker and not draft.authority.strip():
        raise NotPossible(f"{weaker[0]} Decide that first: say who decided it and where that is written.")
    return before


def _check_dates(draft: Draft, on: dt.date) -> None:
    if draft.valid_from <= on:
        raise NotPossible("A version begins on a later day than today: what was proposed until then keeps its rule.")
    if draft.review_on <= draft.valid_from:
        raise NotPossible("Review the version after the day from which it is in force.")


def _check_sizes(body: Mapping[str, Any]) -> None:
    for name in ("event_threshold", "minimum_width"):
        if body[name] > body["threshold"]:
            raise NotPossible(f"{WORDS[name]} is {body[name]}, more than the threshold of {body['threshold']} patients.")


def _below_national(body: Mapping[str, Any]) -> Iterator[str]:
    if body["threshold"] < NATIONAL_THRESHOLD:
        yield f"The threshold of {body['threshold']} patients is below the national rule of {NATIONAL_THRESHOLD}."


def weakened(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return, a sentence each, what a version protects less than another."""
    old, new = plain(before), plain(after)
    found = [
        f"{WORDS[name]}: {_said(new[name])} protects less than {_said(old[name])}."
        for name in _LOWER_IS_WEAKER
        if old[name] is not None and (new[name] is None or new[name] < old[name])
    ]
    if (old["zeros"], new["zeros"]) == ("protect", "publish"):
        found.append("Noughts would be shown: a nought says that no such patient was there.")
    if gone := sorted(set(old["insiders"]) - set(new["insiders"])):
        found.append(f"{WORDS['insiders']}: {', '.join(gone)} would be left out.")
    return [*found, *_finer_figures(old, new), *_taken_as_known(old, new), *_sums_not_known(old, new)]


def _finer_figures(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Yield what amounts, rates and rounded numbers would tell more than before."""
    for name in ("dominance", "precision"):
        if old[name] is not None and (new[name] is None or new[name] > old[name]):
            yield f"{WORDS[name]}: {_said(new[name])} protects less than {_said(old[name])}."
    if new["dominance"] is not None and new["dominant"] < old["dominant"]:
        yield f"{WORDS['dominant']}: {new['dominant']} protects less than {old['dominant']}."
    if new["rounding"] and not old["rounding"]:
        yield "Numbers of patients would be rounded in place of being withheld."
    elif new["rounding"] and new["rounding"] < old["rounding"]:
        yield f"{WORDS['rounding']}: {new['rounding']} protects less than {old['rounding']}."
    if set(new["magnitudes"]) != set(old["magnitudes"]):
        tables = f"{_said(new['magnitudes'])} in place of {_said(old['magnitudes'])}"
        yield f"{WORDS['magnitudes']}: {tables}: other rules hold for amounts."


def _taken_as_known(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Yield what would be taken as known to everybody, and so be shown: a figure says the same whatever its source is."""
    known = {_figure(entry) for entry in old["already_public"]}
    if added := [entry for entry in new["already_public"] if _figure(entry) not in known]:
        yield f"{WORDS['already_public']}: {_listed(_cell(entry) for entry in added)} would need no protection."
    if empty := [entry for entry in new["structural_zeros"] if entry not in old["structural_zeros"]]:
        yield f"{WORDS['structural_zeros']}: {_listed(_cell(entry) for entry in empty)} would be shown as empty."


def _figure(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    return (tuple(sorted(public_codes(entry).items())), entry.get("quantity", "patients"), entry.get("value"))


def _cell(entry: Mapping[str, Any]) -> str:
    figure = [str(entry["value"])] if "value" in entry else []
    return " ".join([*public_codes(entry).values(), *figure])


def _sums_not_known(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Yield which sums the attack would not try any more: what it does not know to add up, it does not protect."""
    for dimension, pairs in old["hierarchies"].items():
        kept = new["hierarchies"].get(dimension, [])
        if lost := [pair for pair in pairs if pair not in kept]:
            named = _listed(f"{child} in {parent}" for child, parent in lost)
            yield f"{WORDS['hierarchies']}, {dimension}: {named} would not be added up any more."
    if other := sorted(label for label, days in old["periods"].items() if new["periods"].get(label) != days):
        yield f"{WORDS['periods']}: those of {_listed(other)} would not be known as they are."
    if new["dimensions"] != old["dimensions"]:
        named = f"{_said(new['dimensions'])} in place of {_said(old['dimensions'])}"
        yield f"{WORDS['dimensions']}: {named}: other sums would be tried."


def _listed(names: Iterable[str]) -> str:
    """Return names for a sentence, the first few of many."""
    known = list(names)
    more = len(known) - _NAMED
    return ", ".join(known[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def plain(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a policy says of everything, the house's rule where its document says nothing."""
    return disclosure_policy_plain(disclosure_policy(body))


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Changed]:
    """Return what is different between two versions, in words."""
    old, new = plain(before), plain(after)
    return [Changed(WORDS.get(name, name), _said(old[name]), _said(new[name])) for name in new if old[name] != new[name]]


def described(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a version says, in words; what it is silent about is left out."""
    found = plain(body)
    return [(WORDS.get(name, name), _said(value)) for name, value in found.items() if value not in (None, [], {})]


def _said(value: Any) -> str:
    """Return a value of a policy as it is read."""
    if value is None:
        return "not set"
    if isinstance(value, str):
        return {"protect": "withheld like small numbers", "publish": "shown"}.get(value, value)
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_said(each)}" for name, each in value.items()) or "none"
    if isinstance(value, list | tuple):
        if len(value) > 12:
            return f"{len(value):,} entries"
        return "; ".join(_said(each) for each in value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def further(body: Mapping[str, Any]) -> str:
    """Return the further rules of a version as TOML, a line each: what the form does not ask for by name."""
    return "\n".join(f"{name} = {_toml(value)}" for name, value in body.items() if name not in MAIN)


def _toml(value: Any) -> str:
    """Return a value as TOML writes it on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_quoted(str(name))} = {_toml(each)}' for name, each in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml(each) for each in value)}]"
    return _quoted(str(value))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(letter if letter >= " " and letter != "\x7f" else f"\\u{ord(letter):04x}" for letter in escaped) + '"'
