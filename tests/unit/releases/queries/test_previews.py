"""What another policy would do to the latest results, row by row."""

import pytest

from plenary.releases.queries import previews
from plenary_stats.errors import InputError
from tests.factories import releases as make

pytestmark = pytest.mark.django_db

BODY = {"threshold": 30, "event_threshold": 5, "minimum_width": 10, "zeros": "protect"}
FIVE = {"RJ1": 412.0, "RJ7": 12.0, "RJ8": 35.0, "RJ9": 45.0, "RK1": 300.0, "Total": 804.0}


@pytest.fixture
def proposal():
    return make.proposal(make.results(FIVE))


def preview(proposal, **after):
    return previews.preview(proposal, BODY, BODY | after)


def test_a_higher_threshold_withholds_more_and_says_where(proposal):
    found = preview(proposal, threshold=50)
    assert found["possible"]
    [[service, table, rows, before, after]] = found["by"]
    assert (service, table, rows) == ("adult-ecmo", "activity", 6)
    assert before == 2
    assert after > before
    assert found["changed"] == [len(found["newly_withheld"]), len(found["newly_shown"])]
    assert found["changed"][0] - found["changed"][1] == after - before
    assert (found["before"]["primary"], found["after"]["primary"]) == (1, 3)


def test_a_lower_one_shows_more(proposal):
    found = preview(proposal, threshold=10, minimum_width=5)
    assert found["changed"] == [0, 2]
    assert {one["place"]["centre"] for one in found["newly_shown"]} >= {"RJ7"}
    assert found["after"]["primary"] == 0


def test_the_same_policy_changes_nothing(proposal):
    found = preview(proposal)
    assert found["changed"] == [0, 0]
    assert found["before"] == found["after"]


def test_what_is_protected_under_the_first_already_is_not_protected_again(proposal, monkeypatch):
    asked = []
    real = previews.protected
    monkeypatch.setattr(previews, "protected", lambda *given: asked.append(given[1].threshold) or real(*given))
    preview(proposal, threshold=50)
    assert asked == [50]
    previews.preview(proposal, BODY | {"threshold": 20}, BODY | {"threshold": 50})
    assert asked == [50, 20, 50]


def test_an_attack_finds_nothing_under_either(proposal):
    found = preview(proposal, threshold=50)
    assert [found[side][name] for side in ("before", "after") for name in ("exact", "narrow")] == [0, 0, 0, 0]


def test_no_more_than_some_examples_are_named():
    many = {f"C{number:02}": 31.0 + number for number in range(30)}
    found = preview(make.proposal(make.results({**many, "Total": sum(many.values())})), threshold=70)
    assert found["changed"][0] > previews.EXAMPLES
    assert len(found["newly_withheld"]) == previews.EXAMPLES
    assert found["newly_shown"] == []


def test_where_the_results_cannot_be_protected_it_says_why(proposal, monkeypatch):
    def fail(*_):
        raise InputError("12 numbers cannot be protected whatever is withheld.")

    monkeypatch.setattr(previews, "protected", fail)
    assert preview(proposal, threshold=50) == {"possible": False, "why": "12 numbers cannot be protected whatever is withheld."}


def test_the_days_that_its_labels_cover_are_no_difference(proposal, monkeypatch):
    """A proposal keeps them with its policy; a version that is silent about them is the same all the same."""
    stored = previews.proposals.document(proposal.policy_sha256)
    asked = []
    monkeypatch.setattr(previews, "protected", lambda *given: asked.append(given) or None)
    assert previews._under(proposal, BODY)[1]["primary"] == 1
    assert asked == []
    assert stored["threshold"] == BODY["threshold"]
