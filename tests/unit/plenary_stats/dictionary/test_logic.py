"""REDCap's language: what is read, how it is spelt, and what is said of a text that cannot be read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plenary_stats.dictionary import logic
from plenary_stats.dictionary.logic import Call, Chain, Comparison, Literal, Moment, Negation, Reference, parse, references, spelt
from plenary_stats.errors import InputError


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("[a]='1'", "[a] = '1'"),
        ('[a]=="1"', "[a] = '1'"),
        ("[a]!=1 && [b]<2 || [c]>=.5", "(([a] <> 1) and ([b] < 2)) or ([c] >= 0.5)"),
        ("[a] = '1' or [b] = '1' and [c] = '1'", "([a] = '1') or (([b] = '1') and ([c] = '1'))"),
        ("([a] = '1' or [b] = '1') and [c] = '1'", "(([a] = '1') or ([b] = '1')) and ([c] = '1')"),
        ("not [a] = '1'", "not ([a] = '1')"),
        ("!([a] = '1')", "not ([a] = '1')"),
        ("[organ(2)] = '1'", "[organ(2)] = '1'"),
        ("[organ( -1 )] = 1", "[organ(-1)] = 1"),
        ("[A_B] = ''", "[a_b] = ''"),
        ("[w] / ([h] ^ 2) - 1", "([w] / ([h] ^ 2)) - 1"),
        ("2 ^ 3 ^ 2", "2 ^ (3 ^ 2)"),
        ("-[a] * +2", "(-[a]) * 2"),
        ("Round([a], 1) + SUM([b],[c])", "round([a], 1) + sum([b], [c])"),
        ("Math.abs([a]) > 1", "abs([a]) > 1"),
        ("if([a] > 3, 'yes', \"it's\")", "if([a] > 3, 'yes', \"it's\")"),
        ("datediff([a], 'today', 'd', true) > 30", "datediff([a], 'today', 'd', 1) > 30"),
        ("datediff([a], now, 'y')", "datediff([a], 'now', 'y')"),
        ("[a] = 1 // the first only", "[a] = 1"),
        ("# asked of adults\n[age] >= 18 /* not\nyet */ and [b] = '# 1'", "([age] >= 18) and ([b] = '# 1')"),
        ("[visit_1_arm_1][weight] > 3", "[visit_1_arm_1][weight] > 3"),
        ("[weight][current-instance] > 3", "[weight][current-instance] > 3"),
        ("[user-name] = 'x'", "[user-name] = 'x'"),
        ("[site:value] = 'x'", "[site:value] = 'x'"),
    ],
)
def test_a_text_has_one_spelling_and_the_spelling_means_the_same(text, spelling):
    assert spelt(parse(text)) == spelling
    assert parse(spelling) == parse(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ["empty"]),
        (" // nothing but a remark", ["empty"]),
        ("[a] = '1", ["quotation mark is not closed", "position 7"]),
        ("[a = 1", ["bracket is not closed", "position 1"]),
        ("[a] = ‘1’", ["straight quotation marks", "position 7"]),
        ("a = 1", ["square brackets", "found 'a'"]),
        ("frobnicate([a])", ["no function 'frobnicate'"]),
        ("[a] = 1 = 2", ["comparison cannot follow a comparison", "position 9"]),
        ("[a] = ", ["breaks off", "position 7"]),
        ("[a] = = 1", ["field or a value is expected", "position 7"]),
        ("([a] = 1", ["')' is expected"]),
        ("[a] = 1 2", ["end here", "found '2'"]),
        ("round()", ["takes 1 to 2 arguments", "has 0"]),
        ("sqrt([a], [b])", ["takes 1 arguments", "has 2"]),
        ("sum()", ["takes 1 or more"]),
        ("[1st] = 1", ["names no field"]),
        ("[a b] = 1", ["names no field"]),
        ("(" * 80 + "1" + ")" * 80, ["nested too deeply"]),
        ("not " * 80 + "[a] = 1", ["nested too deeply"]),
        ("abs(" * 80 + "1" + ")" * 80, ["nested too deeply"]),
        ("-" * 80 + "1", ["nested too deeply"]),
        ("2" + " ^ 2" * 80, ["nested too deeply"]),
    ],
)
def test_a_text_that_cannot_be_read_says_where_and_what(text, parts):
    with pytest.raises(InputError) as refused:
        parse(text)
    for part in parts:
        assert part in str(refused.value)


def test_a_sum_of_thousands_is_no_nest():
    node = parse(" + ".join(f"[q{number}]" for number in range(5000)))
    assert isinstance(node, Chain)
    assert len(references(node)) == 5000
    assert parse(spelt(node)) == node


def test_each_field_is_named_once_in_the_order_of_the_text():
    node = parse("[b] = 1 and datediff([a], [c], 'd') > 2 and not [organ(2)] = [b]")
    assert references(node) == (Reference("b"), Reference("a"), Reference("c"), Reference("organ", "2"))


def test_what_means_something_in_its_project_alone_is_kept_as_written():
    assert references(parse("[visit_1_arm_1][weight] > 3")) == (Reference("weight", beyond="[visit_1_arm_1][weight]"),)
    assert references(parse("[record-name] <> ''")) == (Reference("record-name", beyond="[record-name]"),)


def test_walking_meets_every_node_once():
    nodes = list(logic.walk(parse("if(not [a] = 1, -[b], 'x')")))
    assert [type(node) for node in nodes] == [Call, Negation, Comparison, Reference, Literal, Negation, Reference, Literal]


ATOMS = st.one_of(
    st.floats(min_value=0, max_value=1e6, allow_nan=False).map(Literal),
    st.text(alphabet=st.characters(blacklist_characters="'\"", blacklist_categories=("Cs",)), max_size=6)
    .filter(lambda text: text not in {"today", "now"})
    .map(Literal),
    st.sampled_from([Moment("today"), Moment("now"), Reference("a"), Reference("b_2"), Reference("organ", "-1")]),
)


@st.composite
def trees(draw, deepest=3):
    kind = draw(st.integers(0, 6)) if deepest else 0
    if kind == 0:
        return draw(ATOMS)
    parts = tuple(draw(trees(deepest - 1)) for _ in range(2 if kind != 6 else 3))
    return (
        Comparison(draw(st.sampled_from(["=", "<>", "<", ">="])), *parts[:2]),
        Negation(draw(st.sampled_from(["!", "-"])), parts[0]),
        Chain(parts[:2], (draw(st.sampled_from(["and", "or", "*", "-"])),)),
        Call("sum", parts),
        Call("^", parts[:2]),
        Call("if", parts),
    )[kind - 1]


@settings(max_examples=30)
@given(trees())
def test_whatever_is_spelt_is_read_as_it_was(node):
    assert parse(spelt(node)) == node
