"""Columns cut out of bytes: the csv module is the judge of what stands in every cell."""

import csv
import io
import time

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from plenary_stats.ingest.cells import MANY, Cells, cut, widened


def judged(text, separator=","):
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    while rows and not rows[-1]:
        rows.pop()
    return rows


def test_cells_of_texts():
    cells = Cells.of(["b", "a", "b", ""])
    assert list(cells) == ["b", "a", "b", ""]
    assert cells.texts == ["b", "a", ""]
    assert cells.places.tolist() == [0, 1, 0, 2]
    assert (len(cells), cells[2], cells[-1], cells[1:3]) == (4, "b", "", ["a", "b"])
    assert list(cells.changed(["x", "y", "z"])) == ["x", "y", "x", "z"]
    assert not cells.empty()
    assert Cells.of(["", " "]).empty()


def test_texts_are_offered_as_bytes_where_nothing_is_lost():
    assert Cells.of(["a", "", "b c"]).plain.tolist() == [b"a", b"", b"b c"]
    for texts in (["é"], [" a"], ["a\0"], ["x" * 65], []):
        assert Cells.of(texts).plain is None


@given(st.lists(st.text(st.characters(min_codepoint=1, max_codepoint=127), max_size=9), min_size=1))
def test_ascii_texts_are_widened_as_numpy_does_it(texts):
    plain = np.array(texts, dtype=np.bytes_)
    assert widened(plain).tolist() == plain.astype(np.str_).tolist()
    assert widened(plain).dtype == plain.astype(np.str_).dtype


@given(st.lists(st.lists(st.sampled_from(["", "a", "12345678", "123456789", "x" * 17]), min_size=2, max_size=2), min_size=1))
def test_a_column_is_empty_only_where_no_row_has_a_value(rows):
    _, columns, present = cut("\n".join(["a,b", *(",".join(row) for row in rows)]).encode(), ",")
    kept = [row for row in rows if any(row)]
    assert present.tolist()[: len(rows)] == [any(row) for row in rows][: len(present)]
    assert [column.empty() for column in columns] == [not any(row[place] for row in kept) for place in (0, 1)]


def test_a_plain_file_is_cut():
    headings, columns, present = cut(b"a, b\r\n1,x\r\n2,\r\n1,long text of many letters\r\n", ",")
    assert headings == ["a", "b"]
    assert [list(column) for column in columns] == [["1", "2", "1"], ["x", "", "long text of many letters"]]
    assert present.tolist() == [True] * 3


@pytest.mark.parametrize("rows", [1, MANY - 1, MANY, MANY + 1])
@pytest.mark.parametrize("texts", [["a"], ["", "b"], ["1", "22", "é"]])
def test_short_texts_are_grouped_alike_in_few_rows_and_in_many(rows, texts):
    wanted = [texts[row % len(texts)] for row in range(rows)]
    _, [_, column], _ = cut(("x,y\n" + "".join(f"1,{text}\n" for text in wanted)).encode(), ",")
    assert list(column) == wanted


def test_a_file_as_wide_as_a_spreadsheet_is_cut_in_moments():
    """Each column of short texts had a place for all 65,536 of them: a file of 60 kB took a quarter of a minute."""
    content = (",".join(["x"] * 16_384) + "\n" + ",".join(["1"] * 16_384) + "\n").encode()
    start = time.process_time()
    _, columns, _ = cut(content, ",")
    assert len(columns) == 16_384
    assert time.process_time() - start < 8


def test_rows_without_anything_are_marked():
    _, columns, present = cut(b"a,b\n1,x\n,\n2,y\n,\n", ",")
    assert present.tolist() == [True, False, True, False]
    assert list(columns[0]) == ["1", "2"]


def test_what_is_not_plain_is_left_to_the_csv_module():
    for content in (b'a,b\n"1",2\n', b"a,b\n1\n", b"a,b\n1,2,3\n", b"a\rb\n", b"a,b\n1,2\r3\n", b"a,b\n\n1,2\n"):
        assert cut(content, ",") is None


def test_plain_bytes_are_offered_only_for_clean_ascii():
    _, columns, _ = cut("a,b,c\n1,é, x\n2,y,y \n".encode(), ",")
    assert columns[0].plain.tolist() == [b"1", b"2"]
    assert columns[1].plain is None
    assert columns[2].plain is None
    assert list(columns[1]) == ["é", "y"]


def test_long_cells():
    text = "x" * 300
    _, columns, _ = cut(f"a\n{text}\n{text}\ny\n".encode(), ",")
    assert columns[0].texts == [text, "y"]


def test_many_rows_that_repeat_and_many_that_do_not():
    codes = [f"R{number % 40:02d}" for number in range(20_000)]
    names = [f"case-number-{number}" for number in range(20_000)]
    content = "a,b\n" + "\n".join(f"{code},{name}" for code, name in zip(codes, names, strict=True))
    _, columns, _ = cut(content.encode(), ",")
    assert list(columns[0]) == codes
    assert len(columns[0].texts) == 40
    assert list(columns[1]) == names


cell = st.text(alphabet="ab 1/é.\t", max_size=20)


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(cell, min_size=width, max_size=width), min_size=2, max_size=8)),
    st.booleans(),
)
@example([["a"], [""]], False)
@example([["a", "b"], ["", ""], ["x", ""]], True)
def test_the_csv_module_agrees(rows, windows):
    text = ("\r\n" if windows else "\n").join(",".join(row) for row in rows)
    parts = cut(text.encode(), ",") if text.strip("\r\n") else None
    if parts is None:
        return
    headings, columns, present = parts
    expected = judged(text)
    assert headings == [cell.strip() for cell in expected[0] or [""]]  # an empty line is one empty cell
    body = [row for row in expected[1:] if any(row)]
    assert [list(column) for column in columns] == [list(column) for column in zip(*body, strict=True)] or not body
    assert present.sum() == len(body)


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=120))
def test_any_bytes_are_cut_or_left(content):
    try:
        content.decode()
    except UnicodeDecodeError:
        return
    if not content.strip(b"\r\n"):
        return
    parts = cut(content, ",")
    if parts is not None:
        assert len({len(column) for column in parts[1]} | {int(np.sum(parts[2]))}) == 1
