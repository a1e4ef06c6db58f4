"""Work on every core: the same answers as on one, also where a copy of the process comes to grief."""

import os
import threading
from pathlib import Path

import pytest

from plenary_stats import cores, tables
from plenary_stats.tables import ResultTable

PIECES = list(range(2 * cores.FEWEST + 1))


@pytest.fixture(autouse=True, params=[1, 2, 3])
def machine(request, monkeypatch):
    """Run each test on machines of one, two and three cores."""
    monkeypatch.setattr(os, "cpu_count", lambda: request.param)
    return request.param


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """Let no thread of another test keep the process from being copied."""
    monkeypatch.setattr(threading, "active_count", lambda: 1)


def test_answers_come_in_the_order_of_the_pieces():
    assert cores.each(lambda number: number * number, PIECES) == [number * number for number in PIECES]


def test_pieces_may_be_anything_and_need_no_copying():
    """The work reaches what cannot be pickled: a lambda, an open file, a lock."""
    lock = threading.Lock()
    assert cores.each(lambda piece: piece(lock), [lambda held: held.locked()] * cores.FEWEST) == [False] * cores.FEWEST


def test_the_work_is_shared(machine):
    done_by = cores.each(lambda _: os.getpid(), PIECES)
    assert len(set(done_by)) == machine
    assert done_by[0] == os.getpid()
    counts = sorted(done_by.count(number) for number in set(done_by))
    assert counts[-1] - counts[0] <= 1


def test_few_pieces_are_done_here():
    assert set(cores.each(lambda _: os.getpid(), PIECES[: cores.FEWEST - 1])) == {os.getpid()}
    assert cores.each(lambda number: number, []) == []


def test_a_process_with_several_threads_is_not_copied(monkeypatch):
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    assert set(cores.each(lambda _: os.getpid(), PIECES)) == {os.getpid()}


def test_a_machine_without_copies_of_a_process_does_it_here(monkeypatch):
    monkeypatch.delattr(os, "fork")
    assert set(cores.each(lambda _: os.getpid(), PIECES)) == {os.getpid()}


def test_the_share_of_a_copy_that_dies_is_done_here():
    here = os.getpid()

    def work(number):
        if os.getpid() != here:
            os.kill(os.getpid(), 9)
        return number + 1

    assert cores.each(work, PIECES) == [number + 1 for number in PIECES]


def test_an_error_is_raised_as_on_one_core_wherever_it_happens():
    for place in (0, 1, 2, len(PIECES) - 1):

        def work(number, place=place):
            if number == place:
                raise ValueError(f"piece {number}")
            return number

        with pytest.raises(ValueError, match=f"piece {place}"):
            cores.each(work, PIECES)


def test_no_copy_is_left_behind_when_the_work_fails_here():
    here = os.getpid()

    def work(number):
        if os.getpid() == here:
            raise ValueError("here")
        return number

    with pytest.raises(ValueError, match="here"):
        cores.each(work, PIECES)
    with pytest.raises(ChildProcessError):  # none is there to be waited for
        os.waitpid(-1, os.WNOHANG)


def test_answers_that_cannot_be_sent_are_made_here():
    found = cores.each(lambda number: lambda: number, PIECES)
    assert [answer() for answer in found] == PIECES


def test_tables_come_back_as_they_were_and_still_kept_from_change(machine):
    made = ResultTable({"value": tables.numbers([1, None]), "service": tables.text(["a", ""])}, name="activity", kind="count")
    found = cores.each(lambda _: (made, os.getpid()), PIECES)
    assert len({place for _, place in found}) == machine
    for copy, _ in found:
        assert tables.dump(copy) == tables.dump(made)
        with pytest.raises(TypeError):
            copy.columns["value"] = made["value"]


def test_long_answers_do_not_block():
    found = cores.each(lambda number: bytes([number % 251]) * 20_000, PIECES)
    assert [len(answer) for answer in found] == [20_000] * len(PIECES)
    assert [answer[0] for answer in found] == [number % 251 for number in PIECES]


def test_the_share_of_a_copy_that_cannot_be_made_is_done_here(machine, monkeypatch):
    fork, made = os.fork, []

    def scarce():
        if made:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        made.append(True)
        return fork()

    monkeypatch.setattr(os, "fork", scarce)
    done_by = cores.each(lambda number: (number, os.getpid()), PIECES)
    assert [number for number, _ in done_by] == PIECES
    assert len({place for _, place in done_by}) == min(machine, 2)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def open_files():
    """Return the names of the files that this process has open, where the machine tells."""
    told = Path("/proc/self/fd")
    return {path.name for path in told.iterdir()} if told.is_dir() else set()


def test_no_file_is_left_open_where_nothing_can_be_copied(monkeypatch):
    def refused(*_):
        raise OSError(24, "Too many open files")

    before = open_files()
    monkeypatch.setattr(os, "fork", refused)
    assert set(cores.each(lambda _: os.getpid(), PIECES)) == {os.getpid()}
    assert open_files() == before
    monkeypatch.setattr(os, "pipe", refused)
    assert set(cores.each(lambda _: os.getpid(), PIECES)) == {os.getpid()}


class PickyError(Exception):
    """Can be sent, and cannot be made again from what was sent."""

    def __init__(self, one, two):
        super().__init__(f"{one} {two}")


def test_answers_that_cannot_be_read_back_are_made_here():
    found = cores.each(lambda number: PickyError(number, "two"), PIECES)
    assert [str(answer) for answer in found] == [f"{number} two" for number in PIECES]
