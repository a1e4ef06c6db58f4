from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from plenary.core.terms import SYSTEM, ChainReport, Who, scope_kind


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
