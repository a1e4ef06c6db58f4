"""The one way to answer with a page: title, crumbs, status, and words that are escaped."""

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from plenary.web.design.pages import render_page

pytestmark = pytest.mark.django_db


class Name(forms.Form):
    """One field."""

    name = forms.CharField(error_messages={"required": "Enter a name"})


def page(**given):
    request = RequestFactory().get("/workspace/")
    request.user = AnonymousUser()
    template = given.pop("template", "workspace/form.jinja")
    return render_page(request, template, **{"title": "Change a name", "submit": "Save", "form": Name(), **given})


def test_the_title_reads_page_section_product():
    assert "<title>Change a name – Plenary</title>" in page().text
    assert "<title>Change a name – Adult ECMO – Plenary</title>" in page(section="Adult ECMO").text


def test_a_form_with_errors_says_so_first():
    sent = page(form=Name({"name": ""}))
    assert "<title>Error: Change a name – Plenary</title>" in sent.text
    assert "Enter a name" in sent.text
    assert "<title>Error" not in page(form=Name({"name": "Ada"})).text


def test_the_way_up_stands_in_order():
    text = page(crumbs=(("My work", "/workspace/"), ("Collection", "/workspace/collection/"))).text
    assert 0 < text.index('href="/workspace/"') < text.index('href="/workspace/collection/"')


@pytest.mark.parametrize("status", [200, 403, 404, 500])
def test_the_status_is_the_one_that_was_asked_for(status):
    assert page(status=status).status_code == status


def test_whatever_is_named_after_people_is_escaped_everywhere():
    bad = "<img src=x onerror=alert(1)>"
    text = page(title=bad, section=bad, crumbs=((bad, "/x/"),), intro=[bad]).text
    assert "<img src=x" not in text
    assert text.count("&lt;img src=x") >= 4


def test_a_template_that_is_not_there_is_a_fault_not_an_empty_page():
    with pytest.raises(Exception, match="no-such"):
        page(template="no-such.jinja")
