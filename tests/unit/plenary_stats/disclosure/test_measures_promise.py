"""What protect promises to a reader who knows what measures mean: random services, attacked from the patients up.

The reader is an integer programme written here: so many patients, known, dead by a month, dead by a year, better, worse in each
centre. It knows all that is shown, and takes two measures for one where all that is shown of them is the same.
"""

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from plenary_stats.disclosure import Policy, protect
from plenary_stats.tables import TOTAL, ResultTable, text

BASES = {"inc@30d": "inc", "inc@1y": "inc", "dead": "dead", "change@better": "change", "change@worse": "change", "x": "x"}
COLUMNS = ("numerator", "denominator", "not_eligible", "not_known")
MOST = 3000
ASKED = 6


def invented(seed):
    """A service: by centre its patients, of them those left out and not known, and to how many each thing happened."""
    draw = np.random.default_rng(seed)
    centres = int(draw.integers(1, 6))
    patients = draw.integers(5, 150, size=centres)
    unknown = np.minimum(draw.integers(0, 3, size=centres) * int(draw.random() < 0.5), patients - 3)
    left_out = draw.integers(0, 3, size=centres) * int(draw.random() < 0.3)
    of = patients - unknown - left_out
    early, better = draw.binomial(of, 0.05), draw.binomial(of, 0.6)
    happened = {"inc@30d": early, "inc@1y": early + draw.binomial(of - early, 0.1), "dead": early, "change@better": better}
    happened |= {"change@worse": draw.binomial(of - better, 0.2), "x": draw.binomial(of, 0.08)}
    rows = {
        (code, name): (pick(met), pick(of), pick(left_out), pick(unknown))
        for name, met in happened.items()
        for code, pick in [*((f"C{each}", lambda column, each=each: int(column[each])) for each in range(centres)), (TOTAL, sum)]
    }
    return {f"C{each}": int(size) for each, size in enumerate(patients)} | {TOTAL: int(patients.sum())}, rows


def tables(people, rows):
    columns = {"centre": text([code for code, _ in rows]), "measure": text([name for _, name in rows])}
    columns |= {name: np.array([row[order] for row in rows.values()], float) for order, name in enumerate(COLUMNS)}
    columns["value"] = columns["numerator"] / np.maximum(columns["denominator"], 1)
    activity = {"centre": text(people), "measure": text(["patients"] * len(people)), "value": np.array([*people.values()], float)}
    return [
        ResultTable(activity, name="activity", kind="count", dimensions=("centre", "measure")),
        ResultTable(columns, name="outcomes", kind="rate", dimensions=("centre", "measure")),
    ]


class Reader:
    """Whole numbers of each centre, and what is known of them."""

    def __init__(self, centres, least):
        self.centres, self.least, self.place = centres, least, {}
        self.rows, self.low, self.high = [], [], []
        for code in centres:
            for base in sorted(set(BASES.values())):
                whole = [("denominator", base, code), ("not_eligible", base, code), ("not_known", base, code)]
                self.say({("patients", "", code): 1.0} | dict.fromkeys(whole, -1.0), 0, 0)
            for name, base in BASES.items():
                self.say({("denominator", base, code): 1.0, ("numerator", name, code): -1.0}, 0, np.inf)
            self.say({("numerator", "inc@1y", code): 1.0, ("numerator", "inc@30d", code): -1.0}, 0, np.inf)
            both = {("numerator", "change@better", code): -1.0, ("numerator", "change@worse", code): -1.0}
            self.say(both | {("denominator", "change", code): 1.0}, 0, np.inf)

    def say(self, terms, low, high):
        self.rows.append({self.place.setdefault(name, len(self.place)): factor for name, factor in terms.items()})
        self.low.append(low)
        self.high.append(high)

    def at(self, quantity, name, code):
        """A number of one centre, or of all."""
        return {(quantity, name, each): 1.0 for each in (self.centres if code == TOTAL else [code])}

    def told(self, number, value):
        self.say(number, *((self.least, np.inf) if np.isnan(value) else (value, value)))

    def range_of(self, number):
        cost, matrix = np.zeros(len(self.place)), np.zeros((len(self.rows), len(self.place)))
        for name, factor in number.items():
            cost[self.place[name]] += factor
        for order, row in enumerate(self.rows):
            matrix[order, [*row]] = [*row.values()]
        known = LinearConstraint(matrix, self.low, self.high)
        return [
            round(sign * milp(sign * cost, constraints=known, integrality=np.ones(len(cost)), bounds=Bounds(0, MOST)).fun)
            for sign in (1, -1)
        ]


def reading(made, centres, least):
    """What a reader makes of published tables, and the numbers that they withhold: by name, as sums."""
    reader, hidden, shown = Reader(centres, least), {}, {}
    for row in made[0].rows():
        number = reader.at("patients", "", row["centre"])
        reader.told(number, row["value"])
        if np.isnan(row["value"]):
            hidden["patients", "", row["centre"]] = number
    for row in made[1].rows():
        name, code = row["measure"], row["centre"]
        of, met = reader.at("denominator", BASES[name], code), reader.at("numerator", name, code)
        reader.told(of, row["denominator"])
        for column in ("not_eligible", "not_known"):
            reader.say(reader.at(column, BASES[name], code), *([0, np.inf] if np.isnan(row[column]) else [row[column]] * 2))
        rest = of | {each: -factor for each, factor in met.items()}
        if np.isnan(row["numerator"]):
            hidden |= {("numerator", name, code): met, ("complement", name, code): rest}
            least = reader.least if not np.isnan(row["denominator"]) else 0
            for number in (met, rest):
                reader.say(number, least, np.inf)
        else:
            reader.told(met, row["numerator"])
            shown[name, code] = row["numerator"], row["denominator"]
        if np.isnan(row["denominator"]):
            hidden["denominator", name, code] = of
    guess(reader, shown)
    return reader, hidden


def guess(reader, shown):
    """Two measures of which all that is shown is the same, twice at least and neither nought nor all, are one."""
    for one, of in BASES.items():
        for other, its_of in BASES.items():
            both = [(shown[one, code], shown[other, code]) for name, code in shown if name == one and (other, code) in shown]
            telling = {mine for mine, _ in both if 0 < mine[0] < mine[1]}
            if one < other and of != its_of and len(telling) > 1 and all(mine == its for mine, its in both):
                for code in reader.centres:
                    reader.say({("numerator", one, code): 1.0, ("numerator", other, code): -1.0}, 0, 0)
                    reader.say({("denominator", of, code): 1.0, ("denominator", its_of, code): -1.0}, 0, 0)


def true_number(people, rows, name):
    quantity, measure, code = name
    if quantity == "patients":
        return people[code]
    met, of, *_ = rows[code, measure]
    return {"numerator": met, "complement": of - met, "denominator": of}[quantity]


@pytest.mark.parametrize("zeros", ["publish", "protect"])
@pytest.mark.parametrize("seed", range(16))
def test_no_small_number_is_narrowed_by_what_measures_mean(seed, zeros):
    """In the seventh, deaths within a month would be told too nearly by those within a year."""
    people, rows = invented(seed)
    policy = Policy(zeros=zeros)
    made = protect(tables(people, rows), policy).tables
    reader, hidden = reading(made, [code for code in people if code != TOTAL], 1 if zeros == "publish" else 0)
    asked = 0
    for name, number in sorted(hidden.items()):
        true, few = true_number(people, rows, name), name[0] in {"numerator", "complement"}
        small, width = (policy.event_threshold, policy.event_width) if few else (policy.threshold, policy.minimum_width)
        if true >= small or (true == 0 and zeros == "publish") or asked >= ASKED:
            continue
        asked += 1
        low, high = reader.range_of(number)
        assert low <= true <= high
        assert high - low >= width, (name, true, low, high)
