"""What lists and forms of the workspace have in common, tried without any room behind them."""

import csv
import io

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import RequestFactory

from plenary.core.terms import NotFound, NotPossible, Refused
from plenary.web.design.fields import FilterForm
from plenary.web.design.tables import Column, Link
from plenary.web.workspace.pages import LOOK_AGAIN, SIZE, EmptyForm, ReasonForm, attempt, list_page, look_again, posted, tried
from plenary_stats.spec import InputError

pytestmark = pytest.mark.django_db


class Narrow(FilterForm):
    """Narrows by name."""

    name = forms.CharField()


def asked(query="", method="get", **data):
    request = getattr(RequestFactory(), method)(f"/workspace/list/{query}", data)
    request.user = AnonymousUser()
    return request


def listed(rows, query="", **given):
    usual = {
        "title": "Centres",
        "columns": ("Centre", Column("Cases", numeric=True)),
        "rows": rows,
        "file": "centres.csv",
        "as_file": False,
        "section": "Adult ECMO",
        "crumbs": [("My work", "/workspace/")],
        "download": "/workspace/list.csv",
        "empty": ("No centre has sent anything.", "Send a file", "/workspace/upload/"),
    }
    return list_page(asked(query), **{**usual, **given})


def rows(number):
    return [(f"Centre {place:04}", str(place)) for place in range(number)]


# -- lists


def test_an_empty_list_says_what_to_do_next():
    text = listed([]).text
    assert "No centre has sent anything." in text
    assert 'href="/workspace/upload/"' in text


def test_a_list_that_a_filter_emptied_says_that_instead():
    text = listed([], "?name=zzz", filter=Narrow({"name": "zzz"})).text
    assert "Nothing fits this filter." in text


@pytest.mark.parametrize(("number", "pages"), [(1, 1), (SIZE, 1), (SIZE + 1, 2), (3 * SIZE, 3)])
def test_a_long_list_comes_in_pages_and_every_row_stands_on_one_of_them(number, pages):
    seen = [
        f"Centre {place:04}"
        for page in range(1, pages + 1)
        for place in range(number)
        if f"Centre {place:04}<" in text_of(number, page)
    ]
    assert seen == [name for name, _ in rows(number)]


def text_of(number, page):
    return listed(rows(number), f"?page={page}").text


@pytest.mark.parametrize("page", ["0", "-1", "99", "x", "", "1e9"])
def test_a_page_that_is_not_there_shows_one_that_is(page):
    answer = listed(rows(3), f"?page={page}")
    assert answer.status_code == 200
    assert "Centre 0002" in answer.text


def test_the_file_holds_every_row_whatever_page_was_open():
    answer = listed(rows(SIZE + 7), "?page=2", as_file=True)
    found = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert found[0] == ["Centre", "Cases"]
    assert len(found) == SIZE + 8
    assert 'filename="centres.csv"' in answer["Content-Disposition"]


def test_the_file_holds_words_where_the_page_has_links():
    answer = listed([(Link("St Example", "/x/", hidden="of Leeds"), "3")], as_file=True)
    assert answer.content.decode("utf-8-sig").splitlines()[1].startswith('"St Example"') or "St Example" in answer.text


def test_the_link_to_the_file_keeps_what_the_list_was_narrowed_to():
    text = listed(rows(1), "?name=Ada+%26+Co", filter=Narrow({"name": "Ada & Co"})).text
    assert "/workspace/list.csv?name=Ada+%26+Co" in text
    assert 'href="/workspace/list.csv"' in listed(rows(1)).text


@pytest.mark.parametrize("bad", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_of_the_file_is_read_as_a_formula(bad):
    answer = listed([(bad, "3")], as_file=True)
    found = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert len(found) == 2
    assert not found[1][0].startswith(("=", "+", "-", "@", "\t", "\r"))


# -- forms that lead to an action


def test_a_form_that_was_only_asked_for_has_no_errors_and_one_that_was_sent_empty_has():
    assert not ReasonForm(posted(asked())).errors
    assert ReasonForm(posted(asked(method="post"))).errors == {"reason": ["Give the reason"]}


def test_what_was_done_is_handed_back():
    form = EmptyForm({})
    assert attempt(form, lambda: 41 + 1) == 42
    assert not form.errors
    assert tried(form, lambda: None) is True


@pytest.mark.parametrize("problem", [NotPossible("The series is signed off."), InputError("The file is empty.")])
def test_what_stands_in_the_way_is_told_in_the_form(problem):
    def act():
        raise problem

    form = ReasonForm({"reason": "why"})
    assert tried(form, act, field="reason") is False
    assert form.errors == {"reason": [str(problem)]}
    assert form["reason"].value() == "why", "nothing typed is lost"


@pytest.mark.parametrize("problem", [Refused("Not you."), NotFound("No such case."), ValueError("a fault"), KeyError("x")])
def test_a_refusal_or_a_fault_is_never_turned_into_a_friendly_error(problem):
    def act():
        raise problem

    with pytest.raises(type(problem)):
        attempt(EmptyForm({}), act)


def test_unless_the_page_says_that_it_expects_it():
    def act():
        raise Refused("You have voted already.")

    form = EmptyForm({})
    assert attempt(form, act, also=(Refused,)) is None
    assert form.non_field_errors() == ["You have voted already."]


@pytest.mark.parametrize(("reason", "valid"), [("x", True), (" ", False), ("x" * 2000, True), ("x" * 2001, False)])
def test_a_reason_is_some_words_and_not_a_book(reason, valid):
    assert ReasonForm({"reason": reason}).is_valid() is valid


# -- pages of what runs


def test_a_page_of_something_that_runs_is_asked_for_again_unless_it_is_held_still():
    answer = HttpResponse()
    look_again(asked(), answer)
    assert answer["Refresh"] == str(LOOK_AGAIN)
    still = HttpResponse()
    look_again(asked("?still=1"), still)
    assert "Refresh" not in still
