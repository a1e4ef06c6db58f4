"""The invented world: same seed, same bytes; every trouble is in it; nothing in it could be taken for real."""

import csv
import tomllib
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from plenary.demo import world
from plenary.registry import queries as registry
from plenary_stats import comparison
from plenary_stats import folder as collection_folder


@pytest.fixture(scope="module")
def made():
    return world.invent(seed=7, services=8, years=2, cases_per_year=900)


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory):
    out = tmp_path_factory.mktemp("world")
    world.write(made, out)
    return out


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def last_cases(folder, service):
    return rows(folder / service.slug / "cases-2025-26.csv")


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_same_seed_same_bytes(made, folder, tmp_path):
    world.write(world.invent(seed=7, services=8, years=2, cases_per_year=900), tmp_path)

    assert files(tmp_path) == files(folder)


def test_other_seed_other_cases(folder, tmp_path):
    world.write(world.invent(seed=8, services=8, years=2, cases_per_year=900), tmp_path)

    assert files(tmp_path).keys() != files(folder).keys() or files(tmp_path) != files(folder)


@pytest.mark.parametrize("services", [1, 3, 25])
def test_any_number_of_services(services):
    made = world.invent(seed=1, services=services, years=1, cases_per_year=100)

    assert len({service.slug for service in made.services}) == services


def test_any_number_of_years():
    made = world.invent(seed=1, services=2, years=4, cases_per_year=100)

    assert [world.year_label(year) for year in made.years] == ["2022/23", "2023/24", "2024/25", "2025/26"]


def test_year_label_over_a_century():
    assert world.year_label(date(2099, 4, 1)) == "2099/00"


def test_everything_says_that_it_is_invented(folder):
    assert tomllib.loads((folder / "collection.toml").read_text())["invented"] is True
    assert all("nvented" in row["name"] and "nvented" in row["description"] for row in rows(folder / "services.csv"))
    assert all(row["name"].startswith("Invented") and row["centre"].startswith("INV") for row in rows(folder / "centres.csv"))


@pytest.mark.django_db
def test_no_invented_code_is_a_real_one(folder):
    real = {area.code for area in registry.areas().every}

    assert real.isdisjoint(row["centre"] for row in rows(folder / "centres.csv"))


def test_a_code_has_one_name(made):
    pairs = {(centre.code, centre.name) for service in made.services for centre in service.centres}

    assert len(pairs) == len({code for code, _ in pairs})


def test_one_centre_does_worse(made, folder):
    service = made.services[0]
    outlier = service.centres[0].code
    complete = {True: [], False: []}
    for case in last_cases(folder, service):
        if case["complete"]:
            complete[case["centre"] == outlier].append(case["complete"] == "yes")

    assert sum(complete[True]) / len(complete[True]) < 0.65 < sum(complete[False]) / len(complete[False])


def test_one_service_has_one_centre(made):
    assert [len(service.centres) for service in made.services].count(1) == 1


def test_one_service_has_fewer_than_thirty_patients(made, folder):
    assert 0 < len(last_cases(folder, made.services[2])) < 30


def test_merger_moves_the_cases_and_keeps_the_history(made, folder):
    service = made.services[3]
    closed, successor = service.centres[:2]
    after = [case for case in last_cases(folder, service) if date.fromisoformat(case["referral_date"]) >= closed.designated_to]
    before = [case for case in last_cases(folder, service) if date.fromisoformat(case["referral_date"]) < closed.designated_to]

    assert closed.code in {case["centre"] for case in before}
    assert closed.code not in {case["centre"] for case in after}
    assert successor.takes_over == closed.code


def test_late_centre_sent_earlier_years_but_not_the_last(made, folder):
    service = made.services[4]
    late = service.centres[0].code

    assert late not in {case["centre"] for case in last_cases(folder, service)}
    assert late in {case["centre"] for case in rows(folder / service.slug / "cases-2024-25.csv")}
    assert next(row["count"] for row in rows(folder / service.slug / "expected.csv") if row["centre"] == late).isdigit()


def test_missing_case_is_expected_and_not_sent(made, folder):
    service = made.services[5]
    sent = {case["case_id"] for case in last_cases(folder, service)}
    expected = {row["case_id"] for row in rows(folder / service.slug / "expected.csv")}

    assert [case for case in expected - sent if case] == [f"{service.centres[0].code}-MISSING-1"]


def test_patients_live_in_all_four_nations(made, folder):
    found = {registry.areas().find(case["area"]).name for service in made.services for case in last_cases(folder, service)
             if registry.areas().find(case["area"]).kind == "nation"}  # fmt: skip

    assert found == {"Scotland", "Wales", "Northern Ireland"}


def test_nobody_is_seen_before_referral_or_after_the_cut_off(made, folder):
    for service in made.services:
        for case in last_cases(folder, service):
            assert case["referral_date"] <= case["last_seen_date"] <= "2026-05-31"
            assert case["birth_date"] <= case["referral_date"]


def test_case_numbers_are_unique_within_a_service(made, folder):
    for service in made.services:
        numbers = [case["case_id"] for path in (folder / service.slug).glob("cases*.csv") for case in rows(path)]
        assert len(numbers) == len(set(numbers))


def test_deaths_on_support_are_deaths_at_follow_up(made, folder):
    for case in last_cases(folder, made.services[4]):
        if case["discharge_status"] == "dead":
            assert case["vital_status"] == "dead"


def test_cases_of_a_closed_centre_go_to_its_successor_only(made):
    service = made.services[3]
    closed = service.centres[0]
    alone = replace(service, centres=(replace(closed, share=1.0), replace(service.centres[1], share=0.0)))
    codes = [(case["referral_date"], case["centre"]) for case in world.cases_of(made, alone, made.years[-1])]

    assert {code for day, code in codes if day < closed.designated_to} == {closed.code}
    assert {code for day, code in codes if day >= closed.designated_to} == {service.centres[1].code}


# -- what the world promises, whatever its seed and size


@pytest.fixture(scope="module", params=[(1, 6, 60), (2, 8, 900), (2024, 12, 3000)], ids=lambda chosen: f"seed {chosen[0]}")
def any_world(request, tmp_path_factory):
    """A world of some size, and its folder."""
    seed, services, cases = request.param
    made = world.invent(seed=seed, services=services, years=2, cases_per_year=cases)
    out = tmp_path_factory.mktemp("any")
    world.write(made, out)
    return made, out


def test_the_outlier_is_beyond_the_control_limits_and_the_worst(any_world):
    made, out = any_world
    service = made.services[0]
    counts = {}
    for case in last_cases(out, service):
        if case["complete"]:
            good, all_of_them = counts.get(case["centre"], (0, 0))
            counts[case["centre"]] = (good + (case["complete"] == "yes"), all_of_them + 1)
    codes = sorted(counts)
    funnel = comparison.funnel(*(np.array([counts[code][part] for code in codes]) for part in (0, 1)))
    p_low = dict(zip(codes, funnel.columns["p_low"].tolist(), strict=True))
    outlier = service.centres[0].code
    assert p_low[outlier] < 0.001
    assert min(p_low, key=p_low.get) == outlier


def test_its_troubles_stand_each_in_a_service_of_its_own(any_world):
    made, out = any_world
    services = made.services
    found = {
        "one centre": [s.slug for s in services if len(s.centres) == 1],
        "small": [s.slug for s in services if len(last_cases(out, s)) < 30],
        "merger": [s.slug for s in services if any(c.designated_to for c in s.centres)],
        "late": [s.slug for s in services if any(c.late for c in s.centres)],
        "missing case": [s.slug for s in services if s.missing_case],
        "outlier": [s.slug for s in services if any(c.quality < 0.8 for c in s.centres)],
    }
    assert {trouble: len(slugs) for trouble, slugs in found.items()} == dict.fromkeys(found, 1)
    assert len({slugs[0] for slugs in found.values()}) == len(found)


def test_the_merger_lies_within_the_last_year_and_is_on_the_list_of_centres(any_world):
    made, out = any_world
    [(service, closed)] = [(s, c) for s in made.services for c in s.centres if c.designated_to]
    assert made.years[-1] < closed.designated_to < made.years[-1].replace(year=made.years[-1].year + 1)
    listed = {row["centre"]: row["designated_to"] for row in rows(out / "centres.csv") if row["service"] == service.slug}
    assert listed.pop(closed.code) == closed.designated_to.isoformat()
    assert set(listed.values()) == {""}
    assert [c.code for c in service.centres if c.takes_over == closed.code] == [service.centres[1].code]


def test_patients_of_all_four_nations_come_to_its_centres(any_world):
    made, out = any_world
    homes = {registry.region_of(case["area"], made.years[-1]) for service in made.services for case in last_cases(out, service)}
    others = {"Scotland", "Wales", "Northern Ireland"}
    assert others < homes
    assert homes - others <= {region.name for region in registry.regions()}


def test_its_shares_are_shares_and_its_spend_follows_them(any_world):
    made, out = any_world
    for service in made.services:
        assert sum(centre.share for centre in service.centres) == pytest.approx(1)
    paid = {(row["service"], row["centre"]): float(row["amount_gbp"]) for row in rows(out / "expenditure.csv")}
    assert set(paid) == {(service.slug, centre.code) for service in made.services for centre in service.centres}
    assert all(amount > 0 for amount in paid.values())


def test_it_passes_its_own_check(any_world):
    """Nothing blocks; what is remarked on is the trouble that was put there."""
    made, out = any_world
    read, findings = collection_folder.read(out)
    assert [(found.file, found.row, found.message) for found in findings.blocking] == []
    assert read.invented is True
    for service in made.services:
        sent = len(read.cases[service.slug])
        assert sent == sum(len(rows(path)) for path in (out / service.slug).glob("cases*.csv"))
        assert read.outcome_sets[service.slug].outcomes
        assert set(read.narrative[service.slug]) == set(collection_folder.SECTIONS)


def test_a_case_has_only_the_fields_that_its_answers_open(any_world):
    """Nobody who was not accepted has an operation, and nobody is operated on before the referral."""
    made, out = any_world
    for service in made.services:
        for case in last_cases(out, service):
            if case.get("accepted") == "no":
                later = ("operation_date", "complete", "complication_grade", "stay_days", "support_date", "support_days")
                assert not any(case.get(name) for name in later)
            if case.get("operation_date"):
                assert case["referral_date"] <= case["operation_date"] <= case["last_seen_date"]
            assert case["vital_status"] in {"alive", "dead"}


def test_a_year_more_leaves_the_last_year_as_it_was():
    """The cases of a year depend on the seed, the service and the year alone."""
    short, long = (world.invent(seed=3, services=6, years=years, cases_per_year=60) for years in (1, 3))
    for one, other in zip(short.services, long.services, strict=True):
        assert one == other
        assert list(world.cases_of(short, one, short.years[-1])) == list(world.cases_of(long, other, long.years[-1]))


@pytest.mark.parametrize("number", [21, 40, 41])
def test_conditions_are_named_anew_once_they_run_out(number):
    made = world.invent(seed=1, services=number, years=1, cases_per_year=number * 60)
    assert len({service.name for service in made.services}) == number
    assert all(service.name.startswith("Invented service: ") for service in made.services)
    pairs = {(centre.code, centre.name) for service in made.services for centre in service.centres}
    assert len(pairs) == len({code for code, _ in pairs})
    for service in made.services:
        assert len({centre.code for centre in service.centres}) == len(service.centres)
