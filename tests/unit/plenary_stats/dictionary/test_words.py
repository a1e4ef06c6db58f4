"""Logic as a person would say it."""

import pytest

from plenary_stats.dictionary.document import Dictionary, entry
from plenary_stats.dictionary.words import in_words

DATA = Dictionary(
    (
        entry(name="status", type="radio", label="Status", choices="1, Alive | 2, <b>Dead</b>"),
        entry(name="organ", type="checkbox", label="Organs", choices="1, Kidney | K, Liver"),
        entry(name="smoker", type="yesno", label="Smokes"),
        entry(name="age", type="text", label="Age, years", validation="integer"),
        entry(name="born", type="text", label="Born", validation="date_dmy"),
        entry(name="broken", type="radio", label="Broken", choices="1"),
    )
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[status] = '2'", "“Status” is “Dead”"),
        ("[status] <> '2'", "“Status” is not “Dead”"),
        ("'2' = [status]", "“Status” is “Dead”"),
        ("[status] = '9'", "“Status” is “9”"),
        ("[smoker] = 1", "“Smokes” is “Yes”"),
        ("[status] = ''", "“Status” is blank"),
        ('[status] <> ""', "“Status” has a value"),
        ("[organ(1)] = '1'", "“Organs” includes “Kidney”"),
        ("[organ(k)] = '0'", "“Organs” does not include “Liver”"),
        ("[organ(1)] <> '1'", "“Organs” does not include “Kidney”"),
        ("[organ(1)]", "“Organs” includes “Kidney”"),
        ("[age] = 18", "“Age, years” is 18"),
        ("[age] >= 18 and [age] < 65", "“Age, years” is at least 18 and “Age, years” is less than 65"),
        ("[age] > 18 and ([status] = '1' or [smoker] = '1')",
         "“Age, years” is more than 18 and (“Status” is “Alive” or “Smokes” is “Yes”)"),
        ("not [age] <= 3", "not “Age, years” is at most 3"),
        ("-[age] + 2 * 3", "−“Age, years” + (2 × 3)"),
        ("[age] ^ 2 / 3", "“Age, years” to the power of 2 ÷ 3"),
        ("datediff([born], 'today', 'y') > 5", "the years between “Born” and the day of entry is more than 5"),
        ("if([age] > 3, 'old', 'young')", "‘old’ where “Age, years” is more than 3, else ‘young’"),
        ("round([age], 1)", "round(“Age, years”, 1)"),
        ("[visit_1][age] = 3", "[visit_1][age] is 3"),
        ("[gone] = 3", "[gone] is 3"),
        ("[broken] = '1'", "“Broken” is “1”"),
        ("[status = 1", "[status = 1"),
    ],
)  # fmt: skip
def test_words(text, words):
    assert in_words(text, DATA) == words
