import pytest

from plenary_stats.disclosure import Policy, protect, read_long, read_pairs, write_long
from plenary_stats.errors import InputError

PLAIN = b"centre,region,value\nA,N,12\nA,S,40\nA,Total,52\n"


def test_a_plain_table_has_dimensions_and_a_value():
    source = read_long(PLAIN, "t.csv")
    assert source.table.dimensions == ("centre", "region")
    assert source.table.kind == "count"
    assert source.table["status"].tolist() == ["", "", ""]


def test_an_empty_value_is_a_withheld_one_where_there_is_no_status():
    assert read_long(b"centre,value\nA,\nB,40\n", "t.csv").table["status"].tolist() == ["c", ""]


def test_a_status_is_taken_at_its_word():
    assert read_long(b"centre,value,status\nA,,x\nB,40,\n", "t.csv").table["status"].tolist() == ["x", ""]


@pytest.mark.parametrize(
    ("name", "kind"), [("outcomes", "rate"), ("access", "exposure"), ("spend", "magnitude"), ("other", "rate")]
)
def test_an_editions_tables_are_known_by_name(name, kind):
    content = b"edition,service,centre,measure,value,status,numerator,denominator,lower,upper,method,note\n1,s,A,m,0.5,,50,100,0.4,0.6,w,\n"
    table = read_long(content, f"{name}.csv").table
    assert table.kind == kind
    assert table.dimensions == ("service", "centre", "measure")


def test_the_policy_may_name_the_dimensions():
    table = read_long(b"centre,remark,value\nA,fine,40\n", "t.csv", Policy(dimensions=("centre",))).table
    assert table.dimensions == ("centre",)


def test_a_file_without_values_is_no_table():
    assert read_long(b"child,parent\nA,B\n", "hier.csv") is None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"centre,value\nA,many\n", "row 2, value: 'many' is not a number"),
        (b"centre,value\nA,nan\n", "row 2, value"),
        (b"centre,value\nA,4,5\n", "more or fewer cells"),
        (b"centre,value\nA\n", "more or fewer cells"),
        (b"centre,value\n\xff,4\n", "UTF-8"),
    ],
)
def test_an_unreadable_table_is_refused_with_its_place(content, says):
    with pytest.raises(InputError, match=says):
        read_long(content, "t.csv")


def test_what_is_written_is_what_stood_there_without_the_withheld_figures():
    source = read_long(
        b"centre,region,value,colour\nA,N,12,red\nA,S,40.0,blue\nA,E,77,red\nA,Total,129,red\n",
        "t.csv",
        Policy(dimensions=("centre", "region")),
    )
    made = protect([source.table], Policy(dimensions=("centre", "region"))).tables[0]
    assert (
        write_long(source, made) == b"centre,region,value,colour,status\nA,N,,red,c\nA,S,,blue,c\nA,E,77,red,\nA,Total,129,red,\n"
    )


def test_a_note_that_could_tell_goes_with_the_figure():
    source = read_long(b"centre,value,note\nA,12,twelve patients\nB,40,\n", "t.csv")
    assert b"twelve" not in write_long(source, protect([source.table], Policy()).tables[0])


def test_a_hierarchy_is_child_and_parent():
    assert read_pairs(b"child,parent\nL,BIG\nM,BIG\n", "h.csv") == (("L", "BIG"), ("M", "BIG"))
    with pytest.raises(InputError, match="child and parent"):
        read_pairs(b"from,to\nL,BIG\n", "h.csv")


def test_an_unrounded_rate_beside_its_denominator_is_its_numerator():
    """28 of 30 leave two without the result: with the denominator shown that is told by the rate alone."""
    content = b"centre,value,denominator\nA,0.93333333333,30\nB,0.5,120\nC,0.29,100\nD,,\n"
    source = read_long(content, "results.csv")
    assert source.table.kind == "rate"
    assert source.table["numerator"].tolist()[:3] == [28, 60, 29]
    written = write_long(source, protect([source.table], Policy()).tables[0]).decode().splitlines()
    assert written == ["centre,value,denominator,status", "A,,30,c", "B,0.5,120,", "C,0.29,100,", "D,,,c"]


def test_a_rate_that_the_policy_rounds_is_taken_for_the_nearest():
    content = b"centre,value,denominator\nA,0.94,5000\n"
    assert read_long(content, "results.csv", Policy(precision=2)).table["numerator"].tolist() == [4700]
    assert read_long(b"centre,value,denominator\nA,0.943,5000\n", "results.csv").table["numerator"].tolist() == [4715]
    with pytest.raises(InputError, match=r"row 2, value: 0\.943 of 5001 leaves more than one number.*column numerator"):
        read_long(b"centre,value,denominator\nA,0.943,5001\n", "results.csv")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"centre,value,denominator\nA,94,100\n", "row 2, value: 94 beside a denominator is no share.*Write rates as shares"),
        (
            b"centre,value\nA,40\nB,0.5\n",
            "row 3, value: 0.5 is no number of patients.*columns numerator and denominator.*magnitudes",
        ),
        (b"centre,value\nA,-4\n", "row 2, value: -4 is no number of patients"),
        (b"centre,value,status\nA,4,C\n", "row 2, status: 'C' is no status. Known: empty .shown., c .withheld."),
        (b"centre,value,value\nA,4,5\n", "two columns 'value'"),
        (b"centre,centre,value\nA,B,4\n", "two columns 'centre'"),
    ],
)
def test_what_would_be_read_wrongly_is_refused_with_its_remedy(content, says):
    with pytest.raises(InputError, match=says):
        read_long(content, "t.csv")


def test_tables_of_amounts_are_named_by_the_policy():
    content = b"service,centre,value\ns,A,1200.50\ns,Total,1200.50\n"
    assert read_long(content, "spend.csv").table.kind == "magnitude"
    assert read_long(content, "costs-2024.csv", Policy(magnitudes=("costs-2024",))).table.kind == "magnitude"
    with pytest.raises(InputError, match=r"spend\.csv, row 2, value: 1200\.5 is no number of patients"):
        read_long(content, "spend.csv", Policy(magnitudes=()))


def test_a_mark_beside_the_figure_it_should_hide_is_found():
    content = b"centre,value,status,numerator,denominator\nA,,c,,40\nB,,c,3,40\nC,0.5,c,20,40\nD,0.5,,20,40\n"
    source = read_long(content, "results.csv")
    assert source.told() == [
        {"centre": "B", "quantity": "numerator", "low": 3.0, "high": 3.0, "verdict": "exact"},
        {"centre": "C", "quantity": "value", "low": 0.5, "high": 0.5, "verdict": "exact"},
    ]
    assert read_long(PLAIN, "t.csv").told() == []
