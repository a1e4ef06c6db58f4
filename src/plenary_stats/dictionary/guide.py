"""The guide to a data set: one page to read or print, each field with what may be entered and when it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from plenary_stats.dictionary.document import Dictionary, Entry, plain
from plenary_stats.dictionary.exports import About, Export, printable
from plenary_stats.dictionary.words import in_words

STYLE: Final = """
body { font-family: "Frutiger W01", Arial, sans-serif; color: #212b32; background: #fff; line-height: 1.5; margin: 0; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 2rem; line-height: 1.2; }
h2 { font-size: 1.5rem; margin-top: 2.5rem; border-top: 4px solid #005eb8; padding-top: .75rem; }
a { color: #005eb8; } a:focus { background: #ffeb3b; color: #212b32; outline: 4px solid transparent; box-shadow: 0 4px #212b32; }
.plenary-skip { position: absolute; left: -999rem; } .plenary-skip:focus { left: 1rem; top: 1rem; }
.plenary-standing { border-left: 8px solid #005eb8; background: #f0f4f5; padding: .75rem 1rem; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
caption { text-align: left; font-weight: 600; padding-bottom: .5rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid #aeb7bd; }
th, td { overflow-wrap: anywhere; }
td ul { margin: 0; padding-left: 1.1rem; } code { font-size: .9em; }
.plenary-field { font-weight: 400; display: block; color: #4c6272; }
@media print { a { color: inherit; text-decoration: none; } tr { break-inside: avoid; } }
@media print { h2 { break-after: avoid; } nav { display: none; } }
""".strip()

_KINDS: Final = {
    "notes": "A text of any length", "checkbox": "Any of these:", "radio": "One of these:", "dropdown": "One of these:",
    "yesno": "One of these:", "truefalse": "One of these:", "calc": "Worked out by REDCap", "slider": "A number on the slider",
    "file": "A file, which is not collected", "sql": "One of a list that REDCap holds",
}  # fmt: skip
_VALIDATIONS: Final = {
    "date": "A date", "datetime": "A date and time", "time": "A time", "integer": "A whole number", "number": "A number",
    "email": "An e-mail address",
}  # fmt: skip


def write(dictionary: Dictionary, about: About) -> Export:
    """Return the guide as one HTML page that needs nothing besides itself."""
    title = escape(f"Data set guide: {about.name}, version {about.version}")
    parts = [
        "<!DOCTYPE html>", '<html lang="en-GB">', "<head>", '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">', f"<title>{title}</title>",
        f"<style>{STYLE}</style>", "</head>", "<body>", '<a class="plenary-skip" href="#content">Skip to the fields</a>',
        '<main id="content">', f"<h1>{title}</h1>", *body(dictionary, about), "</main>", "</body>", "</html>",
    ]  # fmt: skip
    return Export(("\n".join(parts) + "\n").encode())


def body(dictionary: Dictionary, about: About) -> Iterator[str]:
    """Yield the page's content: what it is, the forms, and a table of the fields of each."""
    fields = [one for one in dictionary.entries if one.type != "descriptive"]
    required = sum(one.required for one in fields)
    yield f'<p class="plenary-standing">{escape(about.standing)}. Printed on {about.dated.isoformat()}.</p>'
    yield (f"<p>{len(fields)} fields in {len(dictionary.forms)} forms; {required} must be filled in. Fields that tell who the "
           "patient is are checked and not kept.</p>")  # fmt: skip
    yield '<nav aria-label="Forms"><ul>'
    for number, form in enumerate(dictionary.forms, start=1):
        yield f'<li><a href="#form-{number}">{_form(form)}</a></li>'
    yield "</ul></nav>"
    for number, (form, entries) in enumerate(dictionary.forms.items(), start=1):
        yield f'<h2 id="form-{number}">{_form(form)}</h2>'
        yield from _tables(form, entries, dictionary, about)


def _form(name: str) -> str:
    return escape((name or "case").replace("_", " ").capitalize())


def _tables(form: str, entries: tuple[Entry, ...], dictionary: Dictionary, about: About) -> Iterator[str]:
    title, rows = f"Fields of {_form(form)}", list[str]()
    for one in entries:
        if one.section:
            yield from _table(title, rows)
            title, rows = _words(one.section) or title, []
        if one.type == "descriptive":
            rows.append(f'<tr><td colspan="4">{_words(one.label)}</td></tr>')
        else:
            rows.append(_row(one, dictionary, about))
    yield from _table(title, rows)


def _table(title: str, rows: list[str]) -> Iterator[str]:
    if rows:
        heads = "".join(
            f'<th scope="col">{head}</th>' for head in ("Field", "What may be entered", "Required", "When it is asked")
        )
        yield f"<table><caption>{title}</caption><thead><tr>{heads}</tr></thead><tbody>"
        yield from rows
        yield "</tbody></table>"


def _row(one: Entry, dictionary: Dictionary, about: About) -> str:
    note = f"<br>{_words(one.note)}" if one.note else ""
    secret = "<br>Tells who the patient is: checked, not kept." if one.identifier or _secret(one, about) else ""
    field = f'<th scope="row">{escape(printable(one.title))} <code class="plenary-field">{escape(one.name)}</code></th>'
    when = escape(printable(in_words(one.branching, dictionary))) if one.branching else "Always"
    entered = _entered(one, dictionary, about)
    return f"<tr>{field}<td>{entered}{note}{secret}</td><td>{'Yes' if one.required else 'No'}</td><td>{when}</td></tr>"


def _secret(one: Entry, about: About) -> bool:
    element = about.element(one)
    return element is not None and element.identifier


def _entered(one: Entry, dictionary: Dictionary, about: About) -> str:
    """Return what may be entered, in words."""
    element = about.element(one)
    if element is not None:
        return escape(f"{element.label}: {element.says}; for instance {element.example}")
    if one.choices:
        listed = "".join(f"<li>{escape(choice.code)} {_words(choice.label)}</li>" for choice in one.choices)
        return f"{_KINDS[one.type]}<ul>{listed}</ul>"
    if one.type == "calc":
        return f"Worked out: {escape(printable(in_words(one.choices_as_written, dictionary)))}"
    kind = _KINDS.get(one.type) or _VALIDATIONS.get(one.validation.partition("_")[0], "A text")
    limits = [f"{word} {escape(limit)}" for word, limit in (("at least", one.minimum), ("at most", one.maximum)) if limit]
    return kind + (f", {' and '.join(limits)}" if limits else "")


def _words(text: str) -> str:
    return escape(printable(plain(text)))
