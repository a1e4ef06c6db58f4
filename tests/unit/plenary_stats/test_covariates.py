import numpy as np
import pytest

from plenary_stats.covariates import design


def test_a_table_keeps_its_columns():
    names, table = design([[1, 2], [3, 4], [5, 6]], 3)
    assert names == ["x1", "x2"]
    assert table.tolist() == [[1, 2], [3, 4], [5, 6]]


def test_one_covariate_may_be_a_list():
    assert design([1, 2], 2)[1].shape == (2, 1)


def test_texts_become_a_column_for_each_but_the_first():
    names, table = design({"blood": ["B", "A", "O", "A"], "age": [1, 2, 3, 4], "ill": [True, False, True, True]}, 4)
    assert names == ["blood=B", "blood=O", "age", "ill"]
    assert table[:, 0].tolist() == [1, 0, 0, 0]
    assert table[:, 1].tolist() == [0, 0, 1, 0]
    assert table[:, 3].tolist() == [1, 0, 1, 1]


def test_no_covariates_are_an_empty_table():
    assert design({}, 3)[1].shape == design(np.zeros((3, 0)), 3)[1].shape == (3, 0)


@pytest.mark.parametrize(
    ("covariates", "says"),
    [
        ([[1], [2]], "a table of 3 rows"),
        ({"age": [1]}, "age must have"),
        ({"age": [1, 2, np.nan]}, "covariates: age: every value"),
        (np.zeros((3, 1, 1)), "a table of 3 rows"),
    ],
)
def test_unusable_covariates_are_refused(covariates, says):
    with pytest.raises(ValueError, match=says):
        design(covariates, 3)


def test_a_table_of_numbers_is_not_copied_but_checked_by_columns():
    table = np.arange(6.0).reshape(3, 2)
    assert np.shares_memory(design(table, 3)[1], table)
    table[1, 1] = np.inf
    with pytest.raises(ValueError, match="covariates: x2: every value"):
        design(table, 3)


def test_a_table_of_texts_has_a_column_for_each_level_but_the_first():
    names, table = design(np.array([["a", "x"], ["b", "x"], ["c", "y"]]), 3)
    assert names == ["x1=b", "x1=c", "x2=y"]
    assert table.tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 1]]
