"""The NHS components that we carry are of the version that the macros were made for, and ask no other server for anything."""

import json
import re
from importlib.metadata import version
from pathlib import Path

import pytest
from django.core.management import call_command

STATIC = Path(__file__).parents[3] / "src/plenary/web/design/static"
VERSION = "10.6.1"


@pytest.fixture(scope="module")
def style():
    return (STATIC / "nhsuk/nhsuk-frontend.min.css").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def script():
    return (STATIC / "nhsuk/nhsuk-frontend.min.js").read_text(encoding="utf-8")


def test_the_style_sheet_is_of_the_version(style):
    assert f'--nhsuk-frontend-version:"{VERSION}"' in style


def test_the_script_is_of_the_version(script):
    assert f'"{VERSION}"' in script


def test_the_macros_are_of_the_version_that_was_made_for_it():
    assert version("nhsuk-frontend-jinja") == "0.10.2"


def test_the_note_names_the_version():
    assert VERSION in (STATIC / "nhsuk/README.md").read_text(encoding="utf-8")


def test_the_licence_stands_beside_it():
    assert "Permission is hereby granted, free of charge" in (STATIC / "nhsuk/LICENCE.txt").read_text(encoding="utf-8")


def test_nothing_is_fetched_from_another_server(style, script):
    assert re.findall(r"url\((?!images/)[^)]*\)", style) == []
    assert "@font-face" not in style
    assert "sourceMappingURL" not in style + script
    assert not re.search(r"""(fetch|import)\(["'`]https?:""", script)


def test_every_picture_that_the_style_names_is_here(style):
    named = set(re.findall(r"url\((images/[^)]*)\)", style))
    assert named
    assert all((STATIC / "nhsuk" / name).is_file() for name in named)


def test_there_is_no_nhs_logo_or_favicon():
    names = {path.name for path in STATIC.rglob("*") if path.is_file()}
    assert not {name for name in names if "favicon" in name or "logo" in name}


def test_the_files_can_be_collected_under_names_that_carry_their_hash(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    }
    call_command("collectstatic", verbosity=0, interactive=False)
    names = json.loads((tmp_path / "staticfiles.json").read_text())["paths"]
    style = (tmp_path / names["nhsuk/nhsuk-frontend.min.css"]).read_text(encoding="utf-8")
    assert names["nhsuk/images/nhsuk-icon-cross.svg"].rpartition("/")[2] in style
    assert names["plenary/plenary.css"] != "plenary/plenary.css"
