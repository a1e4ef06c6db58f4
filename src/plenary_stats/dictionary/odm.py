"""A data set as CDISC ODM 1.3.2: forms, item groups, items, code lists, conditions, calculations and range checks.

In ODM a *collection exception* says when an item is **not** collected: the negation of REDCap's branching logic.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Final

from plenary_stats.dictionary import checks
from plenary_stats.dictionary.document import Choice, Dictionary, Entry, plain
from plenary_stats.dictionary.evaluation import box
from plenary_stats.dictionary.exports import About, Export, printable
from plenary_stats.dictionary.tags import CALCULATED
from plenary_stats.dictionary.words import in_words

NAMESPACE: Final = "http://www.cdisc.org/ns/odm/v1.3"
LANGUAGE: Final = "en-GB"
CONTEXT: Final = "REDCap"
"""In what language conditions and calculations are written."""

_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_TYPES: Final = {"notes": "text", "slider": "float", "calc": "float", "sql": "text", "file": "text"}
_VALIDATIONS: Final = {"date": "date", "datetime": "datetime", "time": "time", "integer": "integer", "number": "float"}


def write(dictionary: Dictionary, about: About) -> Export:
    """Return the ODM document of a data set that can be used (no blocking finding)."""
    return _Writer(dictionary, about).document()


class _Writer:
    def __init__(self, dictionary: Dictionary, about: About) -> None:
        self.dictionary, self.about = dictionary, about
        self.left_out: list[str] = []

    def document(self) -> Export:
        about = self.about
        oid = f"{about.service}.{about.version}"
        root = ET.Element("ODM", {
            "xmlns": NAMESPACE, "ODMVersion": "1.3.2", "FileType": "Snapshot", "Granularity": "Metadata", "FileOID": oid,
            "CreationDateTime": f"{about.dated.isoformat()}T00:00:00", "SourceSystem": "Plenary",
            "Description": f"{about.name}, data set {about.version}. {about.standing}.",
        })  # fmt: skip
        study = ET.SubElement(root, "Study", OID=f"S.{about.service}")
        known = ET.SubElement(study, "GlobalVariables")
        for tag, text in (
            ("StudyName", about.name),
            ("StudyDescription", f"Case series of {about.name}"),
            ("ProtocolName", about.service),
        ):
            ET.SubElement(known, tag).text = printable(text)
        version = ET.SubElement(study, "MetaDataVersion", OID=f"MDV.{about.version}", Name=f"Data set {about.version}")
        self.events(version)
        self.forms(version)
        for one in self.dictionary.entries:
            self.item(version, one)
        self.code_lists(version)
        self.conditions(version)
        ET.indent(root, " ")
        content = ET.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"
        return Export(content, tuple(self.left_out))

    # -- forms and groups

    def events(self, version: ET.Element) -> None:
        protocol = ET.SubElement(version, "Protocol")
        ET.SubElement(protocol, "StudyEventRef", StudyEventOID="SE.case", OrderNumber="1", Mandatory="Yes")
        event = ET.SubElement(version, "StudyEventDef", OID="SE.case", Name="Case", Repeating="No", Type="Common")
        for number, form in enumerate(self.dictionary.forms, start=1):
            ET.SubElement(event, "FormRef", FormOID=_form(form), OrderNumber=str(number), Mandatory="No")

    def forms(self, version: ET.Element) -> None:
        groups = {form: list(_sections(entries)) for form, entries in self.dictionary.forms.items()}
        for form, sections in groups.items():
            made = ET.SubElement(version, "FormDef", OID=_form(form), Name=form or "case", Repeating="No")
            for number in range(1, len(sections) + 1):
                ET.SubElement(made, "ItemGroupRef", ItemGroupOID=_group(form, number), OrderNumber=str(number), Mandatory="No")
        for form, sections in groups.items():
            for number, (title, entries) in enumerate(sections, start=1):
                name = title or form or "case"
                group = ET.SubElement(version, "ItemGroupDef", OID=_group(form, number), Name=name[:200], Repeating="No")
                if title:
                    self.text(group, "Description", title)
                self.references(group, entries)

    def references(self, group: ET.Element, entries: list[Entry]) -> None:
        number = 0
        for one in entries:
            if one.type == "descriptive":
                self.left_out.append(f"'{one.name}' is a text on the form, for which ODM has no place.")
            for name, _ in _items(one):
                number += 1
                reference = ET.SubElement(group, "ItemRef", ItemOID=f"I.{name}", OrderNumber=str(number))
                reference.set("Mandatory", "Yes" if one.required and one.type != "checkbox" else "No")
                if one.branching:
                    reference.set("CollectionExceptionConditionOID", f"C.{one.name}")
                if _calculation(one):
                    reference.set("MethodOID", f"M.{one.name}")

    # -- items

    def item(self, version: ET.Element, one: Entry) -> None:
        if one.type == "file":
            self.left_out.append(f"'{one.name}' is a file: ODM describes it as a text.")
        for name, choice in _items(one):
            made = ET.SubElement(version, "ItemDef", OID=f"I.{name}", Name=name, DataType=_type(one))
            if decimals := one.validation.removeprefix("number_")[:1] if one.validation.startswith("number_") else "":
                made.attrib |= {"SignificantDigits": decimals} if decimals.isdigit() else {}
            if one.note:
                self.text(made, "Description", plain(one.note))
            self.text(made, "Question", f"{one.title}: {plain(choice.label)}" if choice else one.title)
            self.ranges(made, one)
            if one.choices:
                ET.SubElement(made, "CodeListRef", CodeListOID="CL.box" if choice else f"CL.{one.name}")
            for context, text in (("REDCap field type", one.type), ("REDCap field annotation", one.annotation),
                                  ("Identifier", "y" if one.identifier else ""), ("Matrix", one.matrix)):  # fmt: skip
                if text:
                    ET.SubElement(made, "Alias", Context=context, Name=printable(text))

    def ranges(self, made: ET.Element, one: Entry) -> None:
        for key, comparator, words in (("minimum", "GE", "at least"), ("maximum", "LE", "at most")):
            limit = checks.limit(one, key)
            written = one.minimum if key == "minimum" else one.maximum
            if limit is None and written:
                self.left_out.append(f"The {key} of '{one.name}', '{written}', is no value that ODM can compare with.")
            if limit is not None:
                value = f"{limit:g}" if isinstance(limit, float) else limit.isoformat()
                check = ET.SubElement(made, "RangeCheck", Comparator=comparator, SoftHard="Hard")
                ET.SubElement(check, "CheckValue").text = value
                self.text(check, "ErrorMessage", f"{one.title} must be {words} {value}.")
        element = self.about.element(one)
        if element is not None:
            check = ET.SubElement(made, "RangeCheck", SoftHard="Hard")
            ET.SubElement(check, "FormalExpression", Context="Regular expression").text = element.shape
            self.text(check, "ErrorMessage", f"{one.title} must be written as {element.label}: {element.says}.")

    def code_lists(self, version: ET.Element) -> None:
        lists = {f"CL.{one.name}": one.choices for one in self.dictionary.entries if one.choices and one.type != "checkbox"}
        if any(one.type == "checkbox" for one in self.dictionary.entries):
            lists["CL.box"] = (Choice("1", "Checked"), Choice("0", "Unchecked"))
        for oid, choices in lists.items():
            kind = "integer" if oid == "CL.box" else "text"
            made = ET.SubElement(version, "CodeList", OID=oid, Name=oid.removeprefix("CL."), DataType=kind)
            for one in choices:
                item = ET.SubElement(made, "CodeListItem", CodedValue=printable(one.code))
                self.text(item, "Decode", plain(one.label) or one.code)

    def conditions(self, version: ET.Element) -> None:
        for one in self.dictionary.entries:
            if one.branching and any(True for _ in _items(one)):
                made = ET.SubElement(version, "ConditionDef", OID=f"C.{one.name}", Name=f"{one.name} is not asked")
                self.text(made, "Description", f"Not asked unless {in_words(one.branching, self.dictionary)}")
                ET.SubElement(made, "FormalExpression", Context=CONTEXT).text = printable(f"not ({one.branching})")
        for one in self.dictionary.entries:
            if calculation := _calculation(one):
                made = ET.SubElement(
                    version, "MethodDef", OID=f"M.{one.name}", Name=f"How {one.name} is worked out", Type="Computation"
                )
                self.text(made, "Description", in_words(calculation, self.dictionary))
                ET.SubElement(made, "FormalExpression", Context=CONTEXT).text = printable(calculation)

    @staticmethod
    def text(parent: ET.Element, tag: str, text: str) -> None:
        words = ET.SubElement(ET.SubElement(parent, tag), "TranslatedText", {_LANG: LANGUAGE})
        words.text = printable(text)


def _form(name: str) -> str:
    return f"F.{name or 'case'}"


def _group(form: str, number: int) -> str:
    return f"IG.{form or 'case'}.{number}"


def _sections(entries: tuple[Entry, ...]) -> Iterator[tuple[str, list[Entry]]]:
    """Yield the fields under each section heading of a form, with the heading."""
    title, found = "", list[Entry]()
    for one in entries:
        if one.section and found:
            yield title, found
            found = []
        title = plain(one.section) if one.section else title
        found.append(one)
    if found:
        yield title, found


def _items(one: Entry) -> Iterator[tuple[str, Choice | None]]:
    """Yield the item of a field, or one a box of a checkbox."""
    if one.type == "checkbox":
        yield from ((box(one.name, choice.code), choice) for choice in one.choices)
    elif one.type != "descriptive":
        yield one.name, None


def _type(one: Entry) -> str:
    if one.type == "checkbox":
        return "integer"
    if one.type == "text":
        return _VALIDATIONS.get(one.validation.partition("_")[0], "text")
    return _TYPES.get(one.type, "text")


def _calculation(one: Entry) -> str:
    if one.type == "calc":
        return one.choices_as_written
    return next((tag.within for tag in one.tags if tag.name in CALCULATED), "")
