import numpy as np
import pytest

from plenary.releases import queries
from plenary_stats.errors import InputError
from plenary_stats.tables import ResultTable, text


def table(values: dict[str, float]) -> ResultTable:
    columns = {"centre": text(values), "value": np.array(list(values.values()), dtype=float)}
    return ResultTable(columns, name="activity", kind="count", dimensions=("centre",))


def test_the_door_protects_and_proves_it():
    policy = queries.disclosure_policy('threshold = 20\nzeros = "publish"')
    done = queries.protected([table({"A": 12, "B": 40, "C": 60, "Total": 112})], policy)
    assert np.isnan(done.tables[0]["value"]).sum() == 2
    assert queries.attacked(done.tables, policy).clean


def test_the_door_shows_what_an_unprotected_table_gives_away():
    leaky = table({"A": np.nan, "B": 40, "Total": 52})
    leaky = ResultTable({**leaky.columns, "status": text(["c", "", ""])}, name="activity", dimensions=("centre",))
    how = "patients of Total (52) less B (40)"
    found = queries.attacked([leaky], queries.disclosure_policy())
    assert found.rows() == [{"centre": "A", "quantity": "patients", "low": 12, "high": 12, "verdict": "exact", "how": how}]


def test_a_policy_survives_the_way_through_json():
    policy = queries.disclosure_policy({"threshold": 10, "hierarchies": {"area": [["L", "BIG"]]}})
    assert queries.disclosure_policy(queries.disclosure_policy_plain(policy)) == policy


def test_a_policy_with_a_misspelt_entry_is_refused():
    with pytest.raises(InputError, match="treshold"):
        queries.disclosure_policy("treshold = 5")


def test_the_door_finds_what_a_text_says_of_few_people():
    policy = queries.disclosure_policy("threshold = 10")
    (found,) = queries.named_in("Open since 2019. 12 patients came and 9 are alive.", policy)
    assert (found.number, found.sentence) == (9, "12 patients came and 9 are alive.")
