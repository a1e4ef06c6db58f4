import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.disclosure import Policy, audit, protect
from plenary_stats.disclosure.rounding import _surely, rounded
from plenary_stats.errors import InputError
from plenary_stats.tables import ResultTable, text

FIVE = Policy(rounding=5, minimum_width=4)


def table(rows: dict[tuple[str, ...], float], dimensions=("centre", "region"), kind="count", name="t", **more) -> ResultTable:
    columns = {each: text([place[order] for place in rows]) for order, each in enumerate(dimensions)}
    columns["value"] = np.array(list(rows.values()), dtype=float)
    columns |= {
        each: text(column) if each in {"note", "status"} else np.array(column, dtype=float) for each, column in more.items()
    }
    return ResultTable(columns, name=name, kind=kind, dimensions=dimensions)


def with_margins(inside: np.ndarray) -> dict[tuple[str, ...], float]:
    """A table of any number of dimensions with all its margins."""
    values = {tuple(f"{axis}{code}" for axis, code in enumerate(place)): float(value) for place, value in np.ndenumerate(inside)}
    for axis in range(inside.ndim):
        for place, value in list(values.items()):
            whole = (*place[:axis], "Total", *place[axis + 1 :])
            values[whole] = values.get(whole, 0.0) + value
    return values


def counts(made) -> dict[tuple[str, ...], float]:
    return {tuple(row[name] for name in made.dimensions): row["value"] for row in made.rows()}


def assert_adds_up(made: dict[tuple[str, ...], float]) -> None:
    for place, value in made.items():
        for axis, code in enumerate(place):
            if code == "Total":
                parts = [
                    made[other]
                    for other in made
                    if other[axis] != "Total" and (*other[:axis], "Total", *other[axis + 1 :]) == place
                ]
                assert sum(parts) == value, place


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.data())
def test_sums_hold_and_every_number_goes_to_a_neighbour(data):
    """Two-way tables can always be rounded so; three-way ones of this size nearly always, and never further than two steps."""
    shape = data.draw(st.sampled_from([(1, 3), (3, 2), (4, 4), (2, 3, 2), (3, 3, 3)]))
    inside = np.array(data.draw(st.lists(st.integers(0, 40), min_size=int(np.prod(shape)), max_size=int(np.prod(shape)))))
    values = with_margins(inside.reshape(shape))
    source = table(values, tuple(f"d{axis}" for axis in range(len(shape))))
    (made,) = rounded([source], FIVE)
    found = counts(made)
    assert all(value % 5 == 0 and value >= 0 for value in found.values())
    assert_adds_up(found)
    far = max(abs(found[place] - values[place]) for place in values)
    assert far <= (4 if len(shape) == 2 else 9)
    assert all(found[place] == values[place] for place in values if values[place] % 5 == 0) or far > 4
    assert set(made["status"].tolist()) == {""}


def test_as_little_as_possible_is_changed():
    """Against every other choice of neighbours in a small table."""
    inside = np.array([[3, 7, 12], [8, 1, 4]])
    values = with_margins(inside)
    made = counts(rounded([table(values)], FIVE)[0])
    best = np.inf
    for choice in range(2**6):
        up = np.array([choice >> order & 1 for order in range(6)]).reshape(2, 3)
        tried = with_margins(5 * (inside // 5 + up))
        if all(abs(tried[place] - values[place]) < 5 for place in values):
            best = min(best, sum(abs(tried[place] - values[place]) for place in values))
    assert sum(abs(made[place] - values[place]) for place in values) == best


def test_linked_tables_and_hierarchies_are_rounded_together():
    areas = {"L": 7.0, "M": 8.0, "N": 11.0, "North": 15.0, "Total": 26.0}
    first = table({("A", area): value for area, value in areas.items()}, name="first")
    second = table({("A",): 26.0, ("B",): 13.0, ("Total",): 39.0}, ("centre",), name="second")
    policy = Policy(rounding=5, minimum_width=4, hierarchies={"region": (("L", "North"), ("M", "North"))})
    one, two = (counts(made) for made in rounded([first, second], policy))
    assert one["A", "North"] == one["A", "L"] + one["A", "M"] == 15
    assert one["A", "Total"] == one["A", "North"] + one["A", "N"] == two["A",]
    assert two["Total",] == two["A",] + two["B",]


def test_shares_come_from_rounded_numbers_and_intervals_go():
    rates = table(
        {("A", "Total"): 17 / 43, ("B", "Total"): 28 / 61, ("Total", "Total"): 45 / 104},
        kind="rate", numerator=[17, 28, 45], denominator=[43, 61, 104], lower=[0.2] * 3, upper=[0.6] * 3, note=["2 of 3 lost", "", ""],
    )  # fmt: skip
    done = protect([rates], FIVE)
    (made,) = done.tables
    assert np.isnan(made["lower"]).all()
    assert np.isnan(made["upper"]).all()
    assert made["note"].tolist() == ["", "", ""]
    for row, true in zip(made.rows(), rates.rows(), strict=True):
        assert (row["numerator"] % 5, row["denominator"] % 5) == (0, 0)
        assert row["value"] == row["numerator"] / row["denominator"]
        assert row["value"] != true["value"]
    assert made["numerator"][0] + made["numerator"][1] == made["numerator"][2]
    short = protect([rates], Policy(rounding=5, minimum_width=4, precision=2)).tables[0]
    assert (short["value"] == np.round(made["value"], 2)).all()


def test_what_does_not_follow_from_rounded_numbers_is_withheld():
    survival = table({("A", "Total"): 0.873, ("B", "Total"): 0.5}, kind="rate", numerator=[17, 20], denominator=[43, 40])
    assert rounded([survival], FIVE)[0]["status"].tolist() == ["c", ""]
    nobody = table({("A", "Total"): 1.0}, kind="rate", numerator=[1], denominator=[1])
    assert rounded([nobody], FIVE)[0]["status"].tolist() == ["z"]


@pytest.mark.parametrize(("patients", "status"), [(29, "c"), (31, "c"), (35, ""), (71, ""), (2, "z"), (0, "z")])
def test_a_median_is_shown_by_the_rounded_number_alone(patients, status):
    """29 and 31 are both rounded to 30, which says 26 to 34: had one a median and the other none, that told which is which."""
    median = table({("A", "Total"): 4.5 if patients else np.nan}, kind="summary", denominator=[patients])
    (made,) = rounded([median], FIVE)
    assert made["status"].tolist() == [status]
    assert (made["value"].tolist() == [4.5]) == (status == "")
    assert made["denominator"].tolist() == [5 * round(patients / 5)]


def test_where_numbers_went_further_than_to_a_neighbour_medians_need_more_of_them():
    """35 that may be 26 is not surely 30: how far numbers went is seen from all of the table."""
    true = np.array([26.0, 80.0])
    assert _surely(np.array([35.0, 80.0]), true, FIVE).tolist() == [False, True]
    assert _surely(np.array([25.0, 35.0]), np.array([26.0, 33.0]), FIVE).tolist() == [False, True]


@pytest.mark.parametrize("given", [None, ["c", "", "", ""], ["z", "", "", ""], ["", "", "", ""]])
def test_nobody_by_the_rounded_number_has_one_status_whether_it_was_nobody_or_not(given):
    """A is 0, B is 3, printed as 0: c for the one and z for the other said which."""
    rows = {("A", "Total"): np.nan, ("B", "Total"): 2 / 3, ("C", "Total"): 0.75, ("Total", "Total"): 32 / 43}
    more = {} if given is None else {"status": given}
    rates = table(rows, kind="rate", numerator=[0, 2, 30, 32], denominator=[0, 2 + 1, 40, 43], **more)
    (made,) = rounded([rates], FIVE)
    nobody = made["denominator"] == 0
    assert nobody.tolist()[0]
    assert set(made["status"][nobody].tolist()) == {"z"}
    assert set(made["status"][~nobody].tolist()) == {""}
    if given is None:
        assert nobody.tolist() == [True, True, False, False]


def test_a_rounded_nought_of_patients_has_one_status_and_what_was_not_collected_keeps_its():
    counted = table({("A", "N"): 0.0, ("B", "N"): 2.0, ("C", "N"): np.nan}, status=["low", "", "x"])
    (made,) = rounded([counted], FIVE)
    assert made["value"].tolist()[:2] == [0, 0]
    assert made["status"].tolist() == ["", "", "x"]
    asked = table({("A", "N"): np.nan}, kind="rate", numerator=[0], denominator=[0], status=["x"])
    assert rounded([asked], FIVE)[0]["status"].tolist() == ["x"]


def test_a_rate_of_residents_keeps_its_unit_and_its_population():
    rows = {("A", "N"): 1e6 * 17 / 500_000, ("A", "S"): 1e6 * 42 / 700_000}
    access = table(rows, kind="exposure", numerator=[17, 42], denominator=[500_000, 700_000])
    made = rounded([access], FIVE)[0]
    assert made["denominator"].tolist() == [500_000, 700_000]
    assert made["value"] == pytest.approx(1e6 * made["numerator"] / made["denominator"])
    assert made["numerator"].tolist() == [15, 40]


def test_the_attack_finds_no_small_number_nearer_than_the_base():
    inside = np.random.default_rng(5).integers(0, 45, (6, 5))
    values = with_margins(inside)
    done = protect([table(values)], FIVE)
    assert done.audit.clean
    assert done.audit.totals["cells"] == len(values) == len(done.audit.cells["low"])
    for row in done.audit.rows():
        true = values[row["centre"], row["region"]]
        assert row["low"] <= true <= row["high"]
        assert true >= 30 or row["high"] - row["low"] >= 4


def test_what_an_earlier_edition_rounded_is_rounded_likewise():
    """8 would go to 10, but last year's edition printed 5 for it; where that is too far off by now, it is rounded anew."""
    places = [("A", "Total"), ("B", "Total"), ("Total", "Total")]
    now = table(dict(zip(places, (8, 22, 30), strict=True)))
    plain = counts(rounded([now], FIVE)[0])
    assert plain == dict(zip(places, (10, 20, 30), strict=True))
    before = table(dict(zip(places, (5, 25, 30), strict=True)))
    assert counts(rounded([now], FIVE, [before])[0]) == counts(before)
    far = table(dict(zip(places, (15, 15, 30), strict=True)))
    assert counts(rounded([now], FIVE, [far])[0]) == plain
    exact = table(dict(zip(places, (7, 23, 30), strict=True)))
    assert counts(rounded([now], FIVE, [exact])[0]) == plain


def test_an_edition_that_told_the_numbers_unrounded_is_no_cover():
    """B was printed as it is before: with the total's bounds A is known nearer, and B's number is public."""
    now = table({("A",): 12.0, ("B",): 23.0}, ("centre",))
    (made,) = rounded([now], FIVE)
    found = {row["centre"]: row for row in audit([made], FIVE, [table({("B",): 23.0}, ("centre",))]).rows()}
    assert (found["A"]["low"], found["A"]["high"]) == (6, 14)
    assert found.get("B", {"low": 23})["low"] == 23


def test_figures_public_elsewhere_narrow_what_rounding_hides():
    values = {("A",): 12.0, ("B",): 23.0, ("Total",): 35.0}
    (made,) = rounded([table(values, ("centre",))], FIVE)
    known = Policy(rounding=5, minimum_width=4, already_public=({"centre": "B", "value": 23}, {"centre": "Total", "value": 35}))
    found = {row["centre"]: row for row in audit([made], known).rows()}
    assert (found["A"]["low"], found["A"]["high"], found["A"]["verdict"]) == (12, 12, "exact")
    assert found["B"]["verdict"] == "public"
    with pytest.raises(InputError, match=r"1 numbers can still be told too nearly; for example centre A.*larger base"):
        protect([table(values, ("centre",))], known)


def test_amounts_are_withheld_or_shown_as_without_rounding():
    spend = table({("A", "Total"): 900.5, ("B", "Total"): 99.5, ("Total", "Total"): 1000.0}, kind="magnitude", name="spend")
    people = table({("A", "Total"): 12.0, ("B", "Total"): 31.0, ("Total", "Total"): 43.0})
    first, second = protect([spend, people], FIVE).tables
    assert first["value"].tolist() == [900.5, 99.5, 1000.0]
    assert second["value"].tolist() == [10, 30, 40]
    hidden = protect([people, spend], Policy(rounding=5, minimum_width=4, p_percent=10)).tables[1]
    assert hidden["status"].tolist() == ["c", "c", "c"]


def test_the_same_tables_are_rounded_alike_whatever_the_order_of_their_rows():
    values = with_margins(np.random.default_rng(8).integers(0, 60, (5, 6)))
    first = counts(rounded([table(values)], FIVE)[0])
    back = counts(rounded([table(dict(reversed(values.items())))], FIVE)[0])
    assert first == back


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"rounding": 1}, "a whole number from 2 to 100"),
        ({"rounding": True}, "a whole number from 2 to 100"),
        ({"rounding": 5.0}, "a whole number from 2 to 100"),
        (
            {"rounding": 5},
            r"0 to 4, which is narrower than its minimum_width of 10: give minimum_width = 4 or less, or a larger base",
        ),
    ],
)
def test_a_policy_that_rounding_cannot_keep_is_refused(given, says):
    with pytest.raises(InputError, match=says):
        Policy(**given)
    assert Policy(rounding=11).rounding == 11


def test_nothing_exact_is_left_in_a_rounded_table():
    """Limits, those met and not met, notes: whatever would tell the number behind is emptied, be it whole or a fraction."""
    rows = {("A", "N"): 0.4, ("B", "N"): 0.5}
    more = {"numerator": [41, 33], "denominator": [103, 66], "not_eligible": [7, 12], "not_known": [3, 0]}
    more |= {"lower": [0.31, 0.38], "upper": [0.49, 0.62], "met": [41, 33], "not_met": [62, 33], "note": ["41 of 103", ""]}
    source = table(
        {place: met / of for place, met, of in zip(rows, more["numerator"], more["denominator"], strict=True)},
        kind="rate",
        **more,
    )
    whole = ResultTable({**source.columns, "met": np.array([41, 33])}, name="t", kind="rate", dimensions=source.dimensions)
    for each in (source, whole):
        (made,) = rounded([each], FIVE)
        for name in ("lower", "upper", "met", "not_met"):
            assert np.isnan(made[name]).all(), name
        assert made["note"].tolist() == ["", ""]
        for name in ("numerator", "denominator", "not_eligible", "not_known"):
            assert (made[name] % 5 == 0).all(), name
        assert np.allclose(made["value"], made["numerator"] / made["denominator"])


def test_what_an_edition_before_printed_of_a_number_is_printed_again():
    """12 may be 10 or 15; it was 15 last year, and so it stays though 10 is nearer."""
    now = table({("A", "N"): 12, ("B", "N"): 33, ("Total", "N"): 45})
    for printed in (10, 15):
        before = table({("A", "N"): printed})
        (made,) = rounded([now], FIVE, [before])
        assert counts(made)["A", "N"] == printed
        assert_adds_up(counts(made))
    (made,) = rounded([now], FIVE, [table({("A", "N"): 25})])
    assert counts(made)["A", "N"] in {10, 15}, "25 is too far from 12 to be what was meant"
    (made,) = rounded([now], FIVE, [table({("A", "N"): 13, ("C", "N"): 15})])
    assert counts(made)["A", "N"] in {10, 15}, "a table that is not rounded binds nobody"


@pytest.mark.parametrize("base", [2, 3, 10, 100])
def test_other_bases_round_to_their_own_multiples(base):
    inside = np.array([[3, 57, 112], [80, 101, 4]])
    made = counts(rounded([table(with_margins(inside))], Policy(rounding=base, minimum_width=1))[0])
    assert all(value % base == 0 for value in made.values())
    assert_adds_up(made)
    assert max(abs(made[place] - value) for place, value in with_margins(inside).items()) < 2 * base


@pytest.mark.parametrize("printed", [0, 5, 20, 25])
def test_what_was_printed_and_is_too_far_from_the_number_now_was_another(printed):
    """12 is 10 or 15, whatever stood there before, with sums and without."""
    for rows in ({("A", "N"): 12}, {("A", "N"): 12, ("B", "N"): 33, ("Total", "N"): 45}):
        (made,) = rounded([table(rows)], FIVE, [table({("A", "N"): printed})])
        assert counts(made)["A", "N"] in {10, 15}


def test_a_share_a_little_off_its_numbers_is_an_estimate_and_is_withheld():
    """45% of a hundred would be 45, and 50 are told: a survival estimate, say. Half of a hundred is just that."""
    source = table({("A", "N"): 0.45, ("B", "N"): 0.5}, kind="rate", numerator=[50, 50], denominator=[100, 100])
    (made,) = rounded([source], FIVE)
    assert made["status"].tolist() == ["c", ""]
    assert np.isnan(made["value"][0])
