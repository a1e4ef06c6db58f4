"""Contract monitoring is held against itself: every difference and every row that cannot be used is named."""

import random
from datetime import date
from decimal import Decimal

import pytest

from plenary_episodes import contract
from plenary_episodes.pseudonyms import Pseudonyms
from plenary_stats.errors import InputError
from tests.unit.plenary_episodes.made import KEY, NHS

YEAR = date(2025, 4, 1), date(2026, 4, 1)
TOTALS = "service,centre,month,category,amount_gbp\n"
LINES = "record,service,centre,month,category,amount_gbp,nhs_number,local_id\n"


def total(category="drugs", amount="300.00", month="2025-06", centre="RJ1"):
    return f'ecmo,{centre},{month},{category},"{amount}"\n'


def line(record, amount="100.00", category="drugs", month="2025-06", nhs="", local=""):
    return f'{record},ecmo,RJ1,{month},{category},"{amount}",{nhs},{local}\n'


def check(totals, lines=None, key=True):
    sent = ("totals.csv", (TOTALS + "".join(totals)).encode())
    single = None if lines is None else ("lines.csv", (LINES + "".join(lines)).encode())
    secret = Pseudonyms(KEY) if key else Pseudonyms(b"x" * 32, kept=False)
    return contract.check(sent, single, service="ecmo", centre="RJ1", period=YEAR, pseudonyms=secret)


def rules(found):
    return [(one.file, one.row, one.field, one.rule) for one in found.findings]


def test_what_adds_up_has_no_finding():
    found = check(
        [total(), total("activity", "1,000,000"), total("High cost devices", "50.5")],
        [line(1), line(2, "250"), line(3, "-50"), line(4, "50.50", "device")],
    )
    assert found.findings == []
    assert found.total == Decimal("1000350.50")
    drugs = next(one for one in found.balances if one.category == "drugs")
    assert (drugs.total, drugs.lines, drugs.difference, drugs.patients) == (300, 300, 0, 3)


def test_a_difference_is_named_at_its_total_with_what_to_do():
    found = check([total(), total(month="2025-07", amount="10")], [line(1), line(2, "150.01"), line(3, "10.02", month="202507")])
    assert rules(found) == [("totals.csv", 2, "amount_gbp", "total-differs"), ("totals.csv", 3, "amount_gbp", "total-differs")]
    assert found.findings[0].message == "The lines of drugs in 2025-06 add up to £250.01, the total says £300.00: £49.99 less."
    assert "£0.02 more" in found.findings[1].message
    assert found.findings[0].remedy
    assert found.blocking == 2


def test_lines_without_a_total_and_a_total_without_lines():
    found = check([total("devices", "10")], [line(1)])
    assert sorted(rules(found)) == [
        ("lines.csv", 2, "category", "no-total"), ("totals.csv", 2, "amount_gbp", "no-lines"),
    ]  # fmt: skip


def test_without_lines_only_what_needs_none_adds_up():
    assert check([total("activity")]).findings == []
    assert rules(check([total("drugs")])) == [("totals.csv", 2, "amount_gbp", "no-lines")]
    assert check([total("drugs", "0")]).findings == []


@pytest.mark.parametrize(
    ("totals", "lines", "rule"),
    [
        ([total(), total()], [line(1, "300")], ("totals.csv", 3, "category", "total-twice")),
        ([total(centre="RM2")], [], ("totals.csv", 2, "centre", "other-place")),
        ([total("sweets")], [], ("totals.csv", 2, "category", "not-permitted")),
        ([total(month="2026-04")], [], ("totals.csv", 2, "month", "other-period")),
        ([total(month="June")], [], ("totals.csv", 2, "month", "other-period")),
        ([total(amount="many")], [], ("totals.csv", 2, "amount_gbp", "number")),
        ([total(amount="NaN")], [], ("totals.csv", 2, "amount_gbp", "number")),
        ([total(amount="-1")], [], ("totals.csv", 2, "amount_gbp", "minimum")),
        ([total(amount="")], [], ("totals.csv", 2, "amount_gbp", "required")),
        ([total()], [line(1, "300"), line(1)], ("lines.csv", 3, "record", "repeated-row")),
        ([total()], [line(""), line(1, "300")], ("lines.csv", 2, "record", "required")),
        ([total()], [line(NHS[0], "300", nhs=NHS[0])], ("lines.csv", 2, "record", "nhs-number")),
        ([], [], ("totals.csv", 0, "", "no-total")),
    ],
)
def test_a_row_that_cannot_be_used_is_named(totals, lines, rule):
    found = check(totals, lines)
    assert rule in rules(found)
    assert all(one.message and one.remedy for one in found.findings)
    assert NHS[0] not in repr(found.findings)


def test_identifiers_become_pseudonyms_and_nothing_else_of_them_is_left():
    found = check([total(amount="400")], [line(1, nhs=NHS[0]), line(2, nhs=NHS[0]), line(3, local="L-77"), line(4)])
    assert found.balances[0].patients == 3
    assert found.lines[0].person == found.lines[1].person == Pseudonyms(KEY).nhs_numbers([NHS[0]])[0]
    assert found.lines[2].person not in ("", found.lines[0].person)
    assert NHS[0] not in repr(found)
    assert "L-77" not in repr(found)


def test_without_a_kept_key_nobody_has_a_pseudonym():
    found = check([total(amount="100")], [line(1, nhs=NHS[0])], key=False)
    assert [one.person for one in found.lines] == [""]


@pytest.mark.parametrize(
    ("content", "part"), [(b"a,b\n1,2\n", "one column service"), (b"", "empty"), (b"PK\x03\x04nothing", "totals")]
)
def test_a_file_that_is_none_is_refused(content, part):
    with pytest.raises(InputError, match=part):
        contract.check(("totals.csv", content), None, service="ecmo", centre="RJ1", period=YEAR, pseudonyms=Pseudonyms(KEY))


@pytest.mark.parametrize("seed", range(20))
def test_what_is_read_is_used_or_refused_and_any_single_change_is_found(seed):
    draw = random.Random(seed)
    months = ["2025-05", "2025-06"]
    lines = [(n, draw.randint(-500, 5000), draw.choice(["drugs", "devices"]), draw.choice(months)) for n in range(1, 30)]
    places = sorted({one[2:] for one in lines})
    sums = {place: max(0, sum(amount for _, amount, *where in lines if tuple(where) == place)) for place in places}
    totals = [total(category, str(amount), month) for (category, month), amount in sums.items()]
    sound = check(totals, [line(number, str(amount), category, month) for number, amount, category, month in lines])
    assert sound.findings == []
    assert sound.read["line"] == len(sound.lines) + sound.refused["line"] == 29
    victim = draw.randrange(len(lines))
    changed = [line(n, str(amount + 1 if n == victim + 1 else amount), c, m) for n, amount, c, m in lines]
    found = check(totals, changed)
    assert [one.rule for one in found.findings] == ["total-differs"]
    lost = check(totals, [one for place, one in enumerate(changed) if place != victim])
    assert (lines[victim][1] == 0) or {one.rule for one in lost.findings} <= {"total-differs", "no-lines"} != set()
