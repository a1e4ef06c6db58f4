"""What an import linter cannot see: relations between tables, and words that are not allowed in rooms."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parents[2]
ORDER = ("core", "registry", "collection", "outcomes", "access", "spend", "releases", "editions")
SIBLINGS = {"outcomes", "access", "spend"}
BANNED = {"apps.get_model(", "get_object_or_404(", "post_save", "pre_save", "receiver("}


def rooms():
    return [apps.get_app_config(label) for label in ORDER]


def relations():
    for room in rooms():
        for model in room.get_models():
            for field in model._meta.get_fields():
                if field.is_relation and field.concrete and field.related_model._meta.app_label in ORDER:
                    yield model, field, field.related_model


def allowed(source: str, target: str) -> bool:
    """May a table of the room ``source`` point at a table of the room ``target``?"""
    if source == target:
        return True
    if {source, target} <= SIBLINGS:
        return False
    return ORDER.index(target) < ORDER.index(source)


def test_relations_follow_the_layers():
    wrong = [
        f"{model._meta.label}.{field.name} → {to._meta.label}"
        for model, field, to in relations()
        if not allowed(model._meta.app_label, to._meta.app_label)
    ]

    assert wrong == []


def test_no_row_link_from_what_leaves_to_cases():
    wrong = [
        f"{model._meta.label}.{field.name}"
        for model, field, to in relations()
        if model._meta.app_label in {"releases", "editions"} and to._meta.app_label in {"collection", *SIBLINGS}
    ]

    assert wrong == []


@pytest.mark.parametrize(("source", "target"), [("registry", "collection"), ("access", "spend"), ("core", "editions")])
def test_relation_upwards_or_sideways_is_refused(source, target):
    assert not allowed(source, target)


@pytest.mark.parametrize(("source", "target"), [("collection", "registry"), ("editions", "core"), ("spend", "spend")])
def test_relation_downwards_is_allowed(source, target):
    assert allowed(source, target)


def source_files():
    return [path for path in sorted((ROOT / "src" / "plenary").rglob("*.py")) if "migrations" not in path.parts]


def test_no_hidden_relations_and_no_signals():
    wrong = [f"{path.relative_to(ROOT)}: {word}" for path in source_files() for word in BANNED if word in path.read_text()]

    assert wrong == []


def is_action(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and not node.name.startswith("_")


@pytest.mark.parametrize("room", ORDER)
def test_every_action_is_keyword_only_and_says_by_whom(room):
    folder = ROOT / "src" / "plenary" / room
    files = [folder / "actions.py"] if (folder / "actions.py").exists() else sorted((folder / "actions").glob("*.py"))
    public = [node for path in files for node in ast.parse(path.read_text()).body if is_action(node)]

    assert public, "a room without an action"
    for node in public:
        names = [argument.arg for argument in node.args.kwonlyargs]
        assert "by" in names, f"{room}.{node.name} does not say by whom"


def test_project_names_no_machine_and_no_package_host():
    pattern = re.compile(r"(?<![\w.])/(work|farm|root|home)/|://[^/ ]+/simple|files\.pythonhosted")
    texts = [
        path
        for folder in ("src", "docs", "definitions", "benchmarks")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".md", ".toml", ".csv"}
    ]
    wrong = [str(path.relative_to(ROOT)) for path in texts if pattern.search(path.read_text(encoding="utf-8"))]

    assert wrong == []
