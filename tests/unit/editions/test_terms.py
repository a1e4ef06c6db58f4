import dataclasses

import pytest

from plenary.editions.terms import NARRATIVE, SECTIONS, TABLES
from tests.unit.editions.sample import sample


def test_inputs_cannot_be_changed_once_made():
    with pytest.raises(dataclasses.FrozenInstanceError):
        sample().label = "2026"


def test_an_edition_is_a_draft_unless_it_says_otherwise():
    assert sample().draft is True


def test_the_sections_are_those_of_the_annual_report_in_its_order():
    assert SECTIONS[:6] == ("Description", "Expert centres", "Expenditure", "Activity", "Outcomes", "Equity of access")
    assert set(NARRATIVE) <= set(SECTIONS)


def test_the_tables_are_the_data_files():
    assert TABLES == ("activity", "outcomes", "access", "spend", "completeness", "curves")
