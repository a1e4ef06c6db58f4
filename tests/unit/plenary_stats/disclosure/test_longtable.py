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
        (b"centre,value\nA,4\nB,5,6\n", "more or fewer cells"),
        (b"centre,value\nA,4\nB\n", "more or fewer cells"),
        (b"centre,value\n\xff,4\n", "UTF-8"),
    ],
)
def test_an_unreadable_table_is_refused_with_its_place(content, says):
    with pytest.raises(InputError, match=says):
        read_long(content, "t.csv")


def test_what_is_written_is_what_stood_there_without_the_withheld_figures():
    source = read_long(
        b"centre,region,colour,value\nA,N,red,12\nA,S,blue,40.0\nA,E,red,77\nA,Total,red,129\n",
        "t.csv",
        Policy(dimensions=("centre", "region")),
    )
    made = protect([source.table], Policy(dimensions=("centre", "region"))).tables[0]
    assert (
        write_long(source, made) == b"centre,region,colour,value,status\nA,E,red,77,\nA,N,red,,c\nA,S,blue,,c\nA,Total,red,129,\n"
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


@pytest.mark.parametrize("content", [b"", b"\n", b"centre,value\n", b"centre\nA\n"])
def test_a_file_without_rows_or_without_values_is_no_table_of_figures(content):
    assert read_long(content, "t.csv") is None


def test_two_columns_of_one_name_do_no_harm_where_there_are_no_figures():
    assert read_long(b"child,child\nA,B\n", "hier.csv") is None


def test_every_status_is_read_as_it_stands_and_written_back():
    content = b"centre,value,status\nA,,c\nB,,x\nC,,z\nD,,low\nE,40,\n"
    source = read_long(content, "t.csv")
    assert source.table["status"].tolist() == ["c", "x", "z", "low", ""]
    written = write_long(source, protect([source.table], Policy()).tables[0]).decode().splitlines()
    assert written[0] == "centre,value,status"
    assert written[2:] == ["B,,x", "C,,z", "D,,low", "E,40,"]


@pytest.mark.parametrize("written", ["inf", "-inf", "1e999", "NaN", "1,000", "4 patients"])
def test_what_is_no_finite_number_is_refused_in_whatever_column_it_stands(written):
    for column in ("value", "denominator", "lower"):
        content = "centre,value,numerator,denominator,lower\nA,0.5,20,40,0.4\nB,0.5,20,40,0.4\n".splitlines()
        cells = content[2].split(",")
        cells[content[0].split(",").index(column)] = f'"{written}"'
        with pytest.raises(InputError, match=f"t.csv, row 3, {column}: '.*' is not a number"):
            read_long("\n".join([*content[:2], ",".join(cells)]).encode(), "t.csv")


def test_blanks_are_no_figures_and_a_mark_at_the_beginning_is_no_name():
    source = read_long(b"\xef\xbb\xbfcentre,value\nA,  \nB, 40 \n", "t.csv")
    assert source.table.dimensions == ("centre",)
    assert source.table["status"].tolist() == ["c", ""]
    assert source.table["value"].tolist()[1] == 40


@pytest.mark.parametrize(
    ("value", "good"), [("0", True), ("40", True), ("40.0", True), ("-1", False), ("0.5", False), ("39.999", False)]
)
def test_patients_are_whole_and_not_negative_in_a_table_of_counts(value, good):
    content = f"centre,value\nA,30\nB,{value}\n".encode()
    if good:
        assert read_long(content, "t.csv").table["value"].tolist() == [30, float(value)]
    else:
        with pytest.raises(InputError, match=f"t.csv, row 3, value: {float(value):g} is no number of patients"):
            read_long(content, "t.csv")


@pytest.mark.parametrize(("value", "numerator"), [("0", 0), ("1", 30), ("0.5", 15), ("", None)])
def test_a_share_of_its_denominator_is_from_none_to_all(value, numerator):
    [found] = read_long(f"centre,value,denominator\nA,{value},30\n".encode(), "t.csv").table["numerator"].tolist()
    assert found == numerator or (numerator is None and found != found)


@pytest.mark.parametrize("value", ["-0.1", "1.1", "50"])
def test_what_is_no_share_of_its_denominator_is_refused(value):
    with pytest.raises(InputError, match=f"row 2, value: {value} beside a denominator is no share between 0 and 1"):
        read_long(f"centre,value,denominator\nA,{value},30\n".encode(), "t.csv")


def test_a_share_with_too_few_places_is_refused_unless_it_falls_on_a_whole_number():
    """0.3 of 5 may be 0.25 to 0.35: only one or two. Of 20 it may be 5 to 7, but 6 of 20 is just that."""
    assert read_long(b"centre,value,denominator\nA,0.3,20\n", "t.csv").table["numerator"].tolist() == [6]
    assert read_long(b"centre,value,denominator\nA,0.33,40\n", "t.csv").table["numerator"].tolist() == [13]
    with pytest.raises(InputError, match="leaves more than one number of patients"):
        read_long(b"centre,value,denominator\nA,0.33,110\n", "t.csv")


def test_a_rate_with_its_numerator_is_taken_as_it_stands():
    table = read_long(b"centre,value,numerator,denominator\nA,0.9,20,30\n", "t.csv").table
    assert (table["numerator"].tolist(), table["value"].tolist()) == ([20], [0.9])


@pytest.mark.parametrize(
    ("name", "header", "policy", "kind"),
    [
        ("activity", "centre,value,denominator", Policy(), "count"),
        ("activity", "centre,value", Policy(magnitudes=("activity",)), "magnitude"),
        ("outcomes", "centre,value", Policy(), "count"),
        ("completeness", "centre,value,denominator", Policy(), "rate"),
        ("access", "centre,value,numerator,denominator", Policy(), "exposure"),
    ],
)
def test_what_a_file_holds_is_told_by_its_name_and_its_columns(name, header, policy, kind):
    cells = {"centre": "A", "value": "1", "numerator": "40", "denominator": "40"}
    line = ",".join(cells[each] for each in header.split(","))
    assert read_long(f"{header}\n{line}\n".encode(), f"folder/{name}.csv", policy).table.kind == kind


def test_words_are_no_dimensions_and_figures_are_numbers():
    content = b"edition,centre,sex,value,status,numerator,denominator,lower,upper,method,note,not_eligible,not_known\n"
    table = read_long(content + b"2025,A,F,0.5,,20,40,0.4,0.6,Wilson,fine,3,\n", "outcomes.csv").table
    assert table.dimensions == ("centre", "sex")
    assert (table["not_eligible"].tolist(), table["upper"].tolist()) == ([3], [0.6])
    assert table["not_known"].tolist() != table["not_known"].tolist(), "not a number: left out"


def test_every_figure_is_written_anew_where_the_policy_rounds():
    """What kept its text was a multiple before: 50.0 was 50 patients, and no 46 to 54."""
    policy = Policy(rounding=5, minimum_width=4)
    source = read_long(b"centre,value\nA,41\nB,50.0\nC,0.0\nTotal,91\n", "t.csv", policy)
    made = protect([source.table], policy).tables[0]
    assert write_long(source, made, policy).decode().splitlines()[1:] == ["A,40,", "B,50,", "C,0,", "Total,90,"]
    exact = read_long(b"centre,value\nA,40.0\nB,50.0\nTotal,90.0\n", "t.csv", policy)
    made = protect([exact.table], policy).tables[0]
    assert b".0" not in write_long(exact, made, policy), "also where no figure of the column changed"


def test_a_rate_is_written_anew_where_the_policy_gives_its_places():
    source = read_long(b"centre,value,numerator,denominator\nA,0.500,60,120.0\nB,0.3333,40,120\n", "t.csv")
    made = protect([source.table], Policy(precision=2)).tables[0]
    assert write_long(source, made, Policy(precision=2)).decode().splitlines()[1:] == ["A,0.5,60,120,", "B,0.33,40,120,"]
    made = protect([source.table], Policy()).tables[0]
    assert write_long(source, made, Policy()).decode().splitlines()[1:] == ["A,0.500,60,120.0,", "B,0.3333,40,120,"]


def test_a_rate_that_the_policy_rounds_is_written_with_its_places():
    source = read_long(b"centre,value,numerator,denominator\nA,0.3333333,40,120\n", "t.csv", Policy(precision=2))
    made = protect([source.table], Policy(precision=2)).tables[0]
    assert write_long(source, made).decode().splitlines()[1] == "A,0.33,40,120,"


@pytest.mark.parametrize("column", ["value", "numerator", "lower", "upper", "met", "not_met"])
def test_no_figure_may_stand_in_a_row_that_is_marked_as_withheld(column):
    """Whatever the column: the first that holds something is told, with its row's place."""
    header = ["centre", "status", "denominator", "value", "numerator", "lower", "upper", "met", "not_met"]
    line = {"centre": "A", "status": "c", "denominator": "40", column: "7" if column != "value" else "0.5"}
    content = ",".join(header) + "\n" + ",".join(line.get(name, "") for name in header) + "\n"
    [told] = read_long(content.encode(), "outcomes.csv").told()
    assert (told["centre"], told["quantity"], told["verdict"]) == ("A", column, "exact")
    assert told["low"] == told["high"] == float(line[column])


PERCENT = b"centre,value,percent\nA,12,8.0\nB,38,25.3\nC,100,66.7\nTotal,150,100\n"


@pytest.mark.parametrize("policy", [Policy(), Policy(dimensions=("centre",))])
def test_a_column_after_the_value_that_nobody_knows_is_refused_with_its_remedy(policy):
    """8 % of 150 is 12: taken for a dimension it was printed beside the number that it gives away."""
    with pytest.raises(InputError, match=r"t\.csv, column percent: it stands after value.*leave the column out.*before value"):
        read_long(PERCENT, "t.csv", policy)


def test_a_dimension_after_the_value_is_one_where_the_policy_names_it():
    policy = Policy(dimensions=("centre", "region"))
    table = read_long(b"centre,value,region\nA,40,N\nA,60,Total\n", "t.csv", policy).table
    assert table.dimensions == ("centre", "region")


def test_what_an_edition_prints_after_the_value_is_known():
    """Its comparisons with case mix are figures: they go with the row, and no withheld row may hold them."""
    head = b"edition,centre,measure,value,status,numerator,denominator,lower,upper,method,note,not_eligible,not_known,"
    head += b"not_eligible_status,not_known_status,observed,expected,ratio,ratio_lower,ratio_upper\n"
    content = head + b"1,A,m,0.1,,2,20,0.0,0.3,w,,4,40,,,2,3.14,0.64,0.1,2.0\n1,B,m,,c,,40,,,w,,,,,,5,,,,\n"
    source = read_long(content, "outcomes.csv")
    assert source.table.dimensions == ("centre", "measure")
    assert [(cell["centre"], cell["quantity"], cell["low"]) for cell in source.told()] == [("B", "observed", 5.0)]
    made = write_long(source, protect([source.table], Policy()).tables[0]).decode().splitlines()
    line = dict(zip(made[0].split(","), made[1].split(","), strict=True))
    assert [line[name] for name in ("value", "observed", "expected", "ratio", "ratio_lower")] == [""] * 5
    assert (line["not_eligible"], line["not_eligible_status"]) == ("", "c")


def test_rows_leave_in_the_order_of_their_codes_whatever_order_they_came_in():
    """Sorted by value, C and D, withheld, would lie between 0 and 30 in that order, and their sum of 54 would make C 27 or more."""
    rows = ["Total,184,184", "A,100,100", "B,30,30", "D,29,29", "C,25,25"]
    written = set()
    for given in (rows, rows[::-1], sorted(rows)):
        source = read_long("\n".join(["centre,value,numerator", *given]).encode(), "t.csv")
        assert source.table["value"].tolist() == [100, 30, 25, 29, 184]
        written.add(write_long(source, protect([source.table], Policy()).tables[0]))
    assert written == {b"centre,value,numerator,status\nA,100,100,\nB,30,30,\nC,,,c\nD,,,c\nTotal,184,184,\n"}


def test_the_order_goes_column_by_column_and_errors_still_name_the_row_of_the_file():
    source = read_long(b"centre,sex,value\nTotal,F,90\nB,Total,80\nB,F,40\nA,F,50\nB,M,40\n", "t.csv")
    assert source.table["value"].tolist() == [50, 40, 40, 80, 90]
    assert [row["sex"] for row in source.rows] == ["F", "F", "M", "Total", "F"]
    with pytest.raises(InputError, match=r"row 2, value"):
        read_long(b"centre,value\nB,0.5\nA,3\n", "t.csv")
