"""The FHIR Questionnaire: valid by an independent library, and its conditions answer as the branching logic does."""

import itertools
import json

import fhirpathpy
import numpy as np
import pytest
from fhir.resources.R4B.questionnaire import Questionnaire
from fhirpathpy.models import models

from plenary_stats.dictionary import evaluation, fhir
from plenary_stats.dictionary.document import read
from tests.unit.plenary_stats.dictionary.exported import ABOUT, DATA, PATHS, asked_if

SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"


def questionnaire(data, about=ABOUT):
    return json.loads(fhir.write(data, about).content)


def items(document):
    waiting, found = list(document["item"]), {}
    while waiting:
        item = waiting.pop(0)
        assert item["linkId"] not in found
        found[item["linkId"]] = item
        waiting = [*item.get("item", []), *waiting]
    return found


def extension(item, ending):
    return next((one for one in item.get("extension", []) if one["url"].endswith(ending)), None)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_data_set_is_valid_and_asks_every_field(path):
    data = read(path.read_bytes())
    content = fhir.write(data, ABOUT).content
    Questionnaire.model_validate_json(content)
    found = items(json.loads(content))
    assert [name for name in found if name in data.by_name] == [one.name for one in data.entries]
    for one in data.entries:
        item = found[one.name]
        assert item["text"] == one.title
        assert item.get("required", False) == (one.required and item["type"] != "display")
        if item["type"] == "choice":
            assert [option["valueCoding"]["code"] for option in item["answerOption"]] == [choice.code for choice in one.choices]
        if one.branching:
            assert "enableWhen" in item or extension(item, "enableWhenExpression")
        for condition in item.get("enableWhen", []):
            assert condition["question"] in found
        assert ("enableBehavior" in item) == (len(item.get("enableWhen", [])) > 1)


def test_a_broken_questionnaire_is_not_valid():
    document = questionnaire(DATA)
    document["item"][0]["type"] = ["group"]
    with pytest.raises(ValueError, match="type"):
        Questionnaire.model_validate(document)


def test_what_the_document_is():
    document = questionnaire(DATA)
    assert (document["status"], document["version"], document["date"], document["name"]) == (
        "draft",
        "2026-1",
        "2026-11-30",
        "DataSetLam",
    )
    assert document["title"] == "Lymphangioleiomyomatosis"
    assert [group["text"] for group in document["item"]] == ["Case", "Later"]
    assert items(document)["section.case.1"]["text"] == "Part & parcel"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("case_id", "string"), ("hello", "display"), ("age", "integer"), ("weight", "decimal"), ("born", "date"), ("status", "choice"),
     ("organ", "choice"), ("smoker", "boolean"), ("bmi", "decimal"), ("story", "text"), ("scan", "attachment"), ("comfort", "decimal")],
)  # fmt: skip
def test_types(name, kind):
    assert items(questionnaire(DATA))[name]["type"] == kind


def test_what_is_agreed_of_a_field():
    found = items(questionnaire(DATA))
    assert extension(found["age"], "minValue")["valueInteger"] == 0
    assert extension(found["weight"], "minValue")["valueDecimal"] == 0.5
    assert extension(found["born"], "maxValue")["valueDate"] == "2026-01-01"
    assert found["weight"]["prefix"] == "2a"
    assert found["age.note"] == {
        "linkId": "age.note",
        "extension": [extension(found["age.note"], "itemControl")],
        "text": "In whole years",
        "type": "display",
    }
    assert found["organ"]["repeats"] is True
    assert [option.get("initialSelected", False) for option in found["status"]["answerOption"]] == [True, False]
    assert extension(found["smoker"], "hidden")["valueBoolean"] is True
    assert (found["story"]["maxLength"], found["story"]["readOnly"], found["story"]["initial"]) == (
        200,
        True,
        [{"valueString": "none"}],
    )
    assert extension(found["disease"], "regex")["valueString"] == "[1-9]\\d{0,5}"
    calculation = extension(found["bmi"], "calculatedExpression")["valueExpression"]
    assert (calculation["language"], calculation["expression"]) == (fhir.LANGUAGE, "round([weight] / 2, 1)")
    assert calculation["description"] == "round(“Weight” ÷ 2, 1)"


SYSTEM = "urn:plenary:data-set:lam:"


@pytest.mark.parametrize(
    ("branching", "when", "behaviour"),
    [
        (
            "[status] = '2'",
            [{"question": "status", "operator": "=", "answerCoding": {"system": SYSTEM + "status", "code": "2"}}],
            None,
        ),
        (
            "[organ(k)] = '1'",
            [{"question": "organ", "operator": "=", "answerCoding": {"system": SYSTEM + "organ", "code": "K"}}],
            None,
        ),
        ("[smoker] = 1", [{"question": "smoker", "operator": "=", "answerBoolean": True}], None),
        ("[age] = ''", [{"question": "age", "operator": "exists", "answerBoolean": False}], None),
        ("[age] <> ''", [{"question": "age", "operator": "exists", "answerBoolean": True}], None),
        ("[born] > '2000-01-31'", [{"question": "born", "operator": ">", "answerDate": "2000-01-31"}], None),
        (
            "[age] >= 18 and [weight] < 50.5",
            [
                {"question": "age", "operator": ">=", "answerInteger": 18},
                {"question": "weight", "operator": "<", "answerDecimal": 50.5},
            ],
            "all",
        ),
        (
            "[story] = 'a' or [smoker] = '0'",
            [
                {"question": "story", "operator": "=", "answerString": "a"},
                {"question": "smoker", "operator": "=", "answerBoolean": False},
            ],
            "any",
        ),
    ],
)
def test_logic_that_enable_when_can_say(branching, when, behaviour):
    item = items(questionnaire(asked_if(branching)))["more"]
    assert item["enableWhen"] == when
    assert item.get("enableBehavior") == behaviour


ANSWERS = {
    "age": (None, 17, 18, 40),
    "status": (None, "1", "2"),
    "organ": ((), ("1",), ("1", "K")),
    "smoker": (None, True, False),
    "story": (None, "it's"),
    "born": (None, "2001-01-01"),
}
EVERY = [dict(zip(ANSWERS, one, strict=True)) for one in itertools.product(*ANSWERS.values())][::7]
"""Every seventh way of answering: seven divides no number of answers, so every answer meets every other."""


def response(answers):
    coded = {"status", "organ"}
    found = []
    for name, value in answers.items():
        values = value if isinstance(value, tuple) else () if value is None else (value,)
        kind = {"age": "valueInteger", "smoker": "valueBoolean", "born": "valueDate"}.get(name, "valueString")
        given = [{"valueCoding": {"code": one}} if name in coded else {kind: one} for one in values]
        found.append({"linkId": name, "answer": given} if given else {"linkId": name})
    return {"resourceType": "QuestionnaireResponse", "status": "completed", "item": [{"linkId": "form.case", "item": found}]}


def columns():
    return {
        "age": np.array([np.nan if one["age"] is None else float(one["age"]) for one in EVERY]),
        "status": np.array([one["status"] or "" for one in EVERY]),
        "organ___1": np.array([str(int("1" in one["organ"])) for one in EVERY]),
        "organ___k": np.array([str(int("K" in one["organ"])) for one in EVERY]),
        "smoker": np.array(["" if one["smoker"] is None else str(int(one["smoker"])) for one in EVERY]),
        "story": np.array([one["story"] or "" for one in EVERY]),
        "born": np.array([one["born"] or "NaT" for one in EVERY], dtype="datetime64[D]"),
    }


@pytest.mark.parametrize(
    "branching",
    [
        "[status] <> '2'",
        "[organ(k)] = '0'",
        "[organ(k)] <> '1' and [age] < 18",
        "([age] >= 18 and [status] = '1') or [smoker] = '1'",
        'not ([age] > 17 or [story] = "it\'s")',
        "[born] <= '2001-01-01' and ([smoker] <> 1 or [story] <> '')",
        "([age] = '' or [age] <> 17) and not [status] = ''",
    ],
)
def test_logic_that_fhirpath_says_has_the_answers_of_the_branching_logic(branching):
    item = items(questionnaire(asked_if(branching)))["more"]
    assert "enableWhen" not in item
    expression = extension(item, "enableWhenExpression")["valueExpression"]
    assert expression["language"] == "text/fhirpath"
    path = fhirpathpy.compile(expression["expression"], models["r4"])
    said = [path(response(one), {"resource": response(one)}) == [True] for one in EVERY]
    true, _ = evaluation.read(branching).evaluate(columns())
    assert said == true.tolist()
    assert {True, False} == set(said)


@pytest.mark.parametrize(
    "branching",
    [
        "datediff([born], 'today', 'y') > 18",
        "[age] > [weight]",
        "sum([age], [weight]) > 3",
        "[visit_1][age] > 3",
        "[sex] = 'female'",
        "[status] > 1",
        "[age] > 'x'",
        "[organ(k)] > 0",
    ],
)
def test_logic_that_fhir_cannot_say_is_carried_as_it_is_written(branching):
    made = fhir.write(asked_if(branching), ABOUT)
    item = items(json.loads(made.content))["more"]
    expression = extension(item, "enableWhenExpression")["valueExpression"]
    assert (expression["language"], expression["expression"]) == (fhir.LANGUAGE, branching)
    assert "enableWhen" not in item
    assert any("branching logic of 'more'" in sentence for sentence in made.left_out)


def test_logic_that_cannot_be_read_is_carried_too():
    item = items(questionnaire(asked_if("[age = 3")))["more"]
    assert extension(item, "enableWhenExpression")["valueExpression"]["expression"] == "[age = 3"


def test_what_fhir_has_no_place_for_is_named():
    assert fhir.write(DATA, ABOUT).left_out == ("The maximum of 'seen', 'today', has no place in a Questionnaire.",)
