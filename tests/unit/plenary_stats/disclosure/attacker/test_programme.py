import numpy as np

from plenary_stats.disclosure.attacker.programme import FAR, Questions
from plenary_stats.disclosure.attacker.system import Bounds, Rows


def questions(high=9.0, **more):
    rows = Rows(np.zeros(2, dtype=np.int64), np.arange(2), np.ones(2), np.array([10.0]), np.array([10.0]))
    return Questions(rows, Bounds(np.zeros(2), np.full(2, high), np.ones(2, bool)), **more)


def test_each_question_has_an_answer_of_its_own():
    asked = questions()
    answers = []
    for costs in ([1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]):
        asked.costs(np.array(costs))
        answers.append(asked.minimise().tolist())
    assert answers == [[1.0, 9.0], [9.0, 1.0], [9.0, 1.0]]


def test_limits_of_rows_may_change():
    asked = questions(dual=True)
    asked.limits([0], [18.0], [18.0])
    assert asked.minimise().tolist() == [9.0, 9.0]
    asked.limits([0], [19.0], [19.0])
    assert asked.minimise() is None


def test_no_limit_is_one_far_away():
    asked = questions(np.inf)
    assert asked.capped.tolist() == [FAR * 10, FAR * 10]


def test_the_row_that_bears_upon_an_answer_has_a_price():
    asked = questions()
    asked.costs(np.array([1.0, 2.0]))
    asked.minimise()
    assert asked.duals().tolist() == [2.0]


def test_the_bound_that_bears_upon_an_answer_has_a_price():
    """x + y = 10, both at most 9: x least is 1 because y is 9 at most; one more for y is one less for x."""
    asked = questions()
    asked.costs(np.array([1.0, 0.0]))
    assert asked.minimise().tolist() == [1.0, 9.0]
    assert asked.prices().tolist() == [0.0, -1.0]


def test_the_bounds_of_a_column_may_change_and_change_back():
    asked = questions()
    asked.costs(np.array([-1.0, 0.0]))
    asked.bound(0, 2.0, 4.0)
    assert asked.minimise().tolist() == [4.0, 6.0]
    asked.bound(0, 0.0, 9.0)
    assert asked.minimise().tolist() == [9.0, 1.0]
    asked.cost([0], [1.0])
    assert asked.minimise().tolist() == [1.0, 9.0]


def test_rows_of_several_columns_and_limits_are_read_as_they_stand():
    """x + 2 y is 4 to 8, y less z is nought: the least of x is nought, the greatest eight, of z four."""
    rows = Rows(
        np.array([0, 0, 1, 1]),
        np.array([0, 1, 1, 2]),
        np.array([1.0, 2.0, 1.0, -1.0]),
        np.array([4.0, 0.0]),
        np.array([8.0, 0.0]),
    )
    asked = Questions(rows, Bounds(np.zeros(3), np.full(3, np.inf), np.ones(3, bool)))
    ends = []
    for place, sign in ((0, 1.0), (0, -1.0), (2, -1.0)):
        costs = np.zeros(3)
        costs[place] = sign
        asked.costs(costs)
        ends.append(asked.minimise()[place])
    assert ends == [0.0, 8.0, 4.0]


def test_what_cannot_be_has_no_answer_and_another_question_may():
    asked = questions()
    asked.bound(0, 0.0, 0.0)
    assert asked.minimise() is None
    asked.bound(0, 1.0, 1.0)
    assert asked.minimise().tolist() == [1.0, 9.0]


def test_the_solver_prints_nothing(capfd):
    asked = questions()
    asked.start()
    asked.minimise()
    assert capfd.readouterr() == ("", "")
