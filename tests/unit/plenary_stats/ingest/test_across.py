"""Rules across cases and years: each planted fault gives its one finding, and what is near it gives none."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plenary_stats.ingest import check, read
from plenary_stats.ingest.across import Elsewhere, Known, KnownCase, Marks, chance, shared_pairs
from plenary_stats.spec import read_dictionary

DICTIONARY = """Variable / Field Name,Field Type,Field Label,"Choices, Calculations, OR Slider Labels",Text Validation Type OR Show Slider Number,Identifier?,Field Annotation
case_id,text,Case,,,,
nhs_number,text,NHS number,,,y,
birth_date,text,Date of birth,,date_dmy,y,
treated_on,text,Treated on,,date_dmy,,@INDEXDATE
reviewed_on,text,Reviewed on,,date_dmy,,
last_seen_on,text,Last seen,,date_dmy,,
vital_status,radio,Status,"alive, Alive | dead, Dead",,,
"""
DATA = read_dictionary(DICTIONARY, "lam", "2026-1")
HEADINGS = ["case_id", "nhs_number", "birth_date", "sex", "area", "treated_on", "reviewed_on", "last_seen_on", "vital_status"]
USUAL = {"birth_date": "01/02/1984", "sex": "female", "area": "QHL", "treated_on": "04/03/2025", "vital_status": "alive"}
CONTEXT = {
    "centre": "RJ1",
    "period": "2025",
    "period_start": date(2025, 1, 1),
    "period_end": date(2026, 1, 1),
    "on": date(2026, 6, 1),
}
NHS, OTHER_NHS = "9434765919", "4505577104"
ACROSS = {
    "near-duplicate",
    "after-death",
    "other-person",
    "known-person",
    "after-death-reported",
    "vanished-case",
    "jump",
    "other-centre-reports",
}


def mark(kind, texts):
    """Pseudonyms that can be read, so that a test shows what they are of."""
    return [f"{kind}:{text}" if text else "" for text in texts]


KNOWN = Known(mark=mark, label="2025")
LIKE = "like:1984-02-01|female|qhl"


def row(case_id, **values):
    return {"case_id": case_id} | USUAL | values


def checked(*rows, known=KNOWN, data=DATA):
    lines = [",".join(one.get(name, "") for name in HEADINGS) for one in rows]
    return check(read("\n".join([",".join(HEADINGS), *lines]).encode(), "cases.csv"), data, **CONTEXT, known=known)


def told(*rows, known=KNOWN, data=DATA):
    findings = checked(*rows, known=known, data=data).findings
    assert not findings.blocking, findings.blocking
    return [(one.row, one.rule) for one in findings if one.rule in ACROSS]


def beside(*cases, **values):
    return replace(KNOWN, cases=cases, **values)


def earlier(case_id="A", on=date(2024, 5, 1), period="2024", **values):
    return KnownCase(case_id, on, period, **values)


class TestWithinOneFile:
    def test_two_rows_that_are_one_case_but_for_the_identifier(self):
        found = checked(row("A"), row("B", treated_on="06/03/2025"))
        [one] = [one for one in found.findings if one.rule == "near-duplicate"]
        assert (one.row, one.case, one.severity) == (3, "B", "warning")
        assert "row 2" in one.message
        assert "A" not in one.message.split()

    @pytest.mark.parametrize(
        "values",
        [
            {"treated_on": "09/03/2025"},
            {"birth_date": "02/02/1984"},
            {"sex": "male"},
            {"area": "QOP"},
            {"birth_date": ""},
            {"sex": ""},
        ],
    )
    def test_what_is_not_near_enough(self, values):
        assert told(row("A"), row("B", **values)) == []

    def test_an_area_that_is_not_known_is_no_difference(self):
        assert told(row("A"), row("B", area="")) == [(3, "near-duplicate")]

    def test_twins_have_numbers_of_their_own(self):
        assert told(row("A", nhs_number=NHS), row("B", nhs_number=OTHER_NHS)) == []
        assert told(row("A", nhs_number=NHS), row("B")) == [(3, "near-duplicate")]

    def test_it_needs_no_key_and_nothing_known_beside(self):
        assert told(row("A"), row("B"), known=None) == [(3, "near-duplicate")]

    def test_a_date_after_the_death(self):
        dead = {"vital_status": "dead", "last_seen_on": "10/03/2025"}
        assert told(row("A", **dead, reviewed_on="11/03/2025")) == [(2, "after-death")]
        assert told(row("A", **dead, reviewed_on="10/03/2025")) == []
        assert told(row("A", vital_status="alive", last_seen_on="10/03/2025", reviewed_on="11/03/2025")) == []

    def test_a_death_before_the_index_date(self):
        assert told(row("A", vital_status="dead", last_seen_on="01/03/2025")) == [(2, "after-death")]

    def test_a_rule_of_the_data_set_is_not_told_twice(self):
        own = read_dictionary(
            DICTIONARY.replace("Last seen,,date_dmy,,", "Last seen,,date_dmy,,@NOTBEFORE=treated_on"), "lam", "2026-1"
        )
        found = checked(row("A", vital_status="dead", last_seen_on="01/03/2025"), data=own).findings
        assert [(one.rule, one.severity) for one in found if one.rule in {"after-death", "date-order"}] == [
            ("date-order", "blocking")
        ]

    def test_a_field_says_that_it_is_the_death(self):
        named = read_dictionary(
            DICTIONARY.replace("reviewed_on,text,Reviewed on,,date_dmy,,", "reviewed_on,text,Died,,date_dmy,,@DEATHDATE"),
            "lam",
            "2026-1",
        )
        assert told(row("A", reviewed_on="01/03/2025"), data=named) == [(2, "after-death")]


class TestOneIdentifier:
    @pytest.mark.parametrize(
        ("case", "said"),
        [
            (earlier(marks=Marks(born="born:1990-01-01")), "another date of birth"),
            (earlier(sex="male"), "another sex"),
            (earlier(marks=Marks(nhs=f"nhs:{OTHER_NHS}")), "another NHS number"),
        ],
    )
    def test_it_was_another_person_last_year(self, case, said):
        found = checked(row("A", nhs_number=NHS), known=beside(case)).findings
        [one] = [one for one in found if one.rule == "other-person"]
        assert said in one.message
        assert "2024" in one.message
        assert "1990" not in one.message
        assert OTHER_NHS not in one.message

    def test_the_same_person_is_no_news(self):
        same = earlier(marks=Marks(f"nhs:{NHS}", LIKE, "born:1984-02-01"), sex="female")
        assert told(row("A", nhs_number=NHS), known=beside(same)) == []

    def test_what_is_not_known_is_no_difference(self):
        assert told(row("A"), known=beside(earlier())) == []


class TestOnePerson:
    def test_under_another_identifier_on_the_same_day(self):
        case = earlier("Z9", date(2025, 3, 4), "2025", marks=Marks(like=LIKE), keyed=True)
        assert told(row("A"), known=beside(case)) == [(2, "known-person")]

    def test_the_next_review_is_a_case_of_its_own(self):
        assert told(row("A"), known=beside(earlier("Z9", date(2024, 3, 4), marks=Marks(like=LIKE)))) == []

    def test_two_numbers_are_two_people(self):
        case = earlier("Z9", date(2025, 3, 4), "2025", marks=Marks(f"nhs:{OTHER_NHS}", LIKE), keyed=True)
        assert told(row("A", nhs_number=NHS), known=beside(case)) == []

    def test_what_the_file_replaces_is_not_held_against_it(self):
        case = earlier("A", date(2025, 3, 4), "2025", marks=Marks(like=LIKE), own=True)
        assert told(row("A"), known=beside(case)) == []


class TestAfterADeath:
    @pytest.mark.parametrize(
        ("values", "faulty"),
        [
            ({}, True),
            ({"vital_status": "dead", "last_seen_on": "01/06/2024"}, False),
            ({"vital_status": "dead", "last_seen_on": "10/03/2025"}, True),
        ],
    )
    def test_the_same_case(self, values, faulty):
        known = beside(earlier(died_on=date(2024, 6, 1)))
        data = row("A", treated_on="04/03/2024" if not faulty else "04/03/2025", **values)
        assert (("after-death-reported") in [rule for _, rule in told(data, known=known)]) is faulty

    def test_alive_again_without_a_later_date(self):
        known = beside(earlier(died_on=date(2025, 6, 1), period="2025", own=True))
        assert told(row("A"), known=known) == [(2, "after-death-reported")]

    def test_the_same_person_under_another_identifier(self):
        known = beside(earlier("Z9", died_on=date(2024, 6, 1), marks=Marks(nhs=f"nhs:{NHS}")))
        assert told(row("A", nhs_number=NHS), known=known) == [(2, "after-death-reported")]
        assert told(row("A"), known=known) == []


class TestVanished:
    def test_a_case_of_the_file_that_this_one_replaces(self):
        known = beside(earlier("A", date(2025, 3, 4), "2025", own=True), earlier("GONE", date(2025, 4, 1), "2025", own=True))
        found = [one for one in checked(row("A"), known=known).findings if one.rule == "vanished-case"]
        assert [(one.row, one.severity) for one in found] == [(0, "warning")]
        assert "GONE" in found[0].message
        assert "withdraws it" in found[0].message

    def test_a_case_of_last_year_where_the_file_has_others_of_it(self):
        known = beside(earlier("GONE"))
        assert told(row("A"), known=known) == []
        assert told(row("A"), row("B", treated_on="01/02/2024"), known=known) == [(0, "vanished-case")]

    def test_a_keyed_case_stays_whatever_a_file_says(self):
        assert told(row("A"), known=beside(earlier("KEYED", date(2025, 4, 1), "2025", keyed=True))) == []

    def test_one_keyed_case_leaves_nothing_out(self):
        known = beside(earlier("GONE", date(2025, 4, 1), "2025", own=True), whole=False)
        assert told(row("A"), known=known) == []

    def test_the_named_are_counted_beyond_fifty(self):
        known = beside(*(earlier(f"G{place:03d}", date(2025, 4, 1), "2025", own=True) for place in range(53)))
        found = [one.message for one in checked(row("A"), known=known).findings if one.rule == "vanished-case"]
        assert len(found) == 51
        assert any(text.startswith("3 more cases") for text in found)


class TestJump:
    def rows(self, count):
        return [row(f"C{place:03d}", birth_date=f"01/02/{1900 + place}") for place in range(count)]

    @pytest.mark.parametrize(
        ("count", "counts", "jumps"),
        [(20, (20, 22), False), (4, (20, 22), True), (60, (20, 22), True), (3, (6,), False), (5, (), False)],
    )
    def test_beside_the_earlier_years(self, count, counts, jumps):
        assert told(*self.rows(count), known=beside(counts=counts)) == ([(0, "jump")] if jumps else [])

    def test_few_cases_of_a_year_that_runs_are_no_news(self):
        assert told(*self.rows(4), known=beside(counts=(20, 22), over=False)) == []
        assert told(*self.rows(60), known=beside(counts=(20, 22), over=False)) == [(0, "jump")]

    def test_rows_of_earlier_years_are_not_counted(self):
        rows = [*self.rows(20), *(one | {"case_id": f"E{one['case_id']}", "treated_on": "04/03/2024"} for one in self.rows(20))]
        assert told(*rows, known=beside(counts=(20, 20))) == []

    @given(st.integers(0, 200), st.lists(st.integers(0, 200), min_size=1, max_size=5))
    def test_a_chance_is_one(self, count, counts):
        assert 0 <= chance(count, counts) <= 1

    def test_the_chance_of_the_mean_is_whole(self):
        assert chance(10, (10, 10)) == pytest.approx(1)
        assert chance(0, (0, 0)) == 1
        # all 9 in one of two years of one rate: twice one half to the ninth
        assert chance(9, (0,)) == pytest.approx(2 * 0.5**9)


class TestTwoCentres:
    SURE, AGAIN = Marks(nhs=f"nhs:{NHS}"), date(2025, 9, 1)

    def test_the_same_number_is_told_without_a_word_of_the_other_case(self):
        known = replace(KNOWN, elsewhere=(Elsewhere(self.SURE, self.AGAIN, 7, 2),))
        found = [one for one in checked(row("A", nhs_number=NHS), known=known).findings if one.rule == "other-centre-reports"]
        assert [(one.row, one.case, one.message) for one in found] == [
            (2, "A", "Another centre of the service reports the same patient.")
        ]
        assert "2025-09" not in found[0].message + found[0].remedy

    def test_what_is_agreed_is_not_told_again(self):
        other = Elsewhere(self.SURE, self.AGAIN, 7, 2, frozenset({"A"}))
        assert told(row("A", nhs_number=NHS), known=replace(KNOWN, elsewhere=(other,))) == []
        assert told(row("B", nhs_number=NHS), known=replace(KNOWN, elsewhere=(other,))) == [(2, "other-centre-reports")]

    def test_a_file_that_cannot_be_accepted_tells_nothing(self):
        known = replace(KNOWN, elsewhere=(Elsewhere(self.SURE, self.AGAIN, 7, 2),))
        found = checked(row("A", nhs_number=NHS, vital_status="nonsense"), known=known)
        assert found.findings.blocking
        assert "other-centre-reports" not in {one.rule for one in found.findings}

    @pytest.mark.parametrize(
        ("own", "other", "apart", "pair"),
        [
            (Marks(nhs="x", like="l"), Marks(nhs="x"), 365, True),
            (Marks(nhs="x", like="l"), Marks(nhs="x"), 366, None),
            (Marks(like="l"), Marks(like="l"), 30, False),
            (Marks(like="l"), Marks(like="l"), 31, None),
            (Marks(nhs="x", like="l"), Marks(like="l"), 0, False),
            (Marks(nhs="x", like="l"), Marks(nhs="y", like="l"), 0, None),
            (Marks(), Marks(), 0, None),
            (Marks(born="b"), Marks(born="b"), 0, None),
        ],
    )
    def test_who_is_one_patient(self, own, other, apart, pair):
        on = date(2025, 1, 1)
        found = shared_pairs([(own, on)], [Elsewhere(other, date.fromordinal(on.toordinal() + apart), 7, 2)], (365, 30))
        assert [sure for _, _, sure in found] == ([] if pair is None else [pair])

    def test_likeness_that_several_share_is_no_evidence(self):
        on = date(2025, 1, 1)
        one, two = Elsewhere(Marks(like="l"), on, 7, 2), Elsewhere(Marks(like="l"), on, 8, 2)
        assert shared_pairs([(Marks(like="l"), on)], [one, two], (365, 30)) == []
        assert shared_pairs([(Marks(like="l"), on)] * 2, [one], (365, 30)) == []

    def test_each_centre_is_paired_once_with_its_nearest_case(self):
        on, mark_ = date(2025, 6, 1), Marks(nhs="x")
        others = [
            Elsewhere(mark_, date(2025, 1, 1), 7, 2), Elsewhere(mark_, date(2025, 5, 1), 8, 2), Elsewhere(mark_, on, 9, 3)
        ]  # fmt: skip
        assert {other.case for _, other, _ in shared_pairs([(mark_, on)], others, (365, 30))} == {8, 9}


class TestMarks:
    def test_they_come_with_the_cases(self):
        found = checked(row("A", nhs_number="943 476 5919"), row("B", birth_date="", sex="", area="QOP"))
        assert found.marks == (Marks(f"nhs:{NHS}", LIKE, "born:1984-02-01"), Marks())

    def test_none_without_a_key_and_none_of_a_file_that_is_refused(self):
        assert checked(row("A"), known=None).marks == ()
        assert checked(row("A", vital_status="nonsense")).marks == ()
