import datetime as dt
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.disclosure import Policy, as_plain, policy_of, read_pairs, read_policy
from plenary_stats.disclosure.policy import strangers
from plenary_stats.errors import InputError


def test_an_empty_document_is_the_default():
    assert read_policy("") == Policy()
    assert (Policy().threshold, Policy().event_threshold, Policy().minimum_width) == (30, 5, 10)


def test_everything_can_be_said_in_toml():
    policy = read_policy(
        b"""
        threshold = 10
        event_threshold = 3
        zeros = "publish"
        minimum_width = 5
        precision = 3
        dominance = 0.8
        dimensions = ["centre", "area"]
        already_public = [{centre = "A", value = 12}]
        insiders = ["centre"]
        structural_zeros = [{service = "children", age_band = "65+"}]
        [periods]
        "2019/20" = [2019-07-01, "2020-07-01"]
        [hierarchies]
        area = [["L", "BIG"], ["M", "BIG"]]
        period = {"2023 to 2024" = ["2023", "2024"]}
        [weights.centre]
        Total = 5
        """
    )
    assert policy.hierarchies["area"] == (("L", "BIG"), ("M", "BIG"))
    assert policy.hierarchies["period"] == (("2023", "2023 to 2024"), ("2024", "2023 to 2024"))
    assert policy.weights["centre"]["Total"] == 5
    assert policy.already_public == ({"centre": "A", "value": 12},)
    assert policy.insiders == ("centre",)
    assert policy.structural_zeros == ({"service": "children", "age_band": "65+"},)
    assert policy.periods == {"2019/20": (dt.date(2019, 7, 1), dt.date(2020, 7, 1))}
    assert policy_of(as_plain(policy)) == policy
    assert policy_of(json.loads(json.dumps(as_plain(policy)))) == policy


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("threshold = 0", "threshold"),
        ("minimum_width = 2.5", "minimum_width"),
        ("zeros = 'hide'", "zeros"),
        ("dominance = 80", "dominance"),
        ("treshold = 5", "unknown entries: treshold"),
        ("hierarchies = {area = ['L']}", "hierarchy of area"),
        ("already_public = [{centre = 'A'}]", "already_public"),
        ("[periods]\n'first' = ['2019-01-01']", "period first is two dates"),
        ("[periods]\n'first' = ['2019-01-01', 'spring']", "period first is two dates"),
        ("[periods]\n'first' = [2019-01-01, 2019-01-01]", "period first ends before"),
        ("periods = 3", "periods is a table with one entry for each label"),
        ("threshold = ", "not readable TOML"),
        ("threshold = true", "threshold is a whole number"),
        ("threshold = '30'", "threshold is a whole number"),
        ("zeros = ['publish']", "zeros is 'publish' or 'protect'"),
        ("precision = -1", "precision is the number of decimal places"),
        ("precision = 1.5", "precision is the number of decimal places"),
        ("precision = 99", "precision is the number of decimal places"),
        ("dominance = true", "dominance is a share"),
        ("dominance = nan", "dominance is a share"),
        ("dominant = 2", "give dominance too"),
        ("dominance = 0.8\ndominant = 0", "dominant is a whole number"),
        ("p_percent = 0", "p_percent is a number between 0 and 100"),
        ("p_percent = 'ten'", "p_percent is a number between 0 and 100"),
        ("amount_width = 1", "amount_width is a share"),
        ("p_percent = 1" + "0" * 400, "p_percent is a number between 0 and 100"),
        ("weights = {centre = {Total = 1" + "0" * 400 + "}}", "weight of centre 'Total'"),
        ("already_public = [{centre = 'A', value = 1" + "0" * 400 + "}]", "is no number of at least nought"),
        ("p_percent = 15", "give amount_width = 0.15 or more"),
        ("dimensions = 'centre'", "dimensions is a list of different names"),
        ("dimensions = ['a', 'a']", "dimensions is a list of different names"),
        ("dimensions = [1]", "dimensions is a list of different names"),
        ("dimensions = ['']", "dimensions is a list of different names"),
        ("insiders = 'centre'", "insiders is a list of different names"),
        ("hierarchies = [['L', 'BIG']]", "hierarchies is a table with one entry for each dimension"),
        ("hierarchies = {area = 3}", "hierarchy of area is a list of"),
        ("hierarchies = {area = ['AB', 'CD']}", "hierarchy of area is a list of"),
        ("hierarchies = {area = {N = 'AB'}}", "hierarchy of area is a list of"),
        ("hierarchies = {area = [['A', 'B', 'C']]}", "hierarchy of area is a list of"),
        ("hierarchies = {area = [['A', 1.5]]}", "hierarchy of area: '1.5' is no code"),
        ("hierarchies = {area = [['A', 'A']]}", "hierarchy of area: 'A' stands above itself"),
        ("hierarchies = {area = [['A', 'B'], ['B', 'C'], ['C', 'A']]}", "hierarchy of area: 'A' stands above itself"),
        ("hierarchies = {area = [['0', 'B'], ['B', 'C'], ['C', 'B']]}", "hierarchy of area: 'B' stands above itself"),
        ("hierarchies = {area = 'areas.csv'}", "names the file 'areas.csv', but no file can be read here"),
        ("already_public = 'public.csv'", "names the file 'public.csv', but no file can be read here"),
        ("already_public = {centre = 'A', value = 3}", "already_public is a list of tables"),
        ("already_public = [3]", "Entry 1 of already_public is a table"),
        ("already_public = [{centre = 'A', value = 3}, {centre = 'B', value = -1}]", "Entry 2 of already_public: the value '-1'"),
        ("weights = 3", "weights is a table"),
        ("weights = {centre = 3}", "weights of centre are a table of codes"),
        ("weights = {centre = {Total = 0}}", "weight of centre 'Total' is a number above nought"),
        ("weights = {centre = {Total = '5'}}", "weight of centre 'Total' is a number above nought"),
        ("weights = {centre = {Total = inf}}", "weight of centre 'Total' is a number above nought"),
        ("structural_zeros = 'x'", "structural_zeros is a list of tables"),
        ("structural_zeros = [{}]", "Entry 1 of structural_zeros is a table of dimensions and codes"),
        ("structural_zeros = [{service = true}]", "Entry 1 of structural_zeros, service: 'True' is no code"),
    ],
)
def test_a_wrong_policy_is_refused_with_the_reason(document, says):
    with pytest.raises(InputError, match=says):
        read_policy(document)


def test_events_are_narrower_than_patients_but_never_wider():
    assert Policy().event_width == 5
    assert Policy(minimum_width=3).event_width == 3


def test_the_rules_of_amounts_can_be_said_in_toml():
    policy = read_policy("dominance = 0.75\ndominant = 2\np_percent = 15\namount_width = 0.2")
    assert (policy.dominance, policy.dominant, policy.p_percent, policy.amount_width) == (0.75, 2, 15, 0.2)
    assert policy_of(json.loads(json.dumps(as_plain(policy)))) == policy


def test_years_and_dates_need_no_quotes():
    document = "structural_zeros = [{period = 2024}]\nhierarchies = {period = [[2024, 'all'], [2024-05-31, 'all']]}"
    policy = read_policy(document)
    assert policy.structural_zeros == ({"period": "2024"},)
    assert policy.hierarchies["period"] == (("2024", "all"), ("2024-05-31", "all"))


def test_a_date_in_an_entry_can_be_written_as_json():
    policy = policy_of({"already_public": [{"centre": "A", "value": 3, "date": dt.date(2024, 5, 31)}]})
    assert json.loads(json.dumps(as_plain(policy)))["already_public"][0]["date"] == "2024-05-31"


def test_several_parents_are_no_circle():
    pairs = [["2021", "2021-2022"], ["2022", "2021-2022"], ["2022", "2022-2023"], ["2021-2022", "all"], ["2022-2023", "all"]]
    assert len(policy_of({"hierarchies": {"period": pairs}}).hierarchies["period"]) == 5


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff", "areas.csv is not a CSV file in UTF-8"),
        (b"child,parent\n", "no columns child and parent"),
        (b"kid,parent\nA,B\n", "no columns child and parent"),
        (b"child,parent\nA,N\nB,\n", "areas.csv, row 3: each row gives a child and its parent"),
        (b"child,parent\nA,N\nB\n", "areas.csv, row 3"),
        (b"child,parent\nA,B\nB,A\n", "areas.csv: 'A' stands above itself"),
    ],
)
def test_a_wrong_file_of_pairs_is_refused_with_its_row(content, says):
    with pytest.raises(InputError, match=says):
        read_pairs(content, "areas.csv")


def test_misspelt_dimensions_are_found():
    policy = Policy(
        dimensions=("centre",),
        hierarchies={"aera": (("L", "N"),)},
        weights={"centre": {"A": 2.0}, "sexx": {"F": 2.0}},
        already_public=(
            {"center": "A", "value": 12, "quantity": "patients", "source": "x", "date": "2024", "url": "u", "note": "n"},
        ),
        structural_zeros=({"centre": "A", "age": "old"},),
        insiders=("hospital",),
    )
    assert strangers(policy, ("centre", "area", "sex")) == {
        "hierarchies": ("aera",),
        "weights": ("sexx",),
        "already_public": ("center",),
        "structural_zeros": ("age",),
        "insiders": ("hospital",),
    }
    assert strangers(Policy(weights={"centre": {"A": 2.0}}), ("centre",)) == {}


NAMES = st.sampled_from([*as_plain(Policy()), "treshold"])
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 50), st.floats(), st.text(max_size=4), st.sampled_from(["value", "A", "centre"])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["centre", "value", "quantity", "A", "source"]), inner, max_size=3),
    ),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_whatever_stands_in_a_policy_it_is_read_or_refused_in_words(raw):
    """Nothing else than InputError comes out; and what is read can be written, and read again."""
    try:
        policy = policy_of(raw)
    except InputError:
        return
    assert policy_of(json.loads(json.dumps(as_plain(policy)))) == policy


def test_the_policy_of_the_handbook_is_one():
    words = (Path(__file__).parents[4] / "docs" / "handbook" / "disclosure.md").read_text()
    (example,) = re.findall(r"```toml\n(.*?)```", words, flags=re.DOTALL)
    files = {"public.csv": b"centre,value,source,date\nA,12,A journal,2024\n", "areas.csv": b"child,parent\nL,N\n"}
    policy = read_policy(example, files.__getitem__)
    said = {line.split("=")[0].strip() for line in example.splitlines() if "=" in line and not line.startswith("#")}
    assert {"ranges", "dominant", "amount_width", "structural_zeros"} <= said
    assert (policy.dominance, policy.dominant, policy.magnitudes) == (0.8, 2, ("spend", "drug-costs"))
    assert policy.weights == {"centre": {"Total": 5}}
    rounded = example.replace("# rounding = 5 ", "rounding = 5 ").replace("minimum_width = 10", "minimum_width = 4")
    assert read_policy(rounded, files.__getitem__).rounding == 5


def test_the_register_of_the_handbook_is_one():
    words = (Path(__file__).parents[4] / "docs" / "handbook" / "disclosure.md").read_text()
    (example,) = re.findall(r"```\n(service,centre,.*?)```", words, flags=re.DOTALL)
    policy = read_policy('already_public = "public.csv"', lambda _: example.encode())
    assert policy.already_public[0]["value"] == 17


AMOUNTS = {"dominance": 0.8, "amount_width": 0.99}


@pytest.mark.parametrize(
    ("entry", "ends", "beyond", "beside"),
    [
        ("threshold", [1, 2, 10_000], [0, -1, True, 2.0, "30"], {}),
        ("event_threshold", [1, 2], [0, -1, True, 5.0], {}),
        ("minimum_width", [1, 2], [0, -1, True, 10.0], {}),
        ("dominant", [1, 2, 5], [0, -1, True, 1.0], AMOUNTS),
        ("precision", [0, 1, 15], [-1, 16, True, 3.0, "3"], {}),
        ("dominance", [0.001, 0.5, 0.999], [0, 0.0, 1, 1.0, -0.5, True, "0.8"], {}),
        ("p_percent", [0.1, 1, 98], [0, 100, -1, True, "10"], AMOUNTS),
        ("amount_width", [0.001, 0.5, 0.999], [0, 1, -0.1, True, "0.1"], {}),
        ("rounding", [2, 5, 100], [1, 0, 101, -5, True, 5.0], {"minimum_width": 1}),
        ("ranges", [True, False], [1, 0, "yes", None], {}),
        ("zeros", ["publish", "protect"], ["", "Publish", True, None], {}),
    ],
)
def test_the_ends_of_what_an_entry_may_be_are_taken_and_what_lies_beyond_is_refused(entry, ends, beyond, beside):
    for value in ends:
        assert getattr(policy_of(beside | {entry: value}), entry) == value
    for value in beyond:
        with pytest.raises(InputError, match=entry):
            policy_of(beside | {entry: value})


def test_no_rules_of_amounts_are_none_and_no_rounding_is_none():
    """None is no share of nought: an absent rule does not hold, and is written as null."""
    policy = policy_of({"dominance": None, "p_percent": None, "rounding": None, "precision": None})
    assert policy == Policy()
    assert (policy.dominance, policy.p_percent, policy.rounding, policy.precision) == (None,) * 4


def test_a_rounded_nought_must_be_as_wide_as_any_other_number():
    """To multiples of 5, a nought is 0 to 4."""
    assert policy_of({"rounding": 5, "minimum_width": 4}).minimum_width == 4
    with pytest.raises(InputError, match="give minimum_width = 4 or less, or a larger base"):
        policy_of({"rounding": 5, "minimum_width": 5})
    assert policy_of({"rounding": 11}).minimum_width == 10
    with pytest.raises(InputError, match="0 to 9, which is narrower"):
        policy_of({"rounding": 10})


def test_what_the_nearest_may_come_to_and_what_a_range_must_be_are_one_rule():
    """Ten per cent and a tenth of the upper end agree; eleven ask for more."""
    assert policy_of({"p_percent": 10}).amount_width == 0.1
    with pytest.raises(
        InputError, match=r"amount_width of 0\.1 is narrower than its p_percent of 11 asks: give amount_width = 0\.11"
    ):
        policy_of({"p_percent": 11})


@pytest.mark.parametrize(("weight", "taken"), [(0.001, True), (1, True), (1e14, True), (0, False), (-1, False), (1e15, False)])
def test_a_weight_is_above_nought_and_no_mistake(weight, taken):
    if taken:
        assert policy_of({"weights": {"centre": {"Total": weight}}}).weights["centre"]["Total"] == weight
    else:
        with pytest.raises(InputError, match="weight of centre 'Total'"):
            policy_of({"weights": {"centre": {"Total": weight}}})


def test_files_are_read_by_their_names_alone():
    files = {"areas.csv": b"child,parent\nL,N\nM,N\n", "public.csv": b"centre,value,source,date\nA,12,A journal,2024\n"}
    policy = policy_of({"hierarchies": {"area": "areas.csv"}, "already_public": "public.csv"}, files.__getitem__)
    assert policy.hierarchies == {"area": (("L", "N"), ("M", "N"))}
    assert [(entry["centre"], entry["value"], entry["source"]) for entry in policy.already_public] == [("A", 12, "A journal")]


def test_a_period_is_taken_from_dates_and_from_words_and_must_not_be_empty():
    days = (dt.date(2019, 7, 1), dt.date(2019, 7, 2))
    assert policy_of({"periods": {"day": list(days)}}).periods == {"day": days}
    assert policy_of({"periods": {"day": ["2019-07-01", "2019-07-02"]}}).periods == {"day": days}
    with pytest.raises(InputError, match="period day ends before it begins"):
        policy_of({"periods": {"day": ["2019-07-02", "2019-07-01"]}})


def test_a_policy_is_a_table_and_its_bytes_are_utf_8():
    with pytest.raises(InputError, match="The policy is a table of entries"):
        policy_of([("threshold", 30)])
    with pytest.raises(InputError, match="not readable TOML"):
        read_policy(b"\xff")
    assert read_policy(b"\xef\xbb\xbfthreshold = 20").threshold == 20


def test_a_loop_far_up_a_chain_is_found_and_a_code_below_it_is_not_blamed():
    chain = [[f"c{order}", f"c{order + 1}"] for order in range(30)]
    assert len(policy_of({"hierarchies": {"area": chain}}).hierarchies["area"]) == 30
    with pytest.raises(InputError, match=r"'c2[0-9]' stands above itself"):
        policy_of({"hierarchies": {"area": [*chain, ["c29", "c20"]]}})


def test_a_withheld_amount_moves_at_least_as_far_as_the_rule_of_amounts_asks():
    assert Policy(p_percent=10, amount_width=0.1).amount_width == 0.1
    with pytest.raises(InputError, match=r"amount_width = 0\.1 or more"):
        Policy(p_percent=10, amount_width=0.0995)
