"""Small numbers of people that a text names: what is found, what is left alone, and that no text whatever stops it."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from plenary_stats.disclosure import Policy, named_in
from plenary_stats.disclosure.texts import LONGEST

HOUSE = Policy()


def numbers(text, policy=HOUSE):
    return [one.number for one in named_in(text, policy)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("We treated twelve patients.", [12]),
        ("One child died.", [1]),
        ("One person has died, one person went home.", [1]),
        ("1 patient, one of our patients", [1, 1]),
        ("1 of 2 patients", [1, 2]),
        ("7 Two people", [2]),
        ("3 of 40", [3]),
        ("9 alive", [9]),
        ("4 died", [4]),
        ("Royal Infirmary treated 12 patients, 9 alive.", [12, 9]),
        ("It treated 12, of whom 9 are alive.", [12, 9]),
        ("It treated only 12 in 2024.", [12]),
        ("9 of them were alive", [9]),
        ("12 of our patients", [12]),
        ("2 new ECMO patients", [2]),
        ("3 of the 14 children", [3, 14]),
        ("3 out of 40 patients", [3]),
        ("3/40 patients", [3]),
        ("5 of 12 were readmitted", [5, 12]),
        ("Twenty-one adult patients and twenty two men", [21, 22]),
        ("a dozen patients, half a dozen boys, a couple of girls", [12, 6, 2]),
        ("12 transplants and 5 deaths", [12, 5]),
        ("10-12 patients", [12]),
        ("10 to 12 patients a year", [12]),
        ("between 10 and 12 patients", [12]),
        ("Within 30 days, 4 patients had died", [4]),
        ("In 2024 12 patients came", [12]),
        ("12\xa0patients", [12]),
        ("twelve\npatients", [12]),
        ("(4 died)", [4]),
        ("ELEVEN PATIENTS", [11]),
        ("٣ patients", [3]),
        ("238 of 240 survived", [2]),
        ("240 of the 240 patients survived", [0]),
        ("No deaths occurred", [0]),
        ("None of them died", [0]),
        ("no patient died; nobody survived; no one died", [0, 0, 0]),
        ("0 deaths", [0]),
    ],
)
def test_numbers_of_people_are_found(text, found):
    assert numbers(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "In 2024 patients came",
        "in 2023/24 patients came",
        "2023-24 patients, 2023–24 patients",
        "since '24 patients come",
        "Designated on 1 April 2019. Patients come from far.",
        "On 12 March patients met.",
        "at 12:30 patients arrive",
        "patients aged 12 survived",
        "Aged 12 to 15 patients move on",
        "a 12-year-old boy, a 12 year old girl, a twelve-year-old child",
        "patients under 12 years",
        "12% of patients, 12 % of patients, 12 per cent of patients",
        "two-thirds of patients, one in four patients, 1 in 5 patients",
        "£12 of patients' money, £ 12 patients, 12€ patients",
        "24 hours a day patients may call; within 24 hours patients are seen",
        "within 30 days patients are seen, and within 30 days died",
        "30-day mortality; the 5 year survival of patients",
        "Two weeks after discharge patients return",
        "1. Patients are met\n2) Patients are told\n3. Children",
        "RJ1 patients, centre 4 treated 200 patients, ward 12 patients",
        "COVID-19 patients, COVID 19 patients, type 2 patients, H1N1 patients, stage 3 patients",
        "page 3 of 40; step 2 of 5; 9 of 12 centres; 3 of 4 expert centres; 3 of 5 standards were met",
        "3/4, 3/4/2024, 1/2",
        "2.5 patients, 1,200 patients, 3 000 patients, 3 million people",
        "12 beds for patients, 12 nurses for children, 2 consultants who treat patients",
        "a team of 12 people",
        "treated 24 hours a day",
        "One patient said: thank you. One patient's mother wrote to us. One patient representative sits with us.",
        "one-to-one patient care, one to one patient care",
        "No patient waits for long.",
        "Seven commissioned adult centres, 3 patient groups, 2 child and family rooms, one adult service",
        "One named person to call; counted as one case; one individual each; one of the two agreed",
        "240 of 300 patients survived; 30 patients",
        "30 to 40 patients, sixty patients",
        "",
    ],
)
def test_other_numbers_are_left_alone(text):
    assert named_in(text, HOUSE) == ()


def test_the_sentence_is_quoted_and_no_other():
    text = "Beds were opened. Royal Infirmary treated **12 patients**!\nAnother line. Then 4 died (sadly). The end."
    first, second = named_in(text, HOUSE)
    assert (first.number, first.words, first.sentence) == (12, "12 patients", "Royal Infirmary treated **12 patients**!")
    assert (second.number, second.words, second.sentence) == (4, "4 died", "Then 4 died (sadly).")


def test_a_very_long_sentence_is_cut_around_the_number():
    (found,) = named_in("so " * 500 + "4 patients died " + "then " * 500, HOUSE)
    assert len(found.sentence) <= LONGEST + 2
    assert found.sentence.startswith("…")
    assert found.sentence.endswith("…")
    assert "4 patients" in found.sentence


def test_the_limits_are_the_policys():
    text = "12 patients came, 8 died, 235 of 240 survived."
    assert numbers(text) == [12, 8]
    assert numbers(text, Policy(threshold=10)) == [8]
    assert numbers(text, Policy(threshold=5, event_threshold=5, minimum_width=2)) == []
    assert numbers(text, Policy(event_threshold=6)) == [12, 8, 5]


@pytest.mark.parametrize("threshold", [5, 10, 30, 60])
def test_the_last_number_below_each_limit_is_named_and_the_first_above_is_not(threshold):
    policy = Policy(threshold=threshold, minimum_width=2)
    below, fewest = threshold - 1, policy.event_threshold
    assert numbers(f"{below} patients; {threshold} patients", policy) == [below]
    assert numbers(f"It treated {below}. It treated {threshold}.", policy) == [below]
    assert numbers(f"{below} of 900; {threshold} of 900", policy) == [below]
    assert numbers(f"{900 - fewest + 1} of 900 patients; {900 - fewest} of 900 patients", policy) == [fewest - 1]
    assert numbers(f"{below}/900 patients; {threshold}/900 patients", policy) == [below]


@pytest.mark.parametrize(
    "label", ["aged", "Age", "type", "phase", "Day", "centre", "ward", "£", "page", "team of", "level", "covid"]
)
def test_what_a_word_before_it_makes_a_label_is_left_alone(label):
    assert numbers(f"{label} 12 patients") == []
    assert numbers(f"{label} 3 of 40") == []
    assert numbers(f"{label}, 12 patients") == [12]


@pytest.mark.parametrize(
    "unit", ["hours", "days", "months", "years", "beds", "centres", "nurses", "per cent", "million", "March"]
)
def test_what_is_counted_in_another_unit_is_left_alone(unit):
    assert numbers(f"12 {unit} patients") == []
    assert numbers(f"12 {unit} died") == []
    assert numbers(f"12 {unit}; 11 patients") == [11]


def test_numbers_come_in_the_order_of_the_text_each_once():
    found = named_in("4 died of 12 patients; 3 of the 14 children; no deaths; 5/40 patients.", HOUSE)
    assert [(one.number, one.words) for one in found] == [
        (4, "4 died"),
        (12, "12 patients"),
        (3, "3 of the 14"),
        (14, "14 children"),
        (0, "no deaths"),
        (5, "5/40"),
    ]


def test_noughts_are_named_where_the_policy_protects_them():
    assert numbers("No deaths, 0 patients, 40 of 40 survived, 3 died", Policy(zeros="publish")) == [3]


@given(st.text())
@example("9" * 5000 + " patients")
@example("K" * 3 + "ſix patients")
@example("twenty-" * 50)
@example("²³ patients of ½ children")
def test_no_text_stops_it(text):
    for one in named_in(text, HOUSE):
        assert 0 <= one.number < HOUSE.threshold
        assert one.words in one.sentence


WORDS = "patients children one two 12 40 of the died alive in 2024 aged 3/40 £5 % , . no none survived treated centre 1,200 -"


@given(st.lists(st.sampled_from([*WORDS.split(), "\n"])).map(" ".join))
def test_no_mixture_of_its_own_words_stops_it(text):
    for one in named_in(text, HOUSE):
        assert 0 <= one.number < HOUSE.threshold
        assert one.words in one.sentence


SAID = {1: "one", 2: "two", 9: "nine", 12: "twelve", 21: "twenty-one", 29: "twenty nine"}
AROUND = st.sampled_from(
    ["", "The unit opened in 2019.", "It costs £3,000.", "Patients aged 12 come.", "Care is given 24 hours a day."]
)


@given(
    st.integers(0, 29),
    st.booleans(),
    st.sampled_from(["patients", "very ill children", "of our patients", "were alive", "died", "people", "of 40"]),
    AROUND,
    AROUND,
)
def test_what_is_planted_is_found_whatever_stands_around(number, in_words, counted, before, after):
    said = SAID.get(number, str(number)) if in_words else str(number)
    planted = f"Here {said} {counted}."
    found = named_in(f"{before} {planted} {after}", HOUSE)
    assert [(one.number, one.sentence) for one in found] == [(number, planted)]


@given(st.integers(30, 10**7), st.sampled_from(["patients", "children died", "were alive"]))
def test_what_is_large_enough_is_no_notice(number, counted):
    assert named_in(f"Here {number:,} {counted}, {number} {counted}.", HOUSE) == ()


def test_long_texts_take_no_long_time():
    """Nothing in the search goes back over a text again and again: the longest narrative is 20,000 characters."""
    for unkind in ("one ", "12 of ", "no ", "twenty ", "a", "9", "12 of the 12 of whom ", "1,111"):
        begun = time.process_time()
        named_in(unkind * (20_000 // len(unkind)), HOUSE)
        assert time.process_time() - begun < 2
