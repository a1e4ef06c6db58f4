"""What every template may use."""

import pytest
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


@pytest.mark.parametrize("name", sorted(environment().list_templates(filter_func=lambda name: not name.startswith("nhsuk/"))))
def test_every_template_can_be_read(made, name):
    assert made.get_template(name)
