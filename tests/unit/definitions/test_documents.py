"""The shipped documents can be read, say who answers for them, and fit one another."""

import tomllib
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings

from plenary.core import actions as core_actions
from plenary.core import queries as core_queries
from plenary.core.terms import SYSTEM
from plenary.registry import queries
from plenary_stats import spec
from plenary_stats.dictionary import checks, difference, document
from plenary_stats.dictionary.elements import read_library
from plenary_stats.disclosure import read_policy

FOLDER = Path(__file__).parents[3] / "definitions"
OUTCOMES = sorted((FOLDER / "outcomes").glob("*/*.toml"))
DATASETS = [path for path in sorted((FOLDER / "datasets").glob("*/*.csv")) if not path.stem.startswith("proposed-")]
PROPOSED = sorted((FOLDER / "datasets").glob("*/proposed-*.csv"))
ELEMENTS = FOLDER / "elements" / "elements.toml"
LIBRARY = read_library(ELEMENTS.read_bytes())
TWELVE = {
    "ahus", "alkaptonuria", "biliary-atresia", "bone-tumours", "choriocarcinoma", "ecmo-adult", "ecmo-child", "lam",
    "pseudomyxoma", "pulmonary-endarterectomy", "retinoblastoma", "vein-of-galen",
}  # fmt: skip
ANSWERABLE = [*(FOLDER / "policies").glob("*.toml"), *(FOLDER / "wording").glob("*.toml"), *(FOLDER / "services").glob("*.toml"),
              *(FOLDER / "layouts").glob("*.toml"), *(FOLDER / "identification").glob("*/*.toml"), *OUTCOMES, ELEMENTS,
              FOLDER / "areas" / "areas.toml", FOLDER / "datasets" / "datasets.toml"]  # fmt: skip


def named(path):
    return f"{path.parent.name}/{path.stem}"


def outcome_set(path):
    return spec.read_outcome_set(path.read_bytes())


def dataset(service, version="2026-1"):
    return spec.read_dictionary((FOLDER / "datasets" / service / f"{version}.csv").read_bytes(), service, version)


@pytest.mark.parametrize("path", ANSWERABLE, ids=named)
def test_every_document_says_who_answers_for_it_and_until_when(path):
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    assert document["owner"]
    assert document["reviewed"] < document["next_review"]
    assert document["reviewed"] >= date(2026, 1, 1)
    if path.parent.name != "areas":  # there each file is named with its own source
        assert document.get("source") or document.get("sources") or document["confidence"] == "recalled"


def test_twelve_services_have_a_data_set_and_an_outcome_set():
    assert {path.parent.name for path in OUTCOMES} == TWELVE
    assert {(path.parent.name, path.stem) for path in OUTCOMES} == {(path.parent.name, path.stem) for path in DATASETS}
    assert {path.stem for path in (FOLDER / "services").glob("*.toml")} >= TWELVE


@pytest.mark.parametrize("path", OUTCOMES, ids=named)
class TestOutcomeSets:
    def test_it_is_of_its_service_and_version_and_not_yet_agreed(self, path):
        found = outcome_set(path)
        assert (found.service, found.version) == (path.parent.name, path.stem)
        assert found.proposed is True
        assert found.agreed_on is None
        assert found.sources
        assert [notice for notice in found.notices if "not used" in notice] == []

    def test_every_expression_fits_the_data_set(self, path):
        assert spec.problems(outcome_set(path), dataset(path.parent.name, path.stem)) == []

    def test_two_outcomes_or_more_can_be_computed(self, path):
        assert sum(outcome.computed for outcome in outcome_set(path).outcomes) >= 2

    def test_every_outcome_and_benchmark_has_a_source(self, path):
        for outcome in outcome_set(path).outcomes:
            assert outcome.extra["source"], outcome.id
            if "this project" in outcome.extra["source"]:
                assert outcome.proposed, outcome.id
            if outcome.benchmark is not None:
                assert outcome.benchmark.source, outcome.id

    def test_a_benchmark_of_proportions_is_a_share(self, path):
        for outcome in outcome_set(path).outcomes:
            if outcome.benchmark is not None and outcome.measure in {"proportion", "survival"}:
                assert 0 <= outcome.benchmark.value <= 1, outcome.id

    def test_a_benchmark_of_survival_stands_beside_one_time_only(self, path):
        for outcome in outcome_set(path).outcomes:
            if outcome.measure == "survival" and outcome.benchmark is not None:
                assert len(outcome.at) == 1, outcome.id

    def test_the_window_is_as_long_as_the_follow_up_that_is_asked_for(self, path):
        for outcome in outcome_set(path).outcomes:
            assert all(days <= 365.25 * outcome.window_years for days in outcome.at_days), outcome.id


@pytest.mark.parametrize("path", DATASETS, ids=named)
class TestDataSets:
    def test_what_every_case_says(self, path):
        found = dataset(path.parent.name, path.stem)
        for name in ("centre", "case_id", "area", "sex", "birth_date", "last_seen_on", "vital_status"):
            assert found.by_name[name].required, name
        assert found.by_name["birth_date"].identifier
        assert found.notices == ()

    def test_the_date_that_puts_a_case_in_its_period(self, path):
        found = dataset(path.parent.name, path.stem)
        assert found.by_name[found.index_date].required
        assert found.by_name[found.index_date].kind == "date"

    def test_nothing_that_names_a_patient_is_asked_for(self, path):
        words = {"name", "postcode", "address", "nhs", "surname", "forename", "phone", "email"}
        for field in dataset(path.parent.name, path.stem).by_name.values():
            assert not words & set(field.name.split("_")), field.name

    def test_every_field_that_is_asked_under_a_condition_has_one_that_can_be_read(self, path):
        for field in dataset(path.parent.name, path.stem).by_name.values():
            assert bool(field.branching) == (field.condition is not None), field.name

    def test_numbers_have_limits(self, path):
        for field in dataset(path.parent.name, path.stem).by_name.values():
            if field.kind in {"number", "integer"}:
                assert field.minimum < field.maximum, field.name


@pytest.mark.parametrize("path", [*DATASETS, *PROPOSED], ids=named)
class TestDictionaries:
    def test_it_has_no_finding_and_comes_back_byte_for_byte(self, path):
        found = document.read(path.read_bytes())
        assert checks.check(found, LIBRARY) == []
        assert document.write(found) == path.read_bytes()

    def test_it_fits_the_outcome_set_of_its_service(self, path):
        agreed = outcome_set(FOLDER / "outcomes" / path.parent.name / "2026-1.toml")
        made = spec.read_dictionary(path.read_bytes(), path.parent.name, path.stem, LIBRARY)
        assert spec.problems(agreed, made) == []
        assert made.notices == ()


def test_every_service_has_a_proposal_that_says_where_it_comes_from():
    proposals = tomllib.loads((FOLDER / "datasets" / "datasets.toml").read_text(encoding="utf-8"))["proposals"]
    assert {path.parent.name for path in PROPOSED} == TWELVE
    assert {path.stem for path in PROPOSED} == {f"proposed-{proposals['version']}"}
    assert proposals["source"]
    assert proposals["status"].startswith("proposed")


@pytest.mark.parametrize("path", PROPOSED, ids=named)
class TestProposals:
    def test_it_asks_for_codes_that_are_checked_and_keeps_nothing_that_names_a_patient(self, path):
        made = spec.read_dictionary(path.read_bytes(), path.parent.name, path.stem, LIBRARY)
        elements = {one.element.id for one in made.fields if one.element}
        assert {"nhs-number", "postcode", "orphacode", "icd-10", "ods-code"} <= elements
        assert elements & {"opcs-4", "dmd"}
        assert not {"nhs_number", "postcode", "birth_date"} & set(made.collected)
        assert made.calculated

    def test_files_of_the_version_in_use_are_read_as_before(self, path):
        changes = difference.compare(document.read(path.with_name("2026-1.csv").read_bytes()), document.read(path.read_bytes()))
        assert {one.kind for one in changes} == {"added", "changed"}
        assert [one.field for one in changes if one.breaks] == ["centre"]  # a code of a centre was an ODS code before, unchecked

    def test_every_condition_and_order_of_dates_can_be_held_to(self, path):
        made = spec.read_dictionary(path.read_bytes(), path.parent.name, path.stem, LIBRARY)
        assert [one.name for one in made.fields if bool(one.branching) != (one.condition is not None)] == []


def test_figures_of_the_sources_that_can_be_recomputed():
    known = {(path.parent.name, outcome.id): outcome.benchmark.value
             for path in OUTCOMES for outcome in outcome_set(path).outcomes if outcome.benchmark}  # fmt: skip
    for (service, outcome), (events, of) in {
        ("biliary-atresia", "clearance-of-jaundice"): (505, 831),
        ("biliary-atresia", "died-without-operation"): (10, 867),
        ("biliary-atresia", "primary-transplant"): (26, 867),
        ("ecmo-adult", "survival-to-discharge"): (887, 1205),
        ("ahus", "kidney-recovery"): (8, 15),
        ("ahus", "treatment-stopped"): (14, 43),
        ("ahus", "treatment-restarted"): (3, 14),
        ("vein-of-galen", "intact"): (13, 33),
        ("alkaptonuria", "tyrosine-brought-down"): (4, 10),
        ("choriocarcinoma", "needed-chemotherapy"): (120, 1200),
    }.items():
        assert known[service, outcome] == pytest.approx(events / of, abs=0.0006)


def test_the_registry_hands_the_documents_out():
    proposed = (FOLDER / "datasets" / "lam" / "proposed-2027-1.csv").read_bytes()
    assert queries.proposed_data_set_files("lam") == {"2027-1": proposed}
    assert queries.elements() == LIBRARY
    assert list(queries.outcome_set_files("lam")) == list(queries.data_set_files("lam")) == ["2026-1"]
    assert queries.outcome_set_files("lam")["2026-1"] == (FOLDER / "outcomes" / "lam" / "2026-1.toml").read_bytes()


@pytest.mark.django_db
class TestPolicies:
    @pytest.fixture(autouse=True)
    def _adopted(self):
        core_actions.adopt_policies(FOLDER / "policies", by=SYSTEM)

    def test_the_disclosure_policy_is_one_that_disclosure_control_understands(self):
        body = core_queries.policy("disclosure", date(2026, 11, 22)).body
        policy = read_policy(
            "\n".join(f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}" for key, value in body.items())
        )
        assert (policy.threshold, policy.event_threshold, policy.minimum_width, policy.zeros) == (30, 5, 10, "protect")

    def test_two_people_review_blind_and_not_their_own_proposal(self):
        body = core_queries.policy("release-review", date(2026, 11, 22)).body
        assert body == {"reviewers": 2, "blind_first": True, "proposer_may_review": False}

    def test_the_sign_in_policy_is_what_the_settings_do(self):
        body = core_queries.policy("sign-in", date(2026, 11, 22)).body
        assert f"{body['failed_attempts']}/{body['lockout_minutes']}m/key" in settings.ACCOUNT_RATE_LIMITS["login_failed"]
        lengths = [one["OPTIONS"]["min_length"] for one in settings.AUTH_PASSWORD_VALIDATORS if "OPTIONS" in one]
        assert lengths == [body["password_length"]]
        assert settings.PLENARY.idle_minutes == body["idle_minutes"]
        assert body["support_days"] == core_actions.SUPPORT_DAYS

    def test_no_unexplained_case_may_be_left(self):
        assert core_queries.policy("case-series", date(2026, 11, 22)).body["unexplained_cases"] == 0


def test_every_public_sentence_is_in_english_and_ends():
    for key, entry in queries.wording("public").items():
        if isinstance(entry, dict):
            assert entry["en"].endswith("."), key
            assert set(entry) <= {"en", "cy", "mark"}, key


def test_marks_are_those_of_the_data_files():
    sentences = queries.wording("public")
    marks = {
        key: sentences[key]["mark"] for key in ("withheld", "withheld-for-another", "not-collected", "not-applicable", "low")
    }
    assert marks == {
        "withheld": "[c]",
        "withheld-for-another": "[c]",
        "not-collected": "[x]",
        "not-applicable": "[z]",
        "low": "[low]",
    }
