"""CDISC ODM: valid by the standard's own schema, every reference met, and what is agreed is in it."""

from pathlib import Path

import odmlib
import pytest
from lxml import etree

from plenary_stats.dictionary import odm
from plenary_stats.dictionary.document import read
from tests.unit.plenary_stats.dictionary.exported import ABOUT, DATA, PATHS, asked_if

NAMES = {"o": odm.NAMESPACE}
SCHEMA = etree.XMLSchema(etree.parse(Path(odmlib.__file__).parent / "schemas" / "odm" / "1.3.2" / "ODM1-3-2.xsd"))
"""The schema that CDISC publishes with the standard, as the library odmlib ships it."""

REFERENCES = {
    "StudyEventOID": "StudyEventDef", "FormOID": "FormDef", "ItemGroupOID": "ItemGroupDef", "ItemOID": "ItemDef", "CodeListOID": "CodeList",
    "CollectionExceptionConditionOID": "ConditionDef", "MethodOID": "MethodDef",
}  # fmt: skip


def tree(data, about=ABOUT):
    return etree.fromstring(odm.write(data, about).content)


def found(node, path):
    return node.xpath(path, namespaces=NAMES)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_data_set_is_valid_and_every_reference_is_met(path):
    data = read(path.read_bytes())
    document = tree(data)
    assert SCHEMA.validate(document), SCHEMA.error_log
    for attribute, kind in REFERENCES.items():
        named = set(found(document, f"//@{attribute}"))
        defined = found(document, f"//o:{kind}/@OID")
        assert len(defined) == len(set(defined))
        assert named == set(defined), attribute
    items = found(document, "//o:ItemDef/@Name")
    assert len(items) == sum(len(one.choices) if one.type == "checkbox" else one.type != "descriptive" for one in data.entries)


def test_a_broken_document_is_not_valid():
    document = tree(DATA)
    found(document, "//o:ItemDef")[0].attrib.pop("DataType")
    assert not SCHEMA.validate(document)


def test_what_the_document_is():
    document = tree(DATA)
    assert document.get("CreationDateTime") == "2026-11-30T00:00:00"
    assert (document.get("FileOID"), document.get("ODMVersion"), document.get("FileType")) == ("lam.2026-1", "1.3.2", "Snapshot")
    assert "Proposed: no network has agreed it yet" in document.get("Description")
    assert found(document, "string(//o:StudyName)") == "Lymphangioleiomyomatosis"


def test_forms_and_sections():
    document = tree(DATA)
    assert found(document, "//o:FormDef/@Name") == ["case", "later"]
    assert found(document, "//o:ItemGroupDef/@Name") == ["case", "Part & parcel", "later"]
    assert found(document, "//o:ItemGroupDef[2]/o:ItemRef/@ItemOID")[:2] == ["I.age", "I.weight"]
    assert found(document, "//o:ItemRef[@Mandatory='Yes']/@ItemOID") == ["I.case_id"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("case_id", "text"), ("age", "integer"), ("weight", "float"), ("born", "date"), ("status", "text"), ("organ___1", "integer"),
     ("bmi", "float"), ("story", "text"), ("comfort", "float"), ("scan", "text")],
)  # fmt: skip
def test_types(name, kind):
    assert found(tree(DATA), f"//o:ItemDef[@Name='{name}']/@DataType") == [kind]


def test_questions_limits_choices_and_calculations():
    document = tree(DATA)
    assert found(document, "string(//o:ItemDef[@Name='case_id']/o:Question/o:TranslatedText)") == "Case number"
    assert found(document, "string(//o:ItemDef[@Name='organ___k']/o:Question/o:TranslatedText)") == "Organs: Liver"
    assert found(document, "//o:ItemDef[@Name='weight']/@SignificantDigits") == ["1"]
    limits = found(document, "//o:ItemDef[@Name='age']/o:RangeCheck")
    assert [(one.get("Comparator"), found(one, "string(o:CheckValue)")) for one in limits] == [("GE", "0"), ("LE", "130")]
    assert found(document, "string(//o:ItemDef[@Name='born']//o:CheckValue)") == "2026-01-01"
    assert found(document, "string(//o:ItemDef[@Name='disease']//o:FormalExpression)") == "[1-9]\\d{0,5}"
    assert found(document, "//o:CodeList[@Name='status']/o:CodeListItem/@CodedValue") == ["1", "2"]
    assert found(document, "string(//o:MethodDef/o:FormalExpression)") == "round([weight] / 2, 1)"
    assert found(document, "//o:ItemRef[@MethodOID='M.bmi']/@ItemOID") == ["I.bmi"]
    assert found(document, "//o:ItemDef[@Name='born']/o:Alias[@Context='Identifier']/@Name") == ["y"]


def test_a_condition_is_turned_round_to_say_when_an_item_is_not_collected():
    document = tree(asked_if("[status] = '2'"))
    assert found(document, "string(//o:ConditionDef/o:FormalExpression)") == "not ([status] = '2')"
    assert found(document, "string(//o:ConditionDef/o:Description/o:TranslatedText)") == "Not asked unless “Status” is “Dead”"
    assert found(document, "//o:ItemRef[@ItemOID='I.more']/@CollectionExceptionConditionOID") == ["C.more"]


def test_what_odm_has_no_place_for_is_named():
    assert odm.write(DATA, ABOUT).left_out == (
        "'hello' is a text on the form, for which ODM has no place.",
        "The maximum of 'seen', 'today', is no value that ODM can compare with.",
        "'scan' is a file: ODM describes it as a text.",
    )


def test_a_calculated_text_and_control_characters():
    document = tree(asked_if("", label="a\x0bb", annotation="@CALCTEXT(if([age] > 3, 'x', 'y'))"))
    assert SCHEMA.validate(document)
    assert found(document, "//o:MethodDef/@OID") == ["M.bmi", "M.more"]
    assert found(document, "string(//o:ItemDef[@Name='more']/o:Question)").strip() == "a b"
