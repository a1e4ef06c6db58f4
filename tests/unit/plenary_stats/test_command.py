"""``python -m plenary_stats``: what it prints is what the functions answer, and it runs where nothing but numpy and scipy is."""

import csv
import io
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest
import scipy

import plenary_stats
from plenary_stats import (
    adjustment,
    allocation,
    comparison,
    equity,
    location,
    monitoring,
    proportions,
    queues,
    rates,
    survival,
)
from plenary_stats.command import COMMANDS, main

CENTRES = "centre,met,treated,expected\nRJ1,52,60,48.5\nRRK,30,41,33\nRTD,0,0,0\n"
PATIENTS = "days,died,arm,hospital,age\n5,1,a,N,61\n8,0,a,S,70\n12,1,b,N,55\n14,1,b,S,49\n20,0,a,N,66\n21,1,b,S,72\n"


@pytest.fixture
def run(tmp_path, capsys):
    def call(content, command, *arguments):
        (tmp_path / "given.csv").write_text(content, encoding="utf-8")
        code = main([command, str(tmp_path / "given.csv"), *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def document(text):
    return json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))


def test_proportions_stand_beside_the_rows_of_the_file(run):
    code, out, err = run(CENTRES, "proportion", "--successes", "met", "--trials", "treated")
    found = proportions.interval([52, 30, 0], [60, 41, 0])
    assert code == 0
    assert [row["centre"] for row in rows(out)] == ["RJ1", "RRK", "RTD"]
    assert [float(row["lower"]) for row in rows(out)[:2]] == found.lower[:2].tolist()
    assert rows(out)[2]["estimate"] == ""
    assert rows(out)[2]["why_not"] == "There is nobody in the denominator."
    assert err == "method: wilson\nlevel: 0.95\n"


def test_json_holds_the_same_and_null_for_what_is_missing(run):
    code, out, err = run(
        CENTRES, "proportion", "--successes", "met", "--trials", "treated", "--level", ".9", "--method", "jeffreys", "--json"
    )
    found = proportions.interval([52, 30, 0], [60, 41, 0], "jeffreys", 0.9)
    assert (code, err) == (0, "")
    answer = document(out)
    assert answer["columns"]["upper"] == [*found.upper[:2].tolist(), None]
    assert (answer["method"], answer["level"]) == ("jeffreys", 0.9)


def test_a_column_of_the_file_is_not_written_over(run):
    _, out, _ = run("upper,n\n3,9\n", "proportion", "--successes", "upper", "--trials", "n")
    assert rows(out)[0]["upper"] == "3"
    assert float(rows(out)[0]["upper (found)"]) == proportions.interval(3, 9).upper


def test_rates_and_ratios(run):
    _, out, _ = run(CENTRES.replace("RTD,0,0,0\n", ""), "rate", "--count", "met", "--exposure", "treated", "--method", "exact")
    assert [float(row["upper"]) for row in rows(out)] == rates.interval([52, 30], [60, 41], "exact").upper.tolist()
    _, out, _ = run(CENTRES, "ratio", "--observed", "met", "--expected", "expected")
    assert float(rows(out)[0]["estimate"]) == 52 / 48.5


def test_funnel(run):
    _, out, _ = run(CENTRES, "funnel", "--observed", "met", "--denominator", "treated", "--target", ".9", "--json")
    found = comparison.funnel([52, 30, 0], [60, 41, 0], 0.9)
    answer = document(out)
    assert answer["columns"]["flag"] == found.columns["flag"].tolist()
    assert answer["columns"]["p_low"][:2] == found.columns["p_low"][:2].tolist()
    assert answer["target"] == 0.9
    assert answer["cautions"] == list(found.cautions)


def test_survival(run):
    _, out, _ = run(PATIENTS, "survival", "--time", "days", "--event", "died", "--group", "arm", "--at", "10", "15", "--json")
    days, died, arm = [5, 8, 12, 14, 20, 21], [1, 0, 1, 1, 0, 1], ["a", "a", "b", "b", "a", "b"]
    found = survival.kaplan_meier(days, died, arm, at=[10, 15])
    answer = document(out)
    assert answer["columns"]["group"] == ["a", "a", "b", "b"]
    assert answer["columns"]["estimate"] == found.columns["estimate"].tolist()
    assert answer["median"]["estimate"] == [None if np.isnan(value) else value for value in found.median["estimate"].tolist()]


def test_competing_events(run):
    _, out, _ = run("t,c\n1,1\n2,2\n3,0\n4,1\n", "cumulative-incidence", "--time", "t", "--cause", "c")
    found = survival.cumulative_incidence([1, 2, 3, 4], [1, 2, 0, 1]).columns
    assert [float(row["estimate"]) for row in rows(out)] == found["estimate"].tolist()


def test_logrank_within_hospitals(run):
    _, out, err = run(
        PATIENTS, "logrank", "--time", "days", "--event", "died", "--group", "arm", "--strata", "hospital", "--json"
    )
    found = survival.logrank([5, 8, 12, 14, 20, 21], [1, 0, 1, 1, 0, 1], list("aabbab"), list("NSNSNS"))
    assert document(out)["statistic"] == found.statistic
    assert document(out)["p_value"] == found.p_value
    assert err == ""


def test_logistic_with_a_text_covariate(run):
    _, out, _ = run(PATIENTS, "logistic", "--outcome", "died", "--covariates", "age", "hospital", "--penalty", "firth", "--json")
    found = adjustment.logistic([1, 0, 1, 1, 0, 1], {"age": [61, 70, 55, 49, 66, 72], "hospital": list("NSNSNS")}, "firth")
    answer = document(out)
    assert answer["terms"] == list(found.terms)
    assert answer["coefficients"] == pytest.approx(found.coefficients.tolist())


def test_cox(run):
    arguments = ("--time", "days", "--event", "died", "--covariates", "age", "arm", "--ties", "breslow", "--strata", "hospital")
    _, out, _ = run(PATIENTS, "cox", *arguments, "--json")
    covariates = {"age": [61, 70, 55, 49, 66, 72], "arm": list("aabbab")}
    found = survival.cox([5, 8, 12, 14, 20, 21], [1, 0, 1, 1, 0, 1], covariates, "breslow", strata=list("NSNSNS"))
    answer = document(out)
    assert answer["columns"]["name"] == found.columns["name"].tolist() == ["age", "arm=b"]
    assert answer["log_likelihood"] == found.log_likelihood
    assert answer["expected"] == found.expected.tolist()
    assert "fit" not in answer


def test_between_centres_and_many_looks(run):
    _, out, err = run(CENTRES.replace("RTD,0,0,0\n", ""), "between-centres", "--events", "met", "--patients", "treated")
    found = comparison.between_centres([52, 30], [60, 41])
    assert [float(row["effect"]) for row in rows(out)] == found.columns["effect"].tolist()
    assert f"p_value: {found.p_value}" in err
    _, out, _ = run("p\n0.01\n0.5\n0.03\n", "multiplicity", "--p", "p", "--method", "holm")
    assert [float(row["adjusted"]) for row in rows(out)] == comparison.multiplicity([0.01, 0.5, 0.03], "holm").adjusted.tolist()


def test_monitoring(run):
    _, out, _ = run("month,waits\n1,10\n2,12\n3,9\n4,30\n5,11\n", "xmr", "--values", "waits", "--better", "decrease")
    found = monitoring.xmr([10, 12, 9, 30, 11], better="decrease").columns
    assert [float(row["upper"]) for row in rows(out)] == found["upper"].tolist()
    assert [row["month"] for row in rows(out)] == ["1", "2", "3", "4", "5"]
    table = "died,risk\n1,.2\n0,.1\n1,.3\n1,.4\n"
    _, out, _ = run(table, "racusum", "--outcome", "died", "--risk", "risk", "--odds-ratio", "2", "--limit", "1")
    found = monitoring.racusum([1, 0, 1, 1], [0.2, 0.1, 0.3, 0.4], 2, 1).columns
    assert [float(row["statistic"]) for row in rows(out)] == found["statistic"].tolist()
    _, out, _ = run(table, "vlad", "--outcome", "died", "--risk", "risk")
    assert float(rows(out)[-1]["statistic"]) == monitoring.vlad([1, 0, 1, 1], [0.2, 0.1, 0.3, 0.4]).columns["statistic"][-1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("racusum", "--outcome", "died", "--risk", "risk"), "racusum needs --odds-ratio, --limit"),
        (("leximin", "--need", "died", "--floor", "risk"), "leximin needs --supply"),
    ],
)
def test_what_is_needed_beside_columns_is_asked_for(run, capsys, arguments, said):
    code, out, err = run("died,risk\n1,.2\n", *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_equity(run):
    _, out, _ = run(CENTRES.replace("RTD,0,0,0\n", ""), "variation", "--observed", "met", "--expected", "expected")
    assert float(rows(out)[0]["scv"]) == equity.variation([52, 30], [48.5, 33]).scv
    table = "fifth,rate,people,se\n1,5.1,100,.3\n2,5.9,110,.3\n3,6.4,100,.3\n4,7.2,95,.3\n5,8.0,90,.3\n"
    arguments = ("--rate", "rate", "--population", "people", "--rank", "fifth", "--std-err", "se")
    _, out, _ = run(table, "slope-index", *arguments, "--json")
    assert (
        document(out)["slope"]
        == equity.slope_index([5.1, 5.9, 6.4, 7.2, 8], [100, 110, 100, 95, 90], [1, 2, 3, 4, 5], std_err=[0.3] * 5).slope
    )


def test_shares_of_a_shortage(run):
    _, out, err = run(
        "who,need,least\nA,4,1\nB,6,3\nC,11,3\nD,6,2\n", "leximin", "--need", "need", "--floor", "least", "--supply", "18"
    )
    assert [float(row["allocation"]) for row in rows(out)] == allocation.leximin(
        [4, 6, 11, 6], [1, 3, 3, 2], 18
    ).allocation.tolist()
    assert "left: 0.0" in err


# ------------------------------------------------------------------------------------------------ a row a pair

AGES = {"E1": ([2, 9, 30], [9000, 8000, 4000]), "E2": ([1, 14, 21], [7000, 9500, 3000]), "E3": ([0, 3, 9], [2000, 2500, 900])}
BANDS, STANDARD = ("0-39", "40-64", "65+"), (50_000, 30_000, 20_000)


def long(shuffled=False):
    """Areas by age, a row each."""
    lines = [
        f"{area},{band},{events[n]},{people[n]},{STANDARD[n]}"
        for area, (events, people) in AGES.items()
        for n, band in enumerate(BANDS)
    ]
    order = np.random.default_rng(3).permutation(len(lines)) if shuffled else range(len(lines))
    return "area,age,died,people,standard\n" + "".join(f"{lines[n]}\n" for n in order)


BY_AGE = ("--area", "area", "--stratum", "age", "--events", "died", "--population", "people")


def as_lists(place):
    return [list(AGES[area][place]) for area in AGES]


@pytest.mark.parametrize("shuffled", [False, True])
def test_direct_standardisation_of_a_long_file_in_any_order(run, shuffled):
    _, out, err = run(long(shuffled), "standardised-rate", *BY_AGE, "--standard", "standard", "--method", "gamma")
    found = rates.directly_standardised(as_lists(0), as_lists(1), STANDARD, method="gamma", minimum=10)
    answer = {row["area"]: row for row in rows(out)}
    assert [float(answer[area]["estimate"]) for area in AGES] == pytest.approx(found.estimate.tolist(), rel=1e-12)
    assert [float(answer[area]["upper"]) for area in AGES] == pytest.approx(found.upper.tolist(), rel=1e-12)
    assert [float(answer[area]["events"]) for area in AGES] == [41, 36, 12]
    assert "method: Fay-Feuer" in err


def test_too_few_events_for_a_standardised_rate_say_so(run):
    few = long().replace("E3,65+,9,", "E3,65+,1,")
    _, out, _ = run(few, "standardised-rate", *BY_AGE, "--standard", "standard")
    assert rows(out)[2]["estimate"] == ""
    assert rows(out)[2]["why_not"].startswith("Fewer than 10 events")


@pytest.mark.parametrize("shuffled", [False, True])
def test_indirect_standardisation_against_all_areas_together(run, shuffled):
    _, out, _ = run(long(shuffled), "standardised-ratio", *BY_AGE, "--method", "exact")
    events, people = np.array(as_lists(0)), np.array(as_lists(1))
    due = (people * events.sum(axis=0) / people.sum(axis=0)).sum(axis=1)
    found = rates.indirectly_standardised(events.sum(axis=1), due, "exact")
    answer = {row["area"]: row for row in rows(out)}
    assert [float(answer[area]["expected"]) for area in AGES] == pytest.approx(due.tolist(), rel=1e-12)
    assert [float(answer[area]["lower"]) for area in AGES] == pytest.approx(found.lower.tolist(), rel=1e-12)
    assert sum(float(answer[area]["expected"]) for area in AGES) == pytest.approx(events.sum())


def test_indirect_standardisation_against_a_given_reference(run):
    head, *body = long().splitlines()
    lines = [f"{head},national,nation", *(f"{line},{60 * (n % 3 + 1)},90000" for n, line in enumerate(body))]
    given = ("--reference-events", "national", "--reference-population", "nation")
    _, out, _ = run("\n".join(lines) + "\n", "standardised-ratio", *BY_AGE, *given)
    due = rates.expected_events(as_lists(1), [60, 120, 180], [90000] * 3)
    assert [float(row["expected"]) for row in rows(out)] == pytest.approx(due.tolist())


LIFE = "age,year,sex,hazard_per_day\n" + "".join(
    f"{age},{year},{sex},{0.00001 * (1 + age / 20) * (1.2 if sex == 'male' else 1)}\n"
    for age in (0, 40, 60, 80) for year in (2000, 2010) for sex in ("male", "female")
)  # fmt: skip
ILL = "days,died,age,sex,from\n" + "".join(
    f"{100 * n + 37},{n % 2},{45 + 3 * n},{'male' if n % 3 else 'female'},{2004 + n % 9}-0{n % 9 + 1}-15\n" for n in range(12)
)


@pytest.mark.parametrize("method", ["pohar-perme", "ederer2"])
def test_relative_survival_beside_a_life_table_in_a_second_file(run, tmp_path, method):
    (tmp_path / "life.csv").write_text(LIFE, encoding="utf-8")
    asked = ("--time", "days", "--event", "died", "--age", "age", "--sex", "sex", "--year", "from", "--at", "300", "700")
    code, out, _ = run(ILL, "relative-survival", *asked, "--life-table", str(tmp_path / "life.csv"), "--method", method)
    who, life = rows(ILL), rows(LIFE)
    table = {name: [float(row[name]) for row in life] for name in ("age", "year", "hazard_per_day")} | {
        "sex": [row["sex"] for row in life]
    }
    found = survival.relative(
        [float(row["days"]) for row in who], [int(row["died"]) for row in who], [float(row["age"]) for row in who],
        [row["sex"] for row in who], [row["from"] for row in who], table, at=[300, 700], method=method,
    ).columns  # fmt: skip
    assert code == 0
    assert [float(row["estimate"]) for row in rows(out)] == found["estimate"].tolist()
    years = ILL.replace("-15", "").replace("-0", ".")
    assert run(years, "relative-survival", *asked, "--life-table", str(tmp_path / "life.csv"))[0] == 0


MAP = "region,rate,events,people,beside\n" + "".join(
    f"E{n},{value},{events},1000,{';'.join(f'E{other}' for other in (n - 1, n + 1) if 0 <= other < 6)}\n"
    for n, (value, events) in enumerate([(2.0, 4), (2.5, 6), (4.0, 7), (5.5, 12), (5.0, 9), (6.0, 14)])
)
CHAIN = [[1], [0, 2], [1, 3], [2, 4], [3, 5], [4]]


def test_whether_neighbours_are_alike(run):
    asked = ("--area", "region", "--neighbours", "beside")
    _, out, _ = run(MAP, "moran", *asked, "--values", "rate", "--json")
    found = equity.moran([2.0, 2.5, 4.0, 5.5, 5.0, 6.0], CHAIN)
    assert (document(out)["statistic"], document(out)["p_value"]) == (found.statistic, found.p_value)
    _, out, _ = run(MAP, "moran", *asked, "--values", "events", "--population", "people", "--style", "binary")
    found = equity.moran([4, 6, 7, 12, 9, 14], CHAIN, population=[1000] * 6, style="binary")
    assert float(rows(out)[0]["statistic"]) == found.statistic


MINUTES = [[5, 60, 90], [20, 45, 80], [70, 15, 40], [95, 50, 10]]
PEOPLE, SEATS = [900, 300, 400, 500], [3, 2, 4]


def journeys(reverse=False):
    lines = [
        f"T{place},S{site},{PEOPLE[place]},{SEATS[site]},{MINUTES[place][site]}"
        for place in range(4) for site in range(3)
    ]  # fmt: skip
    return "\n".join(["town,hospital,people,beds,minutes", *(reversed(lines) if reverse else lines)]) + "\n"


@pytest.mark.parametrize("reverse", [False, True])
def test_what_is_within_reach_stands_beside_each_journey(run, reverse):
    asked = ("--place", "town", "--centre", "hospital", "--demand", "people", "--supply", "beds", "--cost", "minutes")
    _, out, _ = run(journeys(reverse), "accessibility", *asked, "--catchment", "60")
    found = equity.accessibility(PEOPLE, SEATS, MINUTES, catchment=60)
    answer = {(row["town"], row["hospital"]): row for row in rows(out)}
    for place in range(4):
        for site in range(3):
            row = answer[f"T{place}", f"S{site}"]
            assert float(row["value"]) == pytest.approx(found.value[place])
            assert float(row["share"]) == pytest.approx(found.share[place, site])
            assert float(row["served"]) == pytest.approx(found.served[site])


@pytest.mark.parametrize("reverse", [False, True])
def test_where_two_hospitals_would_serve_the_towns_best(run, reverse):
    asked = ("--place", "town", "--site", "hospital", "--demand", "people", "--cost", "minutes")
    _, out, _ = run(journeys(reverse), "p-median", *asked, "--p", "2", "--json")
    found = location.p_median(PEOPLE, MINUTES, 2)
    answer = document(out)
    assert (answer["cost"], answer["optimal"], sorted(answer["sites"])) == (found.cost, True, [f"S{n}" for n in found.sites])
    served = dict(zip(answer["columns"]["place"], answer["columns"]["site"], strict=True))
    assert served == {f"T{place}": f"S{site}" for place, site in enumerate(found.assignment.tolist())}
    _, out, err = run(journeys(reverse), "p-median", *asked, "--p", "1", "--fixed", "S2")
    assert {row["site"] for row in rows(out)} == {"S2"}
    assert "bound: " in err


def test_full_hospitals_send_people_further(run):
    asked = ("--place", "town", "--site", "hospital", "--demand", "people", "--cost", "minutes", "--capacity", "room")
    room = "\n".join(line + (",room" if n == 0 else ",1300") for n, line in enumerate(journeys().splitlines())) + "\n"
    _, out, _ = run(room, "p-median", *asked, "--p", "2", "--json")
    found = location.p_median(PEOPLE, MINUTES, 2, capacity=[1300] * 3)
    assert document(out)["cost"] == found.cost
    tight = room.replace(",1300", ",500")
    _, out, _ = run(tight, "p-median", *asked, "--p", "2", "--json")
    assert document(out)["why_not"] != ""
    assert "site" not in document(out)["columns"]


def test_whom_each_hospital_serves(run):
    asked = ("--place", "town", "--site", "hospital", "--demand", "people", "--cost", "minutes")
    _, out, _ = run(journeys(), "catchment", *asked, "--sites", "S2", "S0", "--bands", "15", "45", "--json")
    found = location.catchment(PEOPLE, MINUTES, [2, 0], bands=(15, 45))
    answer = document(out)
    assert answer["columns"]["site"] == ["S2", "S0"]
    assert answer["columns"]["demand"] == found.columns["demand"].tolist()
    assert answer["within"] == {"15.0": found.within[15.0], "45.0": found.within[45.0]}
    assert answer["assignment"]["T3"] == "S2"
    _, out, _ = run(journeys(), "catchment", *asked, "--supply", "beds", "--power", "1")
    by_pull = location.catchment(PEOPLE, MINUTES, supply=SEATS, power=1).columns
    assert [float(row["demand"]) for row in rows(out)] == pytest.approx(by_pull["demand"].tolist())


UNITS = "unit,load,beds,stay\nA,4,8,3\nB,2.5,5,3\nC,9,9,2\n"


def test_beds_apart_and_together(run):
    _, out, err = run(UNITS, "beds", "--loads", "load", "--refusal", ".05")
    found = queues.pooling([4, 2.5, 9], 0.05)
    assert [row["unit"] for row in rows(out)] == ["A", "B", "C"]
    assert [int(row["apart"]) for row in rows(out)] == found.apart.tolist()
    assert f"together: {found.together}" in err
    assert f"saved: {found.saved}" in err


def test_refusals_and_waits(run):
    _, out, _ = run(UNITS, "waiting", "--servers", "beds", "--load", "load", "--stay", "stay", "--within", "1")
    first, _, last = rows(out)
    assert float(first["refused"]) == queues.erlang_b(8, 4)
    assert float(first["must_wait"]) == queues.erlang_c(8, 4)
    assert float(first["mean_wait"]) == queues.mean_wait(8, 4, 3)
    assert float(first["served_within"]) == queues.served_within(8, 4, 3, 1)
    assert (last["mean_wait"], float(last["must_wait"]), float(last["served_within"])) == ("", 1.0, 0.0)
    _, out, _ = run(UNITS, "waiting", "--servers", "beds", "--load", "load", "--json")
    assert document(out)["columns"]["mean_wait"] == [None] * 3
    assert document(out)["columns"]["occupancy"][0] == queues.occupancy(8, 4)


PLACES = ("--place", "town", "--site", "hospital", "--demand", "people", "--cost", "minutes")


@pytest.mark.parametrize(
    ("content", "arguments", "said"),
    [
        (
            long().replace("E2,65+,21,3000,20000\n", ""),
            ("standardised-rate", *BY_AGE, "--standard", "standard"),
            "There is no row of area 'E2' with stratum '65+': every pair needs one.",
        ),
        (
            long() + "E2,65+,21,3000,20000\n",
            ("standardised-rate", *BY_AGE, "--standard", "standard"),
            "area 'E2' with stratum '65+' stands twice, in data row 10 again.",
        ),
        (
            long().replace("E2,65+,21,3000,20000", "E2,65+,21,3000,20001"),
            ("standardised-rate", *BY_AGE, "--standard", "standard"),
            "Column standard must be the same in every row of stratum '65+'.",
        ),
        (
            long(),
            ("standardised-ratio", *BY_AGE, "--reference-events", "died"),
            "standardised-ratio needs --reference-events and --reference-population, or neither.",
        ),
        (
            MAP.replace("E4\n", "E9\n"),
            ("moran", "--area", "region", "--neighbours", "beside", "--values", "rate"),
            "area 'E3' has the neighbour 'E9', which has no row.",
        ),
        (
            MAP.replace("E5,6.0", "E4,6.0"),
            ("moran", "--area", "region", "--neighbours", "beside", "--values", "rate"),
            "area 'E4' stands twice: one row an area.",
        ),
        (
            journeys().replace("T1,S1,300", "T1,S1,301"),
            ("p-median", *PLACES, "--p", "2"),
            "Column demand must be the same in every row of place 'T1'.",
        ),
        (journeys(), ("p-median", *PLACES), "p-median needs --p."),
        (journeys(), ("p-median", *PLACES, "--p", "4"), "p: 4 is not a whole number from 1 to 3."),
        (journeys(), ("p-median", *PLACES, "--p", "2", "--fixed", "S7"), "fixed: there is no site 'S7' in the file."),
        (journeys(), ("catchment", *PLACES, "--sites", "S7"), "sites: there is no site 'S7' in the file."),
        ("town,hospital,people,minutes\n", ("p-median", *PLACES, "--p", "1"), "The file has no rows of data."),
        (UNITS, ("beds", "--loads", "load"), "beds needs --refusal."),
        (UNITS, ("beds", "--loads", "load", "--refusal", "5"), "refusal: 5.0 is not above 0 and up to 1"),
        (UNITS, ("waiting", "--servers", "load", "--load", "load"), "servers: 2.5 is not a whole number"),
        (
            UNITS,
            ("waiting", "--servers", "beds", "--load", "load", "--within", "1"),
            "waiting needs --stay to tell who is served --within a time.",
        ),
        (
            ILL,
            ("relative-survival", "--time", "days", "--event", "died", "--age", "age", "--sex", "sex", "--year", "from"),
            "relative-survival needs --life-table.",
        ),
    ],
)
def test_a_file_of_pairs_that_cannot_be_used_is_refused_in_one_sentence(run, content, arguments, said):
    code, out, err = run(content, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"plenary_stats: {said}")
    assert err.count("\n") == 1


def test_a_life_table_that_lacks_a_column_or_is_not_there_is_refused(run, tmp_path):
    (tmp_path / "life.csv").write_text(LIFE.replace("hazard_per_day", "hazard"), encoding="utf-8")
    asked = ("--time", "days", "--event", "died", "--age", "age", "--sex", "sex", "--year", "from", "--life-table")
    code, _, err = run(ILL, "relative-survival", *asked, str(tmp_path / "life.csv"))
    assert code == 2
    assert "life_table: it needs the columns age, year, sex and hazard_per_day." in err
    code, _, err = run(ILL, "relative-survival", *asked, str(tmp_path / "nowhere.csv"))
    assert code == 2
    assert "nowhere.csv" in err


def test_it_writes_to_a_file_and_reads_standard_input(run, tmp_path, capsys, monkeypatch):
    assert main(["rate", *_given(tmp_path), "--count", "met", "--exposure", "treated", "--out", str(tmp_path / "found.csv")]) == 0
    assert capsys.readouterr().out == ""
    assert len(rows((tmp_path / "found.csv").read_text(encoding="utf-8"))) == 3
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"x,n\n1,4\n")))
    assert main(["proportion", "-", "--successes", "x", "--trials", "n"]) == 0
    assert rows(capsys.readouterr().out)[0]["estimate"] == "0.25"


def _given(folder):
    (folder / "given.csv").write_text(CENTRES, encoding="utf-8")
    return [str(folder / "given.csv")]


def test_a_file_from_excel_is_read_and_said_so(run):
    code, out, err = run("x;n\n1;4\n", "proportion", "--successes", "x", "--trials", "n")
    assert code == 0
    assert rows(out)[0]["estimate"] == "0.25"
    assert "semicolons" in err


@pytest.mark.parametrize(
    ("content", "arguments", "said"),
    [
        (
            CENTRES,
            ("rate", "--count", "dead", "--exposure", "treated"),
            "There is no column 'dead'. The file has: centre, met, treated, expected.",
        ),
        (
            CENTRES,
            ("rate", "--count", "centre", "--exposure", "treated"),
            "Column 'centre' holds 'RJ1' in data row 1: it must be a number.",
        ),
        ("x,n\n1,2\n,3\n", ("rate", "--count", "x", "--exposure", "n"), "Column 'x' is empty in data row 2"),
        (
            CENTRES,
            ("proportion", "--successes", "treated", "--trials", "met"),
            "successes: there are more successes than trials.",
        ),
        (CENTRES, ("proportion", "--successes", "met", "--trials", "treated", "--method", "wald"), "method: 'wald' is none of"),
        (CENTRES, ("leximin", "--need", "treated", "--floor", "met"), "leximin needs --supply"),
        (PATIENTS, ("logrank", "--time", "days", "--event", "died"), "logrank needs --group"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(run, content, arguments, said):
    code, out, err = run(content, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"plenary_stats: {said}")
    assert err.count("\n") == 1


def test_a_file_that_is_not_there(capsys):
    assert main(["rate", "nowhere.csv", "--count", "x", "--exposure", "n"]) == 2
    assert "nowhere.csv" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [[], ["unknown"], ["rate", "x.csv"], ["rate", "x.csv", "--count", "a", "--exposure", "b", "--level", "high"]]
)
def test_unusable_arguments_end_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "--help" in capsys.readouterr().err


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_every_command_says_what_it_does(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert "CSV" in capsys.readouterr().out


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A virtual environment in which nothing is installed; it sees this library, numpy and scipy, and no other package."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder / "env", with_pip=False, symlinks=True)
    seen = folder / "seen"
    seen.mkdir()
    for package in (plenary_stats, np, scipy):
        home = Path(package.__file__).parent
        (seen / home.name).symlink_to(home)
        if (libraries := home.with_name(f"{home.name}.libs")).exists():
            (seen / libraries.name).symlink_to(libraries)

    def run(*arguments):
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DJANGO"))}
        python = folder / "env" / "bin" / "python"
        return subprocess.run(
            [python, *arguments], env=clean | {"PYTHONPATH": str(seen)}, capture_output=True, text=True, check=False
        )

    return run


def test_alone_in_a_bare_environment(bare, tmp_path):
    for package in ("django", "plenary", "pandas", "openpyxl", "statsmodels"):
        assert f"No module named '{package}'" in bare("-c", f"import {package}").stderr
    arguments = ("--observed", "met", "--denominator", "treated", "--json")
    ran = bare("-m", "plenary_stats", "funnel", *_given(tmp_path), *arguments)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert document(ran.stdout)["columns"]["flag"] == comparison.funnel([52, 30, 0], [60, 41, 0]).columns["flag"].tolist()
    ran = bare("-m", "plenary_stats", "funnel", *_given(tmp_path), "--observed", "none", "--denominator", "treated")
    assert ran.returncode == 2
    assert "There is no column 'none'" in ran.stderr


def test_every_module_loads_in_a_bare_environment(bare):
    home = Path(plenary_stats.__file__).parent
    paths = [path.relative_to(home.parent).with_suffix("") for path in home.rglob("*.py") if path.stem != "__main__"]
    modules = sorted(".".join(path.parts).removesuffix(".__init__") for path in paths)
    assert len(modules) > 30
    ran = bare(
        "-c", f"import importlib, sys\nfor name in {modules!r}: importlib.import_module(name)\nprint('django' in sys.modules)"
    )
    assert (ran.stdout.strip(), ran.stderr) == ("False", "")
