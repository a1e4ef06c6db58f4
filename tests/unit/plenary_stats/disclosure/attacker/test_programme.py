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
