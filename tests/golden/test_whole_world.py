"""A whole invented collection, computed a second time with pandas, lifelines and statsmodels from the files as they lie there.

Nothing of the product computes here: the files are read by pandas and every rule (who is eligible, when years are pooled, what a
person's age band is) is written out once more, plainly. Then every row of every result is compared.
"""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from scipy.stats import chi2
from statsmodels.stats.proportion import proportion_confint

from plenary.demo import world
from plenary_stats import folder as folders
from plenary_stats import measures

LABEL, START, END = "2025/26", date(2025, 4, 1), date(2026, 4, 1)
STATES = ("met", "not_met", "not_eligible", "not_known")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("collection")
    world.write(world.invent(seed=11, services=3, years=3, cases_per_year=330), out)
    return out


@pytest.fixture(scope="module")
def collection(folder):
    found, findings = folders.read(folder)
    assert not findings.blocking
    assert found.label == LABEL
    return found


@pytest.fixture(scope="module")
def naive(folder):
    """Every case by service, as pandas reads it."""
    return {path.name: cases_of(path) for path in sorted(folder.iterdir()) if path.is_dir()}


def cases_of(path):
    dates = ["referral_date", "birth_date", "operation_date", "support_date", "last_seen_date"]
    cases = pd.concat([pd.read_csv(file, dtype=str, keep_default_na=False) for file in sorted(path.glob("cases*.csv"))])
    for name in set(dates) & set(cases):
        cases[name] = pd.to_datetime(cases[name], format="%Y-%m-%d")
    year = cases["referral_date"].map(lambda day: day.year - (day.month < 4))
    cases["period"] = year.map(lambda first: f"{first}/{(first + 1) % 100:02d}")
    cases["age"] = [age(born, day) for born, day in zip(cases["birth_date"], cases["referral_date"], strict=True)]
    cases["age_band"] = pd.cut(cases["age"], [0, 5, 18, 40, 65, 200], right=False, labels=list(measures.AGE_BANDS)).astype(str)
    return cases.reset_index(drop=True)


def age(born, day):
    """The birthdays that a person has had."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def services():
    return range(3)


def one_of(collection, place):
    return collection.services[place].slug


def rows(table, **wanted):
    return [row for row in table.rows() if all(row[name] == value for name, value in wanted.items())]


# -- activity and access


@pytest.mark.parametrize("place", services())
def test_activity_is_a_crosstab(collection, naive, place):
    slug = one_of(collection, place)
    cases, centres = naive[slug][naive[slug]["period"] == LABEL], collection.centres_of(slug)
    regions = {area: f"Region {number % 3}" for number, area in enumerate(sorted(set(cases["area"])))}
    table = measures.activity(
        collection.cases[slug],
        service=slug,
        centres=centres,
        period=LABEL,
        regions=regions,
        dataset=collection.datasets[slug],
    )
    groups = {"area": cases["area"].map(regions), "sex": cases["sex"], "age_band": cases["age_band"]}
    seen = 0
    for centre in ("Total", *sorted({*centres, *cases["centre"]})):
        here = (cases["centre"] == centre) | (centre == "Total")
        margin = dict.fromkeys(groups, "Total")
        [row] = rows(table, centre=centre, **margin)
        assert row["value"] == here.sum()
        for name, column in groups.items():
            for row in rows(table, centre=centre, **{other: "Total" for other in groups if other != name}):
                if row[name] != "Total":
                    assert row["value"] == (here & (column == row[name])).sum(), (centre, name, row[name])
                    seen += int(row["value"])
    assert seen == 2 * 3 * len(cases)  # each patient once in the total and once at a centre, in each of three groupings


@pytest.mark.parametrize("place", services())
def test_access_is_patients_over_residents(collection, naive, place):
    slug = one_of(collection, place)
    cases = naive[slug][naive[slug]["period"] == LABEL]
    areas = sorted(set(cases["area"]))
    regions = {area: f"Region {number % 4}" for number, area in enumerate(areas)}
    people = {f"Region {number}": 1e6 * (number + 1) for number in range(3)}  # the fourth region is not of this nation
    table = measures.access(collection.cases[slug], service=slug, period=LABEL, regions=regions, populations=people)
    counts = cases["area"].map(regions).value_counts()
    for name in (*people, "Total"):
        [row] = rows(table, area=name)
        patients = int(sum(counts.get(each, 0) for each in people)) if name == "Total" else int(counts.get(name, 0))
        residents = sum(people.values()) if name == "Total" else people[name]
        assert (row["numerator"], row["denominator"]) == (patients, residents)
        assert row["value"] == pytest.approx(patients / residents * 1e6, rel=1e-12)
        low, high = poisson(patients)
        assert (row["lower"], row["upper"]) == pytest.approx((low / residents * 1e6, high / residents * 1e6), rel=1e-9)


def poisson(count):
    """Exact below ten; from ten up, Byar's formula as Breslow and Day print it."""
    if count < 10:
        return (chi2.ppf(0.025, 2 * count) / 2 if count else 0.0), chi2.ppf(0.975, 2 * count + 2) / 2
    z = 1.959963984540054
    more = count + 1
    return (
        count * (1 - 1 / (9 * count) - z / (3 * count**0.5)) ** 3,
        more * (1 - 1 / (9 * more) + z / (3 * more**0.5)) ** 3,
    )


# -- outcomes


def yes(cases, name):
    """TRUE where yes, FALSE where another value, missing where empty."""
    return cases[name].map(lambda value: None if value == "" else value == "yes")


def number(cases, name):
    return pd.to_numeric(cases[name], errors="coerce")


def proportion(eligible, met):
    """The state of every case from two columns of True, False and None."""
    return [
        "not_eligible" if can is False else "not_known" if can is None or did is None else "met" if did else "not_met"
        for can, did in zip(eligible, met, strict=True)
    ]


def grade_below_three(cases):
    return [None if np.isnan(grade) else grade < 3 for grade in number(cases, "complication_grade")]


def alive(cases):
    return [None if status == "" else status == "alive" for status in cases["discharge_status"]]


PROPORTIONS = {
    "complete-operation": lambda cases: proportion(yes(cases, "accepted"), yes(cases, "complete")),
    "no-major-complication": lambda cases: proportion(yes(cases, "accepted"), grade_below_three(cases)),
    "survival-to-discharge": lambda cases: proportion(yes(cases, "accepted"), alive(cases)),
    "reviewed": lambda cases: proportion(yes(cases, "diagnosis_confirmed"), yes(cases, "reviewed")),
}


def days_to_operation(cases):
    return [
        (day - referred).days if accepted == "yes" and not pd.isna(day) else None
        for day, referred, accepted in zip(cases["operation_date"], cases["referral_date"], cases["accepted"], strict=True)
    ]


MEDIANS = {
    "days-to-operation": days_to_operation,
    "days-of-support": lambda cases: number(cases, "support_days").where(cases["accepted"] == "yes"),
    "marker-at-one-year": lambda cases: number(cases, "marker_after").where(
        (cases["diagnosis_confirmed"] == "yes") & (cases["treated"] == "yes")
    ),
}


def followed(cases):
    """Days and death of every patient whose treatment began."""
    began = next(cases[name] for name in ("operation_date", "support_date", "referral_date") if name in cases)
    days = (cases["last_seen_date"] - began).dt.days
    usable = began.notna() & days.notna() & (days >= 0) & (cases["vital_status"] != "")
    return days[usable], cases["vital_status"][usable] == "dead", int(began.isna().sum())


def windows(cases, decided, centres):
    """The periods of an outcome: the year; and three years for every centre where one has fewer than thirty known in it."""
    year = cases["period"] == LABEL
    known = [int((decided & year & (cases["centre"] == centre)).sum()) for centre in centres]
    if min(known) >= 30:
        return {LABEL: (year, centres)}
    three = cases["period"].isin(["2023/24", "2024/25", LABEL])
    return {LABEL: (year, []), f"2023/24 to {LABEL}": (three, centres)}


def results(collection, slug):
    tables = measures.outcomes(
        collection.outcome_sets[slug],
        collection.cases[slug],
        centres=collection.centres_of(slug),
        period_start=START,
        period_end=END,
        label=LABEL,
        dataset=collection.datasets[slug],
    )
    return [row for table in tables for row in table.rows()]


def places(cases, collection, slug, decided):
    """Every row that is due: period, centre, and the cases that it is made from."""
    centres = sorted({*collection.centres_of(slug), *cases["centre"]})
    for period, (inside, named) in windows(cases, decided, centres).items():
        yield period, "Total", cases[inside]
        for centre in named:
            yield period, centre, cases[inside & (cases["centre"] == centre)]


def due(made, measure, period, centre):
    [row] = [row for row in made if (row["measure"], row["period"], row["centre"]) == (measure, period, centre)]
    return row


@pytest.mark.parametrize("place", services())
def test_every_proportion(collection, naive, place):
    slug = one_of(collection, place)
    cases, made, seen = naive[slug], results(collection, slug), 0
    for measure, states_of in PROPORTIONS.items():
        if measure not in {outcome.id for outcome in collection.outcome_sets[slug].outcomes}:
            continue
        decided = pd.Series(states_of(cases)).isin(["met", "not_met"])
        for period, centre, part in places(cases, collection, slug, decided):
            row, states = due(made, measure, period, centre), states_of(part)
            assert [row[name] for name in STATES] == [states.count(name) for name in STATES]
            assert sum(row[name] for name in STATES) == len(part)
            met, of = states.count("met"), states.count("met") + states.count("not_met")
            assert (row["numerator"], row["denominator"]) == (met, of)
            assert row["value"] == pytest.approx(met / of, abs=1e-15)
            assert (row["lower"], row["upper"]) == pytest.approx(proportion_confint(met, of, method="wilson"), abs=1e-12)
            seen += 1
        assert len([row for row in made if row["measure"] == measure]) == seen
        seen = 0


@pytest.mark.parametrize("place", services())
def test_every_median(collection, naive, place):
    slug = one_of(collection, place)
    cases, made, seen = naive[slug], results(collection, slug), 0
    for measure, values_of in MEDIANS.items():
        if measure not in {outcome.id for outcome in collection.outcome_sets[slug].outcomes}:
            continue
        for period, centre, part in places(cases, collection, slug, pd.Series(values_of(cases), dtype=float).notna()):
            row, values = due(made, measure, period, centre), pd.Series(values_of(part), dtype=float).dropna()
            assert row["denominator"] == len(values)
            assert row["value"] == values.median()
            assert (row["lower_quartile"], row["upper_quartile"]) == (values.quantile(0.25), values.quantile(0.75))
            assert row["denominator"] + row["not_eligible"] + row["not_known"] == len(part)
            seen += 1
    assert seen


@pytest.mark.parametrize("place", services())
def test_every_survival_figure(collection, naive, place):
    slug = one_of(collection, place)
    cases, made = naive[slug], results(collection, slug)
    decided = pd.Series(cases.index.isin(followed(cases)[0].index))
    seen = 0
    for period, centre, part in places(cases, collection, slug, decided):
        days, died, not_begun = followed(part)
        fitter = KaplanMeierFitter().fit(days, died, timeline=[0, 30, 365]) if len(days) else None
        for name, day in (("30d", 30), ("1y", 365)):
            row = due(made, f"survival@{name}", period, centre)
            assert row["denominator"] == len(days)
            assert row["not_met"] == (died & (days <= day)).sum()
            assert row["met"] == ((days > day) | ((days == day) & ~died)).sum()
            assert row["not_eligible"] == not_begun
            assert row["denominator"] + row["not_eligible"] + row["not_known"] == len(part)
            if not np.isnan(row["value"]):
                assert row["value"] == pytest.approx(float(fitter.survival_function_at_times(day).iloc[0]), abs=1e-12)
                seen += 1
    assert seen > 3


@pytest.mark.parametrize("place", services())
def test_completeness_of_outcomes(collection, naive, place):
    slug = one_of(collection, place)
    cases = naive[slug][naive[slug]["period"] == LABEL]
    table = measures.completeness(
        collection.cases[slug],
        service=slug,
        centres=collection.centres_of(slug),
        period=LABEL,
        expected=collection.expected.get(slug, ()),
        dataset=collection.datasets[slug],
        outcome_set=collection.outcome_sets[slug],
    )
    for measure, states_of in PROPORTIONS.items():
        for row in rows(table, measure=measure):
            part = cases if row["centre"] == "Total" else cases[cases["centre"] == row["centre"]]
            states = states_of(part)
            known = states.count("met") + states.count("not_met")
            assert (row["numerator"], row["denominator"]) == (known, known + states.count("not_known"))


def test_every_pound_is_there(folder, collection):
    paid = pd.read_csv(folder / "expenditure.csv")
    for service in collection.services:
        table = measures.spend(collection.expenditure, service=service.slug, period=LABEL)
        mine = paid[paid["service"] == service.slug].set_index("centre")["amount_gbp"]
        found = {row["centre"]: row["value"] for row in table.rows()}
        assert found.pop("Total") == pytest.approx(mine.sum(), rel=1e-15)
        assert found == mine.to_dict()
