"""Linkage: each stage by hand, the thresholds, and what it says of its own errors beside the truth."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from plenary_episodes import linkage
from plenary_episodes.linkage import Settings, link, read_settings
from plenary_episodes.people import People, Person
from plenary_stats.errors import InputError

POLICY = Path(__file__).parents[3] / "definitions" / "policies" / "linkage-1.toml"
DAY = date(2025, 6, 1)
AREAS = [f"Q{letter}" for letter in "ABCDEFGHIJKLMNOPQRST"]


def crowd(number=200, seed=1, service="eyes"):
    """Return invented people who have nothing to do with one another, each with everything known."""
    draw = np.random.default_rng(seed)
    return [
        Person(
            service, f"R{place % 5}", DAY + timedelta(days=int(draw.integers(365))), f"{place:04d}", nhs=f"n{service}{place}",
            local=f"l{service}{place}", born_on=date(1940, 1, 1) + timedelta(days=int(draw.integers(29_000))),
            sex=("male", "female")[int(draw.integers(2))], area=AREAS[int(draw.integers(20))],
        )
        for place in range(number)
    ]  # fmt: skip


def changed(one, **values):
    return Person(**one.__dict__ | values)


def linked(left, right, settings=None, **tolerance):
    return link(People(tuple(left)), People(tuple(right)), tolerance, settings)


def pairs(found):
    return {(one.left, one.right) for one in found.links}


def test_one_nhs_number_is_one_case_and_everybody_finds_himself():
    people = crowd()
    found = linked(people, people)
    assert pairs(found) == {(place, place) for place in range(200)}
    assert {one.stage for one in found.links} == {"nhs-number"}
    assert found.review == ()
    assert found.expected_false < 0.01
    assert found.expected_missed < 0.01


def test_without_nhs_number_the_local_number_of_one_hospital_counts():
    people = crowd()
    found = linked([changed(one, nhs="") for one in people], people)
    assert {one.stage for one in found.links} == {"local-id"}
    assert pairs(found) == {(place, place) for place in range(200)}
    moved = linked([changed(one, nhs="", centre="RX") for one in people], people)
    assert "local-id" not in {one.stage for one in moved.links}


def test_without_any_number_likeness_counts():
    people = crowd()
    found = linked([changed(one, nhs="", local="") for one in people], people)
    assert {one.stage for one in found.links} == {"probability"}
    assert len(pairs(found)) > 190
    assert all(left == right for left, right in pairs(found))


def test_strangers_are_not_linked():
    found = linked(crowd(seed=1), [changed(one, nhs=f"x{one.nhs}", local="") for one in crowd(seed=2)])
    assert found.links == ()
    assert found.expected_missed < 1


def test_services_are_not_linked_to_one_another():
    people = crowd()
    assert linked(people, [changed(one, service="knees") for one in people]).links == ()


def test_events_too_far_apart_are_two():
    people = crowd()
    later = [changed(one, event_on=one.event_on + timedelta(days=61)) for one in people]
    assert linked(people, later, eyes=60).links == ()
    assert len(linked(people, later, eyes=61).links) == len(linked(people, later).links) == 200


def test_of_two_events_of_a_person_the_nearer_is_linked():
    people = crowd(50)
    again = [changed(one, event_on=one.event_on + timedelta(days=100), name=f"9{one.name}") for one in people]
    found = linked([*people, *again], [*again, *people], eyes=150)
    assert pairs(found) == {(place, place + 50) for place in range(50)} | {(place + 50, place) for place in range(50)}


def test_links_are_one_to_one_also_where_the_series_holds_a_case_twice():
    people = crowd(50)
    found = linked(people, [*people, *people])
    assert len(found.links) == len({one.left for one in found.links}) == len({one.right for one in found.links}) == 50


def test_a_number_under_which_nothing_else_agrees_goes_to_a_person():
    people = crowd()
    stranger = changed(people[0], born_on=date(1901, 1, 1), sex="male" if people[0].sex == "female" else "female", area="QZ",
                       centre="RX", event_on=people[0].event_on + timedelta(days=300))  # fmt: skip
    found = linked(people, [stranger, *people[1:]])
    assert (0, 0) not in pairs(found)
    assert [(one.left, one.right, one.stage) for one in found.review] == [(0, 0, "nhs-number")]
    assert found.review[0].probability < 0.5


def test_its_records_stay_free_for_their_true_partners():
    people = [changed(one, local="") for one in crowd()]
    wrong = changed(people[1], nhs=people[0].nhs)
    found = linked(people, [changed(people[0], nhs=""), wrong, *people[2:]])
    assert (0, 0) in pairs(found)
    assert (0, 1) not in pairs(found)


def test_two_valid_nhs_numbers_that_differ_are_for_a_person_at_most():
    people = [changed(one, local="") for one in crowd()]
    found = linked(people, [changed(people[0], nhs="another"), *people[1:]])
    assert (0, 0) not in pairs(found)
    assert [(one.left, one.right) for one in found.review] == [(0, 0)]
    assert found.review[0].probability < Settings().accept


def test_a_local_number_does_not_overrule_two_nhs_numbers_that_differ():
    people = crowd()
    found = linked(people, [changed(people[0], nhs="another", born_on=date(1901, 1, 1)), *people[1:]])
    assert 0 not in {one.left for one in found.links}


def test_rivals_make_one_another_doubtful():
    """Twins without numbers, both in both sources: who is who cannot be known, and nobody pretends to."""
    people = [changed(one, nhs="", local="") for one in crowd()]
    twin = changed(people[0], name="twin")
    alone, both = linked(people, people), linked([*people, twin], [*people, twin])
    assert (0, 0) in pairs(alone)
    assert not {0, 200} & {one.left for one in both.links}
    assert {one.left for one in both.review} == {0, 200}
    assert all(0.4 < one.probability < 0.6 for one in both.review)
    assert both.expected_missed > 0.9


def test_thresholds_part_links_review_and_nothing():
    people = [changed(one, nhs="", local="") for one in crowd()]
    blurred = [changed(one, area="", born_on=None) for one in people[:40]] + people[40:]
    strict, usual = (linked(people, blurred, Settings(accept, 0.05)) for accept in (0.999999, 0.9))
    assert pairs(strict) < pairs(usual)
    assert all(one.probability >= 0.9 for one in usual.links)
    assert all(0.05 <= one.probability < 0.9 for one in usual.review)
    assert {one.left for one in usual.links}.isdisjoint(one.left for one in usual.review)
    assert usual.expected_false == pytest.approx(sum(1 - one.probability for one in usual.links))


def test_precision_and_recall_are_of_the_expected_errors():
    found = linked(crowd(), crowd())
    assert found.precision == pytest.approx(1 - found.expected_false / 200)
    assert found.recall == pytest.approx((200 - found.expected_false) / (200 - found.expected_false + found.expected_missed))


def test_nobody_is_linked_with_nobody():
    for left, right in (([], []), (crowd(3), []), ([], crowd(3))):
        found = linked(left, right)
        assert (found.links, found.review, found.expected_false) == ((), (), 0)
        assert (found.precision, found.recall) == (None, None)


def test_one_record_a_side_is_enough():
    one = crowd(1)
    assert pairs(linked(one, one)) == {(0, 0)}
    alike = [changed(one[0], nhs="", local="")]
    assert linked(alike, alike).links or linked(alike, alike).review


def test_records_that_know_nothing_are_left_alone():
    nothing = [changed(one, nhs="", local="", born_on=None, sex="", area="") for one in crowd(20)]
    found = linked(nothing, nothing)
    assert found.links == ()


def test_the_names_of_pseudonyms_do_not_matter():
    left = [changed(one, nhs="" if place % 3 == 0 else one.nhs) for place, one in enumerate(crowd())]
    right = [changed(one, local="") for one in crowd()]
    other = [[changed(one, nhs=one.nhs and f"z{hash(one.nhs) % 97}{one.nhs}", local=one.local and one.local[::-1]) for one in side]
             for side in (left, right)]  # fmt: skip
    assert linked(left, right).links == linked(*other).links


def test_the_same_lists_give_the_same_links():
    left = [changed(one, nhs="") for one in crowd()]
    assert linked(left, crowd()).links == linked(left, crowd()).links


def test_the_shipped_policy_is_what_is_built_in():
    shipped = read_settings(POLICY)
    assert (shipped.accept, shipped.review) == (Settings().accept, Settings().review)
    assert shipped.version == "1"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("accept = 0.99", "'review' must be a number"), ('accept = "high"\nreview = 0.2', "'accept' must be a number"),
        ("accept = 0.4\nreview = 0.2", "'accept' at least 0.5"), ("accept = 0.9\nreview = 0.95", "must not be more than"),
        ("accept = 1\nreview = 0.2", "between 0 and 1"), ("accept = 0.9\nreview = 0", "between 0 and 1"),
        ("accept = 0.9\nreview = 0.2\nrevue = 1", "does not know revue"),
    ],
)  # fmt: skip
def test_a_faulty_policy_is_refused(tmp_path, body, said):
    path = tmp_path / "p.toml"
    path.write_text(f'version = "9"\n[body]\n{body}\n', encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_settings(path)


def test_a_policy_without_a_body_is_refused(tmp_path):
    (tmp_path / "p.toml").write_text('version = "9"\n', encoding="utf-8")
    with pytest.raises(InputError, match="must be a table"):
        read_settings(tmp_path / "p.toml")


def test_rivals_share_by_weight():
    both = linkage.Pairs(np.array([0, 0]), np.array([0, 1]))
    sure = linkage._with_rivals(both, np.log(np.array([8.0, 1.0])), 1, 2)
    assert sure.tolist() == pytest.approx([0.8, 0.1])
    with np.errstate(over="raise"):
        assert linkage._with_rivals(both, np.array([1e6, -1e6]), 1, 2).tolist() == pytest.approx([1, 0])


def test_a_case_that_may_be_of_two_people_is_linked_with_less_certainty_and_may_hide_one():
    people = crowd()
    doubtful = [changed(people[0], doubt=0.1), *people[1:]]
    sure, found = linked(people, people), linked(doubtful, people)
    assert pairs(found) == pairs(sure)
    assert found.links[0].probability == pytest.approx(0.95 * sure.links[0].probability)
    assert found.links[1:] == sure.links[1:]
    assert found.expected_false - sure.expected_false == pytest.approx(0.05, abs=1e-3)
    assert found.expected_missed - sure.expected_missed == pytest.approx(0.1, abs=1e-3)


def test_of_two_rivals_for_one_case_both_halves_are_missed():
    people = crowd()
    one = changed(people[0], nhs="", local="")
    found = linked([one, changed(one, name="again"), *people[1:]], [one, *people[1:]])
    assert [round(each.probability, 2) for each in found.review] == [0.5]
    assert found.expected_missed == pytest.approx(1, abs=0.05)


def test_a_record_that_nobody_else_claims_needs_less_to_be_believed():
    """Where all others have found their partners, two that are left and agree are far likelier one than in a crowd."""
    people = crowd()
    left = [changed(people[0], nhs="", local="", born_on=None), *(changed(one, nhs="", local="") for one in people[1:])]
    found = linked(left, people)
    assert (0, 0) in pairs(found) | {(one.left, one.right) for one in found.review if one.probability > 0.9}
    strangers = [changed(one, nhs="", local="") for one in crowd(seed=2)]
    assert not any(one.probability > 0.9 for one in linked([left[0], *strangers], people[1:]).links)
