"""What codes stand for: each figure is the sum of its pieces, whatever overlaps."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary_stats.disclosure import Policy
from plenary_stats.disclosure.attacker.codes import Codes, days, months

JANUARY = 12 * 2019


@pytest.mark.parametrize(
    ("code", "first", "many"),
    [
        ("2019", 0, 12),
        ("1970 to 2019", -588, 600),
        ("2019/20", 3, 12),
        ("2018-2020", -12, 36),
        ("2018–2020", -12, 36),
        ("2018/19 to 2020/21", -9, 36),
        ("2019-Q1", 0, 3),
        ("2019 Q4", 9, 3),
        ("2019/20 Q4", 12, 3),
        ("2019 H2", 6, 6),
        ("2019-04", 3, 1),
        ("2019-04-01/2020-04-01", 3, 12),
    ],
)
def test_the_months_of_a_period(code, first, many):
    assert months(code) == (JANUARY + first, JANUARY + first + many)


@pytest.mark.parametrize(
    "code",
    [
        "Total",
        "spring",
        "2019/21",
        "2020 to 2018",
        "2020 to 2019",
        "1900 to 2025",
        "1970 to 2020",
        "2019/20 to 2021",
        "2019-13",
        "19",
        "2019/21 to 2021/22",
        "2019/20 to 2021/23",
    ],
)
def test_what_is_no_period(code):
    assert months(code) is None


def test_a_dash_makes_a_financial_year_where_every_code_has_one():
    made = Codes.of("period", ["2018-19", "2019-20", "2018-2019"], Policy())
    pool, first = made.number["2018-2019"], made.number["2019-20"]
    assert named(made, ["2018-2019", "2019-20"])["2019-20"] == ["2019-04 to 2019-12", "2020-01 to 2020-03"]
    assert made.masks[pool] & made.masks[first]


def test_months_that_could_be_no_years_are_months():
    made = Codes.of("period", ["2010", "2010-10", "2010-11"], Policy())
    assert named(made, ["2010", "2010-11"])["2010"] == ["2010-01 to 2010-10, 2010-12", "2010-11"]


def test_the_policy_tells_the_days_of_a_label():
    july = {"2019/20": (date(2019, 7, 1), date(2020, 7, 1)), "first": (date(2019, 7, 1), date(2019, 12, 15))}
    made = Codes.of("period", ["2019/20", "first", "2019/20 to 2020/21"], Policy(periods=july))
    assert named(made, ["2019/20", "first"]) == {"2019/20": ["2019-12-15 to 2020-06-30", "first"]}
    assert days("2020/21 to first", july) is None
    assert days("first to 2019/20", july) == (date(2019, 7, 1).toordinal(), date(2020, 7, 1).toordinal())


def named(codes, present, **more):
    cut = codes.cut(tuple(sorted(codes.number[name] for name in present)), **more)
    return {codes.names[whole]: sorted(codes.names[part] for part in parts) for whole, parts in cut}


def test_a_calendar_year_and_a_financial_one_share_nine_months():
    codes = Codes.of("period", ["2019", "2019/20"], Policy())
    assert named(codes, ["2019", "2019/20"]) == {
        "2019": ["2019-01 to 2019-03", "2019-04 to 2019-12"],
        "2019/20": ["2019-04 to 2019-12", "2020-01 to 2020-03"],
    }


def test_pooled_years_less_one_is_the_other():
    codes = Codes.of("period", ["2024", "2024 to 2025"], Policy())
    assert named(codes, ["2024", "2024 to 2025"]) == {"2024 to 2025": ["2024", "2025"]}


def test_years_that_nothing_tells_apart_stay_together():
    codes = Codes.of("year", ["2021 to 2023", "2023", "2022"], Policy())
    assert named(codes, ["2021 to 2023", "2023"]) == {"2021 to 2023": ["2021 to 2022", "2023"]}
    assert named(codes, ["2021 to 2023", "2022"]) == {"2021 to 2023": ["2021, 2023", "2022"]}


def test_periods_that_do_not_overlap_are_plain():
    assert not Codes.of("period", ["2019", "2020", "spring"], Policy()).structured


PAIRS = tuple(
    (child, parent)
    for parent, members in {"p": "ab", "q": "c", "x": "ac", "y": "b", "Total": "pqxy"}.items()
    for child in members
)


def test_two_groupings_of_one_region_are_both_complete():
    codes = Codes.of("area", "abcpqxy", Policy(hierarchies={"area": PAIRS}))
    found = named(codes, ["a", "b", "c", "p", "q", "x", "y", "Total"])
    same = {"b": "y", "c": "q"}
    assert [same.get(part, part) for part in found["p"]] == ["a", "y"]
    assert [same.get(part, part) for part in found["x"]] == ["a", "q"]
    assert found["Total"] in (["p", "q"], ["p", "c"], ["x", "y"], ["b", "x"])
    assert (found["y"], found["q"]) == (["b"], ["c"])


def test_groupings_alone_cut_one_another():
    codes = Codes.of("area", "abcpqxy", Policy(hierarchies={"area": PAIRS}))
    assert named(codes, ["p", "x"]) == {"p": ["a", "b"], "x": ["a", "c"]}


def test_a_total_counts_the_siblings_that_are_not_listed():
    codes = Codes.of("area", ["n1", "N"], Policy(hierarchies={"area": (("n1", "N"), ("n2", "N"))}))
    assert named(codes, ["n1", "Total"]) == {"Total": ["n1", "n2"]}


def test_what_there_is_not_is_left_out():
    codes = Codes.of("centre", ["A", "B", "R"], Policy(hierarchies={"centre": (("A", "R"), ("B", "R"), ("C", "R"))}))
    here = codes.masks[codes.number["A"]] | codes.masks[codes.number["B"]]
    assert named(codes, ["A", "B", "R"], among=here)["R"] == ["A", "B"]


@given(st.sets(st.tuples(st.integers(2010, 2016), st.integers(0, 3), st.booleans()), min_size=1, max_size=6))
def test_every_figure_is_the_sum_of_its_pieces(periods):
    """The parts of a whole never overlap, and are together what it is."""
    names = [
        f"{year}/{(year + 1) % 100:02} to {year + more}/{(year + more + 1) % 100:02}" if financial else f"{year}-{year + more}"
        for year, more, financial in periods
    ]
    codes = Codes.of("period", names, Policy())
    if not codes.structured:
        return
    for whole, parts in codes.cut(tuple(sorted({codes.number[name] for name in names}))):
        assert sum(codes.masks[part] for part in parts) == codes.masks[whole]


def test_further_pieces_are_cut_where_they_are_wanted_and_only_there():
    codes = Codes.of("period", ["2021 to 2023", "2022", "2023"], Policy())
    wanted = tuple(codes.masks[codes.number[name]] for name in ("2022", "2023"))
    pool = (codes.number["2021 to 2023"],)
    assert codes.cut(pool) == ()
    [(whole, parts)] = codes.cut(pool, -1, wanted)
    assert (whole, sorted(codes.names[part] for part in parts)) == (pool[0], ["2021", "2022", "2023"])
    assert {codes.number["2022"], codes.number["2023"]} <= set(parts), "a piece that is a code is that code"
    assert codes.cut(pool) == (), "what was wanted once is not wanted for ever"
    [(_, fewer)] = codes.cut(pool, -1, wanted[:1])
    assert len(fewer) == 2


def test_a_period_of_no_length_is_none():
    assert months("2019-04-01/2019-04-01") is None
    assert months("2019-04-01/2069-04-01") == (JANUARY + 3, JANUARY + 603)
    assert months("2019-04-01/2069-05-01") is None


def test_pieces_are_named_by_their_time():
    codes = Codes.of("period", ["2019", "2019/20", "2019-Q1", "2018-2020"], Policy())
    found = named(codes, ["2019", "2019/20", "2018-2020"])
    assert found["2019"] == ["2019-04 to 2019-12", "2019-Q1"], "a piece that is a code has its name"
    assert found["2018-2020"] == ["2018, 2020-04 to 2020-12", "2019-Q1", "2019/20"]


def test_a_label_that_is_no_period_stands_for_itself():
    codes = Codes.of("period", ["2024", "2024 to 2025", "spring"], Policy())
    assert named(codes, ["2024", "2024 to 2025", "spring"]) == {"2024 to 2025": ["2024", "2025"]}
    assert not codes.masks[codes.number["spring"]] & codes.masks[codes.number["2024 to 2025"]]


def test_a_total_of_periods_is_those_beside_it():
    codes = Codes.of("period", ["2024", "2024 to 2025", "2026", "Total"], Policy())
    assert named(codes, ["2024 to 2025", "2026", "Total"])["Total"] == ["2024 to 2025", "2026"]
    assert named(codes, ["2024", "Total"]) == {"Total": ["2024"]}


def test_a_group_within_a_group_is_its_members():
    pairs = (("a", "p"), ("b", "p"), ("p", "r"), ("c", "r"))
    codes = Codes.of("area", "abcpr", Policy(hierarchies={"area": pairs}))
    assert named(codes, ["a", "b", "c", "p", "r"]) == {"p": ["a", "b"], "r": ["c", "p"]}
    assert named(codes, ["a", "r"]) == {"r": ["a", "b + c"]}
    assert codes.structured


@pytest.mark.parametrize(("code", "month"), [("2019-01", 0), ("2019-12", 11)])
def test_the_first_and_the_last_month_of_a_year_are_months(code, month):
    assert months(code) == (JANUARY + month, JANUARY + month + 1)
    assert months("2019-00") is None


def test_of_a_pool_either_end_may_be_the_policys_and_the_other_the_calendars():
    """The year of 2019/20 began in July, those after it in April as they do."""
    july = {"2019/20": (date(2019, 7, 1), date(2020, 7, 1))}
    assert days("2019/20 to 2021/22", july) == (date(2019, 7, 1).toordinal(), date(2022, 4, 1).toordinal())
    assert days("2017/18 to 2019/20", july) == (date(2017, 4, 1).toordinal(), date(2020, 7, 1).toordinal())
    assert days("2017/18 to 2018/19", july) == (date(2017, 4, 1).toordinal(), date(2019, 4, 1).toordinal())
    assert days("2021/22 to 2019/20", july) is None
    assert days("spring to 2019/20", july) is None


def test_pieces_bear_the_names_of_the_years_that_they_are():
    codes = Codes.of("period", ["2021/22", "2021/22 to 2023/24"], Policy())
    assert named(codes, ["2021/22", "2021/22 to 2023/24"])["2021/22 to 2023/24"] == ["2021/22", "2022/23 to 2023/24"]
    codes = Codes.of("period", ["1999/00", "1998/99 to 2000/01"], Policy())
    assert named(codes, ["1999/00", "1998/99 to 2000/01"])["1998/99 to 2000/01"] == ["1998/99, 2000/01", "1999/00"]


def test_a_list_names_its_leaves_and_all_of_a_group_of_which_it_names_none():
    pairs = (("a", "p"), ("b", "p"), ("c", "q"), ("p", "Total"), ("q", "Total"))
    codes = Codes.of("centre", "abcpq", Policy(hierarchies={"centre": pairs}))

    def listed(*names):
        leaves = codes.listed(codes.number[name] for name in names)
        return "".join(leaf for order, leaf in enumerate(codes.leaves) if leaves >> order & 1)

    assert (listed("a", "c"), listed("a", "p"), listed("p"), listed("p", "q")) == ("ac", "a", "ab", "abc")
    assert (listed("a", "q"), listed("Total"), listed()) == ("ac", "", "")


def test_without_groups_a_code_stands_for_itself_and_the_total_for_none():
    codes = Codes.of("centre", "abc", Policy())
    a, c, total = (codes.number[name] for name in ("a", "c", "Total"))
    assert codes.listed([a, c, total]) == codes.mask(a) | codes.mask(c) != codes.mask(a)
    assert (codes.mask(total), codes.mask(a) & codes.mask(c)) == (0, 0)


def test_a_pool_with_an_end_that_is_no_period_is_none():
    july = {"2019/20": (date(2019, 7, 1), date(2020, 7, 1))}
    assert days("2019/20 to spring", july) is None


TWO = (("a", "p"), ("b", "p"), ("c", "q"), ("d", "q"))


def test_a_total_counts_all_of_each_region_that_stands_beside_it_and_no_other():
    codes = Codes.of("area", "abcdpq", Policy(hierarchies={"area": TWO}))
    assert named(codes, ["c", "Total"]) == {"Total": ["c", "d"]}
    assert named(codes, ["a", "Total"]) == {"Total": ["a", "b"]}
    assert named(codes, ["a", "c", "Total"]) == {"Total": ["a", "b + d", "c"]}, "what nothing tells apart stays together"


def test_of_a_region_that_a_service_does_not_have_nothing_is_said():
    """q has neither a nor b: it is no sum of nothing, which would be nought."""
    codes = Codes.of("area", "abcdpq", Policy(hierarchies={"area": TWO}))
    here = codes.masks[codes.number["p"]]
    assert named(codes, ["a", "p", "q", "Total"], among=here) == {"p": ["a", "b"], "Total": ["p"]}


def test_a_piece_that_was_named_is_found_by_its_name():
    codes = Codes.of("period", ["2024", "2024 to 2025"], Policy())
    assert "2025" not in codes.number
    [(_, parts)] = codes.cut((codes.number["2024"], codes.number["2024 to 2025"]))
    assert codes.number["2025"] in parts
    assert codes.real == 3
