"""Documents: what is asked for is read, what is misspelt is refused by name."""

from datetime import date

import pytest

from plenary_episodes.documents import Entries, read
from plenary_stats.errors import InputError


def entries(**table):
    return Entries(table, "here")


def test_a_document_is_read(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text('name = "é"', encoding="utf-8")
    assert read(path) == {"name": "é"}


@pytest.mark.parametrize("content", [b"name =", b"\xff\xfe", None])
def test_what_is_no_document_is_refused_by_name(tmp_path, content):
    path = tmp_path / "bad.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"bad\.toml is not a TOML document"):
        read(path)


def test_each_kind_is_read():
    found = entries(text="a", whole=3, number=2, truth=True, day=date(2026, 4, 1), texts=["a", "b"], tables=[{}])
    assert (found.text("text"), found.whole("whole"), found.number("number")) == ("a", 3, 2.0)
    assert found.truth("truth", default=False) is True
    assert found.day("day") == date(2026, 4, 1)
    assert found.texts("texts") == ("a", "b")
    assert found.tables("tables") == [{}]
    found.finish()


def test_what_is_not_there_has_its_default():
    found = entries()
    assert (found.text("a", "x"), found.whole("a", 7), found.number("a", 0.5)) == ("x", 7, 0.5)
    assert (found.truth("a", default=True), found.day("a"), found.texts("a"), found.tables("a")) == (True, None, (), [])


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("text", 3, "a text"), ("text", None, "a text"), ("whole", "3", "a whole number"), ("whole", 1.5, "a whole number"),
        ("whole", True, "a whole number"), ("number", "1", "a number"), ("number", False, "a number"), ("day", "2026-04-01", "a date"),
        ("texts", "C69", "a list of texts"), ("texts", ["", "a"], "a list of texts"), ("texts", [1], "a list of texts"),
        ("tables", {"a": 1}, r"\[\[it\]\]"),
    ],
)  # fmt: skip
def test_another_kind_is_refused(kind, value, said):
    with pytest.raises(InputError, match=f"here.*'it' must be.*{said}"):
        getattr(entries(it=value), kind)("it")


def test_truth_is_true_or_false():
    with pytest.raises(InputError, match="true or false"):
        entries(it="yes").truth("it", default=False)


def test_what_nobody_asked_for_is_refused_by_name():
    found = entries(name="a", exlude=1, incldue=2)
    found.text("name")
    with pytest.raises(InputError, match="here does not know exlude, incldue"):
        found.finish()
    found.drop(["exlude", "incldue", "absent"])
    found.finish()


def test_only_a_table_has_entries():
    with pytest.raises(InputError, match="here must be a table"):
        Entries(["a"], "here")
