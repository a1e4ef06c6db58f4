import datetime as dt

import pytest

from plenary_stats.disclosure import Policy, audit, read_policy
from plenary_stats.disclosure.policy import as_plain, policy_of
from plenary_stats.errors import InputError
from plenary_stats.register import codes, entry_of, read_register
from tests.unit.plenary_stats.disclosure import known

HEADER = "service,centre,period,quantity,value,source,date,url,note\n"
REGISTER = HEADER + (
    'ecmo,A,2023,,12,"Annual report of the network, page 4",2024-05-31,https://example.org/report,\n'
    "ecmo,B,2023,denominator,9,A journal,2024,,of the first year\n"
    "ecmo,,2023,amount,1250.5,Accounts of the trust,2024-03,,\n"
)


def test_a_register_is_read_row_by_row():
    first, second, third = read_register(REGISTER.encode("utf-8-sig"), "public.csv")
    assert first == {
        "service": "ecmo",
        "centre": "A",
        "period": "2023",
        "value": 12,
        "source": "Annual report of the network, page 4",
        "date": "2024-05-31",
        "url": "https://example.org/report",
    }
    assert codes(first) == {"service": "ecmo", "centre": "A", "period": "2023"}
    assert (second["quantity"], second["value"], second["note"]) == ("denominator", 9, "of the first year")
    assert (third["value"], codes(third)) == (1250.5, {"service": "ecmo", "period": "2023"})


def test_a_register_without_rows_is_empty():
    assert read_register(HEADER.encode(), "public.csv") == ()
    assert read_register(b"", "public.csv") == ()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xfe\x00", r"public\.csv is not a CSV file in UTF-8"),
        ("service,value\ns,1\n", r"no column source and no column date"),
        ("value,source,date\n1,x,2024\n", r"no column of a dimension"),
        (HEADER + "s,A,2023,,12,,2024,,\n", r"row 2, source: say who"),
        (HEADER + "s,A,2023,,12,x,last year,,\n", r"row 2, date: 'last year' is no date such as"),
        (
            HEADER + "s,A,2023,,12,x,2024,,\ns,B,2023,,about 12,x,2024,,\n",
            r"row 3, value: 'about 12' is no number.*only about so many",
        ),
        (HEADER + "s,A,2023,,,x,2024,,\n", r"row 2, value: '' is no number"),
        (HEADER + "s,A,2023,,-3,x,2024,,\n", r"row 2: the value '-3' is no number of at least nought"),
        (HEADER + "s,A,2023,,inf,x,2024,,\n", r"row 2: the value 'inf'"),
        (HEADER + "s,A,2023,,nan,x,2024,,\n", r"row 2: the value 'nan'"),
        (
            HEADER + "s,A,2023,,0.94,x,2024,,\n",
            r"row 2: the value 0\.94 is no whole number of patients\. Enter counts alone, not rates",
        ),
        (HEADER + "s,A,2023,beds,12,x,2024,,\n", r"row 2: 'beds' is no quantity\. Known: patients, denominator"),
        (HEADER + "s,A,2023,,12\n", r"row 2 has more or fewer cells"),
        (HEADER + "s,A,2023,,12,x,2024,,,more\n", r"row 2 has more or fewer cells"),
        (
            HEADER + "s,A,2023,,12,x,2024,,\ns,A,2023,,13,y,2025,,\n",
            r"rows 2 and 3: 12 and 13 are given for one figure \(s A 2023\)",
        ),
        (HEADER + "s,A,2023,,12,x,2024,,\ns,A,2023,patients,13,y,2025,,\n", r"rows 2 and 3"),
    ],
)
def test_what_is_wrong_is_named_by_file_row_and_column(content, says):
    with pytest.raises(InputError, match=says):
        read_register(content if isinstance(content, bytes) else content.encode(), "public.csv")


def test_two_sources_may_give_one_figure_and_two_quantities_one_place():
    rows = "s,A,2023,,12,x,2024,,\ns,A,2023,,12,y,2025,,\ns,A,2023,denominator,11,y,2025,,\n"
    assert [entry["value"] for entry in read_register((HEADER + rows).encode(), "public.csv")] == [12, 12, 11]


def test_an_entry_of_a_policy_keeps_its_date_as_text():
    assert entry_of({"centre": "A", "value": 3, "date": dt.date(2024, 5, 31)}, "Entry 1")["date"] == "2024-05-31"
    assert codes(entry_of({"period": 2024, "value": 3}, "Entry 1")) == {"period": "2024"}


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("A", "Entry 4 is a table"),
        ({"centre": "A"}, "Entry 4 has no 'value'"),
        ({"centre": "A", "value": "12"}, "the value '12' is no number"),
        ({"centre": "A", "value": True}, "the value 'True' is no number"),
        ({"centre": ["A"], "value": 12}, "Entry 4, centre: .* is no text"),
        ({"centre": True, "value": 12}, "Entry 4, centre: 'True' is no text"),
    ],
)
def test_a_wrong_entry_is_refused(raw, says):
    with pytest.raises(InputError, match=says):
        entry_of(raw, "Entry 4")


def test_a_policy_names_its_register_and_the_attack_uses_it():
    """Behind the total alone a centre's 12 is any of 0 to 40; with the other centre's 28 in a journal it is 12."""
    rows = [{"centre": "A", "value": None}, {"centre": "B", "value": None}, {"centre": "Total", "value": 40}]
    table = known.table(rows, ("centre",))
    assert audit([table], read_policy("")).clean
    files = {"public.csv": b"centre,value,source,date\nB,28,A journal,2024\n"}
    policy = read_policy('already_public = "public.csv"', files.__getitem__)
    found = {row["centre"]: row for row in audit([table], policy).rows()}
    assert (found["A"]["low"], found["A"]["high"], found["A"]["verdict"]) == (12, 12, "exact")
    assert found["B"]["verdict"] == "public"
    assert policy_of(as_plain(policy)) == policy
    assert isinstance(policy, Policy)
