"""The macros: what they write for a field, a table, a list without rows."""

import re

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import engines

from plenary.web.design.fields import FilterForm, SplitDateField
from plenary.web.design.tables import Button, Column, Link, Several, Tag, table


class Case(forms.Form):
    name = forms.CharField(label="Name", help_text="As in the notes")
    age = forms.IntegerField(label="Age", required=False)
    born = SplitDateField(label="Date of birth")
    sex = forms.ChoiceField(label="Sex", choices=[("f", "Female"), ("m", "Male")], widget=forms.RadioSelect)
    centre = forms.ChoiceField(label="Centre", choices=[("", "Choose"), ("RJ1", "London"), ("RM2", "Leeds")])
    organs = forms.MultipleChoiceField(
        label="Organs", choices=[("l", "Liver"), ("k", "Kidney")], widget=forms.CheckboxSelectMultiple
    )
    agreed = forms.BooleanField(label="Agreed")
    notes = forms.CharField(label="Notes", widget=forms.Textarea)
    file = forms.FileField(label="File")


class Narrow(FilterForm):
    text = forms.CharField(label="Search")


@pytest.fixture
def write(rf):
    """Write a piece of template that may use every macro."""
    jinja = engines["jinja2"]
    head = '{% import "plenary/forms.jinja" as forms with context %}{% import "plenary/parts.jinja" as parts with context %}'

    def make(source: str, address: str = "/", **context) -> str:
        request = rf.get(address)
        return " ".join(jinja.from_string(head + source).render({"request": request, **context}).split())

    return make


def test_a_text_field_ties_label_and_hint_to_its_input(write):
    html = write("{{ forms.any(form['name']) }}", form=Case())
    assert '<label class="nhsuk-label" for="id_name">Name</label>' in html
    assert '<div class="nhsuk-hint" id="id_name-hint">As in the notes</div>' in html
    assert 'aria-describedby="id_name-hint"' in html


def test_an_error_is_tied_to_its_input_and_what_was_typed_stays(write):
    form = Case({"name": "<b>", "age": "old"})
    html = write("{{ forms.number(form['age']) }}", form=form)
    assert 'value="old"' in html
    assert 'aria-describedby="id_age-error"' in html
    assert "Error: </span>Enter a whole number." in html
    assert "&lt;b&gt;" in write("{{ forms.text(form['name']) }}", form=form)


def test_a_field_that_may_stay_empty_says_so_unless_it_filters(write):
    assert "Age (optional)" in write("{{ forms.any(form['age']) }}", form=Case())
    assert "(optional)" not in write("{{ forms.any(form['text']) }}", form=Narrow())


def test_a_password_is_never_written_back(write):
    html = write("{{ forms.text(form['name'], type='password') }}", form=Case({"name": "open sesame"}))
    assert "open sesame" not in html


def test_a_date_has_three_labelled_boxes(write):
    html = write("{{ forms.any(form['born']) }}", form=Case({"born_day": "31", "born_month": "2", "born_year": "2026"}))
    for part, value in (("day", "31"), ("month", "2"), ("year", "2026")):
        assert re.search(rf'<label[^>]*for="id_born_{part}">{part.capitalize()}</label>', html)
        assert re.search(rf'id="id_born_{part}" name="born_{part}"[^>]*value="{value}"', html)
    assert "must be a real date" in html


def test_choices_keep_what_was_chosen(write):
    form = Case({"sex": "m", "centre": "RM2", "organs": ["k"], "agreed": "on"})
    assert re.search(r'type="radio" value="m" checked', write("{{ forms.any(form['sex']) }}", form=form))
    assert '<option value="RM2" selected>Leeds</option>' in write("{{ forms.any(form['centre']) }}", form=form)
    organs = write("{{ forms.any(form['organs']) }}", form=form)
    assert re.search(r'value="k" checked', organs)
    assert not re.search(r'value="l" checked', organs)
    assert " checked" in write("{{ forms.any(form['agreed']) }}", form=form)


def test_choices_stand_under_a_legend(write):
    html = write("{{ forms.any(form['sex']) }}", form=Case())
    assert re.search(r"<fieldset[^>]*> <legend[^>]*>Sex</legend>", html)


def test_a_text_of_several_lines_and_a_file(write):
    assert "first\nsecond" in engines["jinja2"].from_string(
        '{% from "plenary/forms.jinja" import any %}{{ any(form["notes"]) }}'
    ).render({"form": Case({"notes": "first\nsecond"})})
    assert 'type="file"' in write("{{ forms.any(form['file']) }}", form=Case())


def test_the_summary_takes_focus_by_itself_and_leads_to_each_field(write):
    html = write("{{ forms.error_summary(form) }}", form=Case({}))
    assert 'tabindex="-1" autofocus' in html
    for first in ("id_name", "id_born_day", "id_sex_0", "id_centre", "id_organs_0", "id_agreed", "id_notes", "id_file"):
        assert f'href="#{first}"' in html
    assert 'href="#id_age"' not in html


def test_every_link_of_the_summary_leads_to_an_input_on_the_page(write):
    form = Case({})
    html = write("{{ forms.error_summary(form) }}{% for f in form %}{{ forms.any(f) }}{% endfor %}", form=form)
    for target in re.findall(r'href="#([^"]+)"', html):
        assert f'id="{target}"' in html


def test_a_table_names_its_columns_and_rows(write):
    made = table("Centres", ("Centre", Column("Cases", numeric=True)), [(Link("Leeds", "/leeds/", "centre"), "12")])
    html = write("{{ parts.data_table(made) }}", made=made)
    assert "<caption" in html
    assert '<th scope="col" role="columnheader">Centre</th>' in html
    assert '<th scope="row" role="rowheader"' in html
    assert '<a href="/leeds/">Leeds<span class="nhsuk-u-visually-hidden"> centre</span></a>' in html
    assert "nhsuk-table__cell--numeric" in html


def test_cells_are_escaped(write):
    made = table("<i>", ("Centre",), [("<script>alert(1)</script>",), (Several((Tag("<b>", "red"), "x")),)])
    html = write("{{ parts.data_table(made) }}", made=made)
    assert "<script>" not in html
    assert "<b>" not in html
    assert "&lt;i&gt;" in html


def test_an_empty_list_says_what_to_do_next(write):
    html = write("{{ parts.empty('No submission yet.', 'Send the first file', '/send/') }}")
    assert html == '<div class="plenary-empty"><p>No submission yet.</p><p><a href="/send/">Send the first file</a></p></div>'


def test_pages_keep_the_filter(write):
    page = Paginator(range(95), 10).page(3)
    html = write("{{ parts.pages(page, request) }}", "/services/?text=liver&page=3", page=page)
    assert 'href="/services/?text=liver&amp;page=2"' in html
    assert 'aria-current="page"' in html
    assert "⋯" in html


def test_one_page_needs_no_pages(write):
    assert write("{{ parts.pages(page, request) }}", page=Paginator(range(3), 10).page(1)) == ""


def test_facts_leave_out_what_is_not_known(write):
    html = write("{{ parts.facts([('Category', 'cancer'), ('Note', ''), ('Age', none)]) }}")
    assert html.count("<dt") == 1


def test_a_filter_offers_to_clear_what_is_set(write):
    source = "{{ forms.filters(form, '/services/', '/services/') }}"
    assert "Clear the filter" in write(source, form=Narrow({"text": "liver"}))
    assert "Clear the filter" not in write(source, form=Narrow({}))


def test_a_button_in_a_cell_is_sent_by_post_with_its_token(write):
    made = table("To do", ("What", "Tick off"), [("Sign off", Button("Done", "/done/1/", hidden="Sign off"))])
    html = write("{{ parts.data_table(table) }}", table=made, csrf_input="TOKEN")
    assert '<form method="post" action="/done/1/">TOKEN<button' in html
    assert 'Done<span class="nhsuk-u-visually-hidden"> Sign off</span></button>' in html
