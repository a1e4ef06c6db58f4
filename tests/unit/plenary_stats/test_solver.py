import numpy as np

from plenary_stats.solver import Box, Programme, matrix

ROWS = [[(0, 1.0), (1, 1.0)], [(1, 1.0), (2, 1.0)]]
RIGHT = Box(np.array([10.0, -np.inf]), np.array([10.0, 7.0]))


def test_one_programme_answers_question_after_question():
    programme = Programme(ROWS, RIGHT, Box(np.zeros(3), np.full(3, 100.0)))
    programme.cost([0], [1.0])
    assert programme.minimise()[0] == 3
    programme.cost([0], [-1.0])
    assert programme.minimise()[0] == 10
    programme.costs(np.array([0.0, 0.0, -1.0]))
    assert programme.minimise()[2] == 7


def test_bounds_may_change_between_questions():
    programme = Programme(ROWS, RIGHT, Box(np.zeros(3), np.full(3, 100.0)), np.array([1.0, 0.0, 0.0]))
    assert programme.minimise()[0] == 3
    programme.bound(2, 5.0, 5.0)
    assert programme.minimise()[0] == 8
    programme.bound(2, 0.0, 100.0)
    assert programme.minimise()[0] == 3


def test_what_nothing_satisfies_has_no_answer():
    programme = Programme(ROWS, RIGHT, Box(np.array([0.0, 20.0, 0.0]), np.full(3, 100.0)))
    assert programme.minimise() is None


def test_the_matrix_is_that_of_the_rows():
    assert matrix(ROWS, 3).toarray().tolist() == [[1, 1, 0], [0, 1, 1]]
