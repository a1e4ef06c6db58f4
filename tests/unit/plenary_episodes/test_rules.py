"""Identification rules: documents with dates, refused where they are wrong, explained in words."""

from datetime import date
from pathlib import Path

import pytest

from plenary_episodes import rules
from plenary_stats.errors import InputError
from tests.unit.plenary_episodes import made

SHIPPED = Path(__file__).parents[3] / "definitions" / "identification"
FULL = """
name = "identification"
service = "eyes"
version = "2026"
valid_from = 2017-04-01
valid_to = 2027-04-01
owner = "network"
window_days = 60
proposed = true

[[rule]]
id = "child"
label = "Cancer of the retina"
layouts = ["admitted-care"]
valid_from = 2020-04-01

[rule.include]
diagnosis = { any = ["C69.2", "c40-c41"], position = "dominant" }
procedure = ["X70"]
provider = ["R1H", "RQ3"]
age = { from = 1, below = 16 }

[[rule.exclude]]
diagnosis = { any = ["Z94"], position = "secondary" }
sex = ["male"]
"""


def only(folder, text=FULL):
    (found,) = made.rule_sets(folder, text=text)
    return found


def test_a_document_is_read_whole(tmp_path):
    found = only(tmp_path)
    assert (found.service, found.version, found.window_days, found.proposed) == ("eyes", "2026", 60, True)
    (rule,) = found.rules
    assert (rule.id, rule.layouts) == ("child", ("admitted-care",))
    assert (rule.valid_from, rule.valid_to) == (date(2020, 4, 1), date(2027, 4, 1))
    assert (rule.include.age_from, rule.include.age_below) == (1, 16)
    assert rule.include.places == {"provider": ("R1H", "RQ3")}
    assert rule.exclude[0].codes[0].position == "secondary"


def test_codes_stand_as_in_files_and_ranges_are_spread(tmp_path):
    (rule,) = only(tmp_path).rules
    assert rule.include.codes[0].prefixes == ("C40", "C41", "C692")


@pytest.mark.parametrize(
    ("written", "stand"),
    [("C69.2", ["C692"]), ("c69 2", ["C692"]), ("W05-W07", ["W05", "W06", "W07"]), ("A99-B01", ["A99", "B00", "B01"])],
)
def test_a_code_is_spread(written, stand):
    assert rules.Codes("diagnosis", (written,)).prefixes == tuple(stand)


def test_a_drug_is_a_name_without_its_spaces():
    assert rules.Codes("drug", ("Eculizumab 300", "A10-A12")).prefixes == ("A10-A12", "ECULIZUMAB300")


def test_the_explanation_says_everything(tmp_path):
    assert only(tmp_path).rules[0].explained() == (
        "Cancer of the retina: in admitted-care files, episodes from 2020-04-01 before 2027-04-01 where a diagnosis in the first "
        "position begins with C69.2 or c40-c41 and a procedure begins with X70 and the provider is R1H or RQ3 and the age is 1 or "
        "more and the age is below 16; not where a diagnosis after the first position begins with Z94 and the sex is male."
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "identification"', 'name = "policy"', "is no identification document"),
        ('service = "eyes"', 'service = "The Eyes"', "must be in small letters"),
        ('id = "child"', 'id = "a/b"', "must be in small letters"),
        ("valid_from = 2017-04-01\n", "", "must have 'valid_from'"),
        ("window_days = 60", "window_days = -1", "nought days or more"),
        ("valid_from = 2020-04-01", "valid_from = 2028-04-01", "ends before it begins"),
        ('position = "dominant"', 'position = "first"', "any, dominant, secondary"),
        ('"C69.2", ', '"69.2", ', "'692' is no diagnosis code"),
        ('["X70"]', "[]", "needs codes"),
        ("[rule.include]", "[rule.includes]", "rule 1 include must be a table"),
        ("age = { from = 1", "age = { form = 1", "does not know form"),
        ('provider = ["R1H", "RQ3"]', 'hospital = ["R1H"]', "does not know hospital"),
        ("proposed = true", "proposd = true", "does not know proposd"),
        ('\nsex = ["male"]', '\nsex = "male"', "'sex' must be a list"),
    ],
)  # fmt: skip
def test_a_faulty_document_is_refused(tmp_path, old, new, said):
    assert old in FULL
    with pytest.raises(InputError, match=said):
        only(tmp_path, FULL.replace(old, new, 1))


def test_a_rule_without_a_code_would_take_whole_hospitals(tmp_path):
    with pytest.raises(InputError, match="includes by no code"):
        made.one_rule(tmp_path, 'provider = ["R1H"]')


def test_criteria_that_say_nothing_are_refused(tmp_path):
    with pytest.raises(InputError, match="it would hold for every episode"):
        made.one_rule(tmp_path, 'diagnosis = ["C69"]', "\n[[rule.exclude]]\n")


def test_a_document_without_rules_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"one \[\[rule\]\] at least"):
        only(tmp_path, FULL[: FULL.index("[[rule]]")])


def test_a_folder_gives_every_document_in_order(tmp_path):
    for name, service in (("b.toml", "knees"), ("a.toml", "lungs")):
        made.rule_file(tmp_path, service=service, name=name)
    assert [one.service for one in rules.read_rules(tmp_path)] == ["knees", "lungs"]


def test_two_rules_of_one_name_are_refused(tmp_path):
    made.rule_file(tmp_path, name="a.toml")
    made.rule_file(tmp_path, name="b.toml")
    with pytest.raises(InputError, match="Two rules are called eyes code"):
        rules.read_rules(tmp_path)


@pytest.mark.parametrize("name", ["nowhere", "nowhere.toml"])
def test_no_rule_is_refused(tmp_path, name):
    with pytest.raises(InputError, match=name):
        rules.read_rules(tmp_path / name)
    with pytest.raises(InputError, match="no identification rule"):
        rules.read_rules(tmp_path)


def test_versions_of_one_service_must_agree_on_the_window(tmp_path):
    sets = made.rule_sets(tmp_path, window=30)
    assert rules.windows(sets) == {"eyes": 30}
    with pytest.raises(InputError, match="different windows"):
        rules.windows([*sets, *made.rule_sets(tmp_path, window=60)])


def test_the_shipped_rules_are_of_the_twelve_services_and_all_proposed():
    found = rules.read_rules(SHIPPED)
    datasets = {path.name for path in (SHIPPED.parent / "datasets").iterdir() if path.is_dir()}
    assert {one.service for one in found} <= {path.stem for path in (SHIPPED.parent / "services").glob("*.toml")}
    assert len({one.service for one in found}) >= 12
    assert {one.service for one in found} & datasets
    assert all(one.proposed for one in found)
    for one in found:
        for rule in one.rules:
            assert rule.explained().startswith(rule.label)
