"""What every template may use."""

import html
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import ChainableUndefined

from plenary.web.design.environment import environment, url, with_query


@pytest.fixture(scope="module")
def made():
    return environment()


def test_html_is_escaped_unless_it_says_otherwise(made):
    assert made.from_string("{{ text }}").render(text="<b>") == "&lt;b&gt;"


def test_a_missing_value_reads_as_nothing(made):
    assert made.undefined is ChainableUndefined
    assert made.from_string("{{ a.b.c }}").render() == ""


def test_filters_write_dates_and_numbers(made):
    assert made.from_string("{{ 12345|number }} {{ 1|plural('centre') }}").render() == "12,345 1 centre"


def test_addresses_come_from_their_names():
    assert url("about") == "/about/"


@pytest.mark.parametrize(
    ("address", "changes", "answer"),
    [
        ("/list/?text=a%20b&page=2", {"page": 3}, "/list/?text=a+b&page=3"),
        ("/list/?page=2", {"page": None}, "/list/"),
        ("/list/?kind=a&kind=b", {"page": 2}, "/list/?kind=a&kind=b&page=2"),
    ],
)
def test_an_address_with_some_of_its_query_changed(rf, address, changes, answer):
    assert with_query(rf.get(address), **changes) == answer


words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@given(st.dictionaries(words.filter(bool), st.lists(words, min_size=1, max_size=3), max_size=4), words, st.integers(1, 99))
def test_a_query_with_one_key_changed_keeps_every_other_as_it_was(query, key, page):
    request = RequestFactory().get(f"/list/?{urlencode(query, doseq=True)}")
    changed = parse_qs(urlsplit(with_query(request, page=page)).query, keep_blank_values=True)
    assert changed == {name: values for name, values in query.items() if name != "page"} | {"page": [str(page)]}


@pytest.mark.parametrize("text", ['"><script>alert(1)</script>', "a&b=c#d", "ü/%2f ?", "='; drop table"])
def test_nothing_that_was_typed_breaks_out_of_the_link_to_the_next_page(made, rf, text):
    request = rf.get("/list/", {"text": text})
    shown = made.from_string('<a href="{{ with_query(request, page=2) }}">').render(request=request)
    [href] = re.findall(r'<a href="([^"<>]*)">', shown)
    assert parse_qs(urlsplit(html.unescape(href)).query) == {"text": [text], "page": ["2"]}


@pytest.mark.parametrize("name", sorted(environment().list_templates(filter_func=lambda name: not name.startswith("nhsuk/"))))
def test_every_template_can_be_read(made, name):
    assert made.get_template(name)
