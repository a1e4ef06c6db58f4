from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from plenary.core.terms import (
    SYSTEM,
    ChainReport,
    Damaged,
    NotFound,
    NotPossible,
    Refused,
    Who,
    free_text,
    scope_kind,
    why_failed,
)
from plenary_stats.errors import InputError


@pytest.mark.parametrize(
    ("scope", "kind"),
    [("", "all"), ("England", "nation"), ("Northern Ireland", "nation"), ("adult-ecmo", "service"), ("adult-ecmo/RJ1", "centre")],
)
def test_the_form_of_a_scope_says_its_kind(scope, kind):
    assert scope_kind(scope) == kind


def test_nobody_gives_themselves_a_post():
    with pytest.raises(FrozenInstanceError):
        Who(1, "Jo").posts = SYSTEM.posts


def test_a_chain_is_whole_until_an_event_does_not_fit():
    assert ChainReport(0, "", None, "").whole is True
    assert ChainReport(1, "", 1, "x").whole is False


@pytest.mark.parametrize("kind", [Refused, NotPossible, NotFound, Damaged, InputError])
def test_what_was_said_for_people_is_said_as_it_is(kind):
    assert why_failed(kind("Say which year. Then try again.")) == "Say which year. Then try again."


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (OSError(28, "No space left on device", "/store/ab/secret"), "No space left on device"),
        (PermissionError("/store/ab/secret"), "PermissionError"),
        (KeyError("secret"), "KeyError"),
        (ValueError("patient secret has no date"), "ValueError"),
    ],
)
def test_a_fault_says_what_to_do_and_gives_nothing_away(problem, said):
    words = why_failed(problem)
    assert said in words
    assert "secret" not in words
    assert words.endswith("try again.")


NHS = "943 476 5919"


@pytest.mark.parametrize("text", [NHS, "943-476-5919", "9434765919", f"see {NHS}, please", f"({NHS})"])
def test_no_text_holds_an_nhs_number(text):
    with pytest.raises(NotPossible, match="seems to hold an NHS number") as refused:
        free_text(text)
    assert "943" not in str(refused.value)


@pytest.mark.parametrize("text", ["943 476 5918", "94347659190", "ward 12, bed 3", "", "0191 498 0000"])
def test_other_numbers_are_kept(text):
    assert free_text(f"  {text} ") == text


def test_what_must_be_said_is_asked_for():
    with pytest.raises(NotPossible, match=r"^Say why$"):
        free_text(" \n", "Say why")
    assert free_text(" because ", "Say why") == "because"
