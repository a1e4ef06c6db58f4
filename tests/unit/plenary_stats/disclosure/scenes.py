"""All scenes that attacker and suppressor must read alike: margins, groupings, periods, lists, editions, outcomes."""

from __future__ import annotations

import math

from plenary_stats.disclosure import Policy
from plenary_stats.tables import ResultTable
from tests.unit.plenary_stats.disclosure.known import counts, outcome
from tests.unit.plenary_stats.disclosure.scene import Scene, access, marked, rate_of, scene, without

REGIONS = (("A", "North"), ("B", "North"), ("C", "West"))
BY_REGION = Policy(hierarchies={"centre": REGIONS})
TO_TOTAL = Policy(hierarchies={"centre": (*REGIONS, ("North", "Total"), ("West", "Total"))})
WITH_D = Policy(hierarchies={"centre": (("A", "North"), ("D", "North"), ("C", "West"))})
ACTIVITY = counts({("A", "patients"): 100}, ("centre", "measure"))
SURVIVAL = outcome([("survival", 70, 90, 6, 4)])
MET = "denominator A survival = complement A survival + numerator A survival"
PEOPLE = "patients A patients = denominator A survival + not_eligible A survival + not_known A survival"
SEX, CENTRE, YEARS = ("sex", "period"), ("centre", "period"), ("period", "centre")
LAST = counts({("F", "2024"): 40, ("Total", "2024"): 70}, SEX)
IN_2025 = "patients Total 2025 = patients F 2025 + patients M 2025"
POOL_OF_D = {("D", "2019 to 2020"): 50, ("D", "2020"): 40}
"""Ten of D's fifty were of 2019, whatever the lists of that year say."""


def pool(total: int, years: str = "2024 to 2025") -> dict:
    """90 women and 60 men in two years, and so many in all."""
    return {("F", years): 90, ("M", years): 60, ("Total", years): total}


def regions(**told: int | None) -> ResultTable:
    return counts(told, ("centre",))


CROSSING = Policy(
    hierarchies={
        "centre": tuple((c, p) for p, m in {"p": "ab", "q": "c", "x": "ac", "y": "b", "Total": "pqxy"}.items() for c in m)
    }
)
"""Everybody is in p or q, and again in x or y."""


SCENES: dict[str, Scene] = {
    # -- margins
    "a margin is the sum of all codes that occur": scene(
        counts({"A": 40, "B": 50, "Total": 90}), sums={"patients Total = patients A + patients B"}
    ),
    "centres add up within their own service": scene(
        counts({("s", "A"): 40, ("s", "Total"): 40, ("t", "B"): 50, ("t", "Total"): 50}, ("service", "centre")),
        sums={"patients s Total = patients s A", "patients t Total = patients t B"},
    ),
    "tables are linked where a dimension is lacking": scene(
        counts({"A": 70}),
        counts({("A", "F"): 30, ("A", "M"): 40}, ("centre", "sex")),
        sums={"patients A Total = patients A F + patients A M"},
    ),
    "an unused dimension stands at its total": scene(
        counts({("A", ""): 70, ("A", "Total"): 70}, ("centre", "sex")), cells={"patients A Total"}, sums=()
    ),
    "a table of two breakdowns adds up both ways": scene(
        counts({(sex, area): None for sex in ("F", "M", "Total") for area in ("N", "S", "Total")}, ("sex", "area")),
        sums={
            *(f"patients {sex} Total = patients {sex} N + patients {sex} S" for sex in ("F", "M", "Total")),
            *(f"patients Total {area} = patients F {area} + patients M {area}" for area in ("N", "S", "Total")),
        },
    ),
    "a total that the shown parts exceed is no total": scene(counts({"A": 40, "B": 50, "Total": 80}), sums=()),
    "a total that a single shown part exceeds by one is none either": scene(counts({"A": 40, "B": None, "Total": 39}), sums=()),
    "a total of more than its parts is open": scene(
        counts({"A": 40, "B": 50, "Total": 95}), sums={"patients Total > patients A + patients B"}
    ),
    "a total of one more than its parts is open too": scene(
        counts({"A": 40, "B": 50, "Total": 91}), sums={"patients Total > patients A + patients B"}
    ),
    "a total with a withheld part is not open, however large": scene(
        counts({"A": 40, "B": None, "Total": 95}), sums={"patients Total = patients A + patients B"}
    ),
    "a total of what is shown leaves a withheld nought": scene(
        counts({"A": 40, "B": None, "Total": 40}), sums={"patients Total = patients A + patients B"}
    ),
    # -- groupings
    "regions add up where no centre is listed": scene(
        regions(North=None, West=40, Total=52), policy=BY_REGION, has={"patients Total = patients North + patients West"}
    ),
    "and where the policy names the nation": scene(
        regions(North=None, West=40, Total=52), policy=TO_TOTAL, has={"patients Total = patients North + patients West"}
    ),
    "regions of a service add up too": scene(
        counts({("s", "North"): None, ("s", "West"): 40, ("s", "Total"): 52}, ("service", "centre")),
        policy=BY_REGION,
        has={"patients s Total = patients s North + patients s West"},
    ),
    "listed centres are their region": scene(
        regions(A=None, B=40, North=52),
        policy=BY_REGION,
        has={"patients North = patients A + patients B"},
    ),
    "regions and the centres in them are not counted twice": scene(
        regions(A=None, B=None, C=None, North=None, West=None, Total=None),
        policy=BY_REGION,
        sums={
            "patients North = patients A + patients B",
            "patients West = patients C",
            "patients Total = patients North + patients West",
        },
    ),
    "groups that share a centre do not add up": scene(
        regions(p=None, x=None, z=None, Total=None),
        policy=Policy(hierarchies={"centre": (("a", "p"), ("b", "p"), ("b", "x"), ("c", "x"), ("d", "z"))}),
        has={"patients p = patients a + patients b", "patients x = patients b + patients c"},
        lacks={"patients Total = patients p + patients x + patients z"},
    ),
    "a part that is not listed leaves room": scene(
        regions(North=52, A=None), policy=BY_REGION, sums={"patients North = patients A + patients B"}
    ),
    "a region by itself is a sum of nobody who is listed": scene(
        counts({("s", "North"): 52, ("t", "A"): None, ("t", "B"): None}, ("service", "centre")), policy=BY_REGION, sums=()
    ),
    # -- periods
    "a total of all periods does not count pooled years beside their years": scene(
        counts(dict.fromkeys(["2019", "2020", "2019 to 2020", "Total"]), ("period",)),
        has={"patients 2019 to 2020 = patients 2019 + patients 2020"},
        lacks={"patients Total = patients 2019 + patients 2019 to 2020 + patients 2020"},
    ),
    "the years of a region are those of its centres though only its pool was published": scene(
        counts({("North", "2019 to 2020"): 90}, CENTRE),
        before=[counts({("A", "2020"): 40, ("B", "2020"): 40}, CENTRE)],
        policy=BY_REGION,
        has={"patients North 2020 = patients A 2020 + patients B 2020"},
        pieces={"patients North 2019"},
    ),
    "and where it is the one region": scene(
        counts({("North", "2019 to 2020"): 90}, CENTRE),
        before=[counts({("A", "2020"): 40, ("B", "2020"): 40}, CENTRE)],
        policy=Policy(hierarchies={"centre": REGIONS[:2]}),
        has={"patients North 2020 = patients A 2020 + patients B 2020"},
        pieces={"patients North 2019"},
    ),
    "pooled years are made of their years": scene(
        counts({"2024": 40, "2025": None, "2024 to 2025": 90}, ("period",)),
        sums={"patients 2024 to 2025 = patients 2024 + patients 2025"},
        implied=(),
    ),
    "pooled financial years too": scene(
        counts({"2023/24": 40, "2024/25": None, "2023/24 to 2024/25": 90}, ("period",)),
        sums={"patients 2023/24 to 2024/25 = patients 2023/24 + patients 2024/25"},
    ),
    "a span that no year is given for is one period": scene(counts({"2024-2025": 40}, ("period",)), sums=(), implied=()),
    "a year that stands nowhere is a cell": scene(
        counts({"2024": 60, "2024 to 2025": 72}, ("period",)),
        sums={"patients 2024 to 2025 = patients 2024 + patients 2025"},
        implied={"patients 2025"},
    ),
    "what adds up in a pool adds up in its years wherever the period stands": scene(
        counts({("2024 to 2025", sex): value for (sex, _), value in pool(150).items()}, ("period", "sex")),
        before=[counts({("2024", "F"): 40, ("2024", "Total"): 70}, ("period", "sex"))],
        has={"patients 2025 Total = patients 2025 F + patients 2025 M"},
    ),
    "what adds up in a pool adds up in its years": scene(counts(pool(150), SEX), before=[LAST], has={IN_2025}),
    "a pool of one more than its groups counts somebody else": scene(counts(pool(151), SEX), before=[LAST], lacks={IN_2025}),
    "and one of many more": scene(counts(pool(160), SEX), before=[LAST], lacks={IN_2025}),
    "of two pools each tells of its own years": scene(
        counts(pool(150) | pool(160, "2026 to 2027"), SEX),
        before=[counts({(sex, year): n for year in ("2024", "2026") for sex, n in (("F", 40), ("Total", 70))}, SEX)],
        has={IN_2025},
        lacks={"patients Total 2027 = patients F 2027 + patients M 2027"},
    ),
    "years that two pools share add up in both": scene(
        counts({(code, span): None for code in ("A", "B", "Total") for span in ("2021 to 2022", "2022 to 2023")}, CENTRE),
        has={"patients Total 2022 = patients A 2022 + patients B 2022"},
    ),
    "services have pools of their own": scene(
        counts({("s", "2021 to 2022"): 50, ("t", "2022"): 40}, ("service", "period")), implied=(), sums=()
    ),
    # -- lists that leave a centre out
    "no list means nobody": scene(
        counts({("A", "2024 to 2025"): 90, ("D", "2024 to 2025"): None, ("Total", "2024 to 2025"): 121}, CENTRE),
        before=[counts({("A", "2024"): 40, ("Total", "2024"): 40}, CENTRE)],
        absent={"patients D 2024"},
        implied={"patients A 2025", "patients D 2025", "patients Total 2025"},
        has={"patients Total 2025 = patients A 2025 + patients D 2025"},
    ),
    "a list of regions leaves no centre out": scene(
        counts(POOL_OF_D, CENTRE),
        before=[counts({("North", "2019"): 90, ("West", "2019"): 90}, CENTRE)],
        policy=WITH_D,
        absent=(),
    ),
    "figures are believed before a list that leaves a centre out": scene(
        counts(POOL_OF_D, CENTRE), before=[counts({("A", "2019"): 90}, CENTRE)], absent=(), implied={"patients D 2019"}
    ),
    "be it for one patient": scene(
        counts(POOL_OF_D | {("D", "2020"): 49}, CENTRE),
        before=[counts({("A", "2019"): 90}, CENTRE)],
        absent=(),
        implied={"patients D 2019"},
    ),
    "where nothing speaks against the list it holds": scene(
        counts(POOL_OF_D | {("D", "2020"): 50}, CENTRE),
        before=[counts({("A", "2019"): 90}, CENTRE)],
        absent={"patients D 2019"},
        implied=(),
    ),
    "nor is what is withheld a word against it": scene(
        counts(POOL_OF_D | {("D", "2020"): None}, CENTRE),
        before=[counts({("A", "2019"): 90}, CENTRE)],
        absent={"patients D 2019"},
        implied=(),
    ),
    "a region had nobody where none of its centres is listed": scene(
        counts({("North", "2019 to 2020"): 90, ("West", "2019 to 2020"): 90}, CENTRE),
        before=[counts({("A", "2019"): None}, CENTRE)],
        policy=BY_REGION,
        nobody={"patients West 2019"},
        somebody={"patients North 2019", "patients A 2019"},
    ),
    "only centres can be left out of a list": scene(
        counts({("F", "2024 to 2025"): None, ("X", "2024 to 2025"): 90}, SEX),
        before=[counts({("F", "2024"): 40, ("X", "2025"): 50}, SEX)],
        absent=(),
        implied={"patients F 2025", "patients X 2024"},
    ),
    "and not all centres together": scene(
        counts({("Total", "2024 to 2025"): None, ("X", "2024 to 2025"): 90}, CENTRE),
        before=[counts({("Total", "2024"): 40, ("X", "2025"): 50}, CENTRE)],
        absent=(),
        implied={"patients Total 2025", "patients X 2024"},
    ),
    "a list says nothing of the time before it": scene(
        counts({("A", "2019 to 2020"): 90, ("D", "2019 to 2020"): 50}, CENTRE),
        before=[counts({("A", "2020"): 40}, CENTRE)],
        absent={"patients D 2020"},
        implied={"patients A 2019", "patients D 2019"},
    ),
    "the lists of one service say nothing of another": scene(
        counts({(s, c, "2024 to 2025"): None for s in "st" for c in "AD"}, ("service", "centre", "period")),
        before=[
            counts({("s", "A", "2024"): 40, ("t", "D", "2024"): 50, ("t", "A", "2024"): None}, ("service", "centre", "period"))
        ],
        absent={"patients s D 2024"},
        implied={f"patients {s} {c} 2025" for s in "st" for c in "AD"},
    ),
    # -- editions and tables that differ
    "a table with a total of its own keeps its sums and its links": scene(
        counts({"North": 40, "South": 50, "Wales": None, "Total": 99}, ("area",), "activity"),
        counts({"North": 40, "South": 50, "Total": 90}, ("area",), "access"),
        sums={
            "patients Total = patients North + patients South + patients Wales",
            "patients/1 Total = patients North + patients South",
        },
    ),
    "two tables of one edition that differ are no correction of one another": scene(
        counts({"A": 40, "Total": 40}),
        counts({"A": 40, "Total": 45}, name="u"),
        cells={"patients A", "patients Total", "patients/1 Total"},
        values={"patients Total": 40, "patients/1 Total": 45},
    ),
    "a corrected edition is a system of its own": scene(
        counts({("2024", "A"): 41, ("2024", "Total"): None}, YEARS),
        before=[counts({("2024", "A"): 40, ("2024", "Total"): 70, ("2024", "B"): None}, YEARS)],
        values={"patients 2024 A": 41, "patients/e1 2024 A": 40},
        unknown={"patients 2024 Total"},
    ),
    "a correction of one centre leaves the others what they were": scene(
        counts({("A", "w"): 12, ("A", "Total"): 40, ("B", "Total"): 29, ("Total", "Total"): 69}, ("centre", "sex")),
        before=[counts({("A", "w"): None, ("A", "Total"): 40, ("B", "Total"): 31, ("Total", "Total"): 71}, ("centre", "sex"))],
        no_cells={"patients/e1 A Total", "patients/e1 A w"},
        values={"patients/e1 B Total": 31},
        has={"patients/e1 Total Total = patients A Total + patients/e1 B Total"},
    ),
    "an edition by region lists the same centres as one by centre": scene(
        counts({("2024", "North"): 70, ("2024", "West"): 40, ("2024", "Total"): None}, YEARS),
        before=[counts({("2024", "A"): None, ("2024", "B"): None, ("2024", "C"): 40, ("2024", "Total"): 110}, YEARS)],
        policy=BY_REGION,
        values={"patients 2024 Total": 110},
        no_cells={"patients/e1 2024 Total"},
    ),
    "unless nobody says which centres a region has": scene(
        counts({("2024", "North"): 70, ("2024", "West"): 40, ("2024", "Total"): None}, YEARS),
        before=[counts({("2024", "A"): None, ("2024", "B"): None, ("2024", "C"): 40, ("2024", "Total"): 110}, YEARS)],
        unknown={"patients 2024 Total"},
        values={"patients/e1 2024 Total": 110},
    ),
    "a region whose centres changed counts others": scene(
        counts({("2024", "A"): 70, ("2024", "B"): None, ("2024", "North"): None, ("2024", "C"): 40, ("2024", "West"): 40}, YEARS),
        before=[counts({("2024", "A"): 70, ("2024", "North"): 70, ("2024", "C"): 40, ("2024", "West"): 40}, YEARS)],
        policy=BY_REGION,
        values={"patients/e1 2024 North": 70},
        no_cells={"patients/e1 2024 West"},
    ),
    "a centre of which an earlier edition says more is that edition's own": scene(
        counts({("A", "w"): 12, ("A", "Total"): 40, ("B", "Total"): 29}, ("centre", "sex")),
        before=[counts({("A", "w"): None, ("A", "Total"): 40, ("A", "m"): 31, ("B", "Total"): 31}, ("centre", "sex"))],
        values={"patients A Total": 40, "patients/e1 A Total": 40, "patients/e1 A m": 31, "patients/e1 B Total": 31},
        has={"patients/e1 A Total = patients/e1 A m + patients/e1 A w"},
    ),
    "so is one that was corrected in one figure and not in the next": scene(
        counts({("A", "m"): 31, ("A", "w"): 40, ("B", "m"): 50}, ("centre", "sex")),
        before=[counts({("A", "m"): 33, ("A", "w"): 40, ("B", "m"): 50}, ("centre", "sex"))],
        values={"patients A m": 31, "patients/e1 A m": 33, "patients/e1 A w": 40},
        no_cells={"patients/e1 B m"},
    ),
    "so is one of which it says nothing": scene(
        counts({"A": 41, "B": None, "Total": None}),
        before=[counts({"A": 40, "B": None, "Total": 70})],
        unknown={"patients B", "patients Total", "patients/e1 B"},
        sums={"patients Total = patients A + patients B", "patients/e1 Total = patients/e1 A + patients/e1 B"},
    ),
    # -- outcomes
    "a rate is met and not met and its patients are the rest besides": scene(ACTIVITY, SURVIVAL, sums={MET, PEOPLE}),
    "those not eligible may be withheld in a row that is shown": scene(
        ACTIVITY, outcome([("survival", 70, 90, math.nan, 4)]), has={PEOPLE}, unknown={"not_eligible A survival"}
    ),
    "a rate that does not say who is not eligible says nothing of all patients": scene(
        ACTIVITY, without(SURVIVAL, "not_eligible"), sums={MET}
    ),
    "nor does one that does not say who is not known": scene(ACTIVITY, without(SURVIVAL, "not_known"), sums={MET}),
    "a row without patients says nothing of the others": scene(
        outcome([("survival", math.nan, math.nan, math.nan, 4)]), cells={"not_known A survival"}
    ),
    "a rate at several times is of the same patients": scene(
        outcome([("survival@1y", 10, 90, 6, 4), ("survival@5y", 20, 90, 6, 4)]),
        values={"denominator A survival": 90},
        no_cells={"denominator A survival@1y", "denominator A survival@5y"},
        has={
            "denominator A survival = complement A survival@1y + numerator A survival@1y",
            "denominator A survival = complement A survival@5y + numerator A survival@5y",
        },
    ),
    "unless it is not": scene(
        outcome([("survival@1y", 10, 90, 6, 4), ("survival@5y", 20, 80, 6, 14)]),
        values={"denominator A survival@1y": 90, "denominator A survival@5y": 80},
        no_cells={"denominator A survival"},
        has={"denominator A survival@5y = complement A survival@5y + numerator A survival@5y"},
    ),
    "a rate that is withheld at one time is of the same patients": scene(
        marked(outcome([("survival@1y", 10, 90, 6, 4), ("survival@5y", *[math.nan] * 4)]), "", "c"),
        values={"denominator A survival": 90},
        no_cells={"denominator A survival@1y", "denominator A survival@5y"},
        unknown={"numerator A survival@5y", "complement A survival@5y"},
    ),
    "and where it is withheld at all times": scene(
        marked(outcome([("survival@1y", *[math.nan] * 4), ("survival@5y", *[math.nan] * 4)]), "c", "c"),
        unknown={"denominator A survival", "numerator A survival@1y", "numerator A survival@5y"},
        no_cells={"denominator A survival@1y", "denominator A survival@5y"},
    ),
    "a time in the middle of a place leaves what follows it": scene(
        rate_of("2024", 10, 90, 6, 4, centre="A", measure="alive@1y"),
        sums={
            "denominator 2024 alive A = complement 2024 alive@1y A + numerator 2024 alive@1y A",
        },
    ),
    "a table without dimensions has one cell": scene(counts({(): 40}, ()), cells={"patients"}, sums=()),
    "a rate without a measure is met and not met too": scene(
        without(outcome([("survival", 70, 90, 6, 4)]), "measure"),
        has={"denominator A = complement A + numerator A"},
    ),
    "a summary has patients but no events": scene(
        outcome([("stay", 12, 90, 0, 0)], "summary"),
        cells={"patients A patients", "denominator A stay", "not_eligible A stay", "not_known A stay"},
    ),
    "people counted for access are the activity table's": scene(
        counts({("North", "patients"): 40}, ("area", "measure")), access({"North": 40.0}), cells={"patients North patients"}
    ),
    "levels of a scale are everybody whose outcome is known": scene(
        outcome([("grade@none", 40, 70, 0, 0), ("grade@mild", 30, 70, 0, 0), ("pain@none", 60, 70, 0, 0)], "levels"),
        has={
            "denominator A grade = numerator A grade@mild + numerator A grade@none",
            "denominator A pain > numerator A pain@none",
        },
    ),
    "what tells of the data is no year of patients": scene(
        rate_of("2019 to 2020", 60, 100, 6, 4, centre="D"),
        rate_of("2020", 30, 60, 6, 2, centre="D", name="more"),
        before=[rate_of("2019", 30, 60, 6, 4, centre="A")],
        pieces={f"{each} 2019 alive D" for each in ("denominator", "numerator", "complement")},
        no_pieces={f"{each} 2019 alive D" for each in ("not_eligible", "not_known")},
        somebody={f"{each} 2019 alive D" for each in ("denominator", "numerator", "complement", "not_known")},
    ),
    "of a centre without a list none is met and none unmet": scene(
        rate_of("2024 to 2025", 40, 100, 6, 4, centre="A"),
        rate_of("2024 to 2025", 40, 90, 6, 4, centre="D", name="more"),
        before=[rate_of("2024", 30, 60, 6, 4, centre="A")],
        nobody={f"{each} 2024 alive D" for each in ("denominator", "numerator", "complement", "not_eligible", "not_known")},
        pieces={f"{each} 2025 alive {centre}" for each in ("denominator", "numerator", "complement") for centre in "AD"},
    ),
    "a hierarchy of periods has the last word": scene(
        counts({"spring": 40, "autumn": 50, "2024": 90, "2023 to 2024": 99}, ("period",)),
        policy=Policy(hierarchies={"period": (("spring", "2024"), ("autumn", "2024"))}),
        has={"patients 2024 = patients autumn + patients spring"},
    ),
    "access counts residents, and its total is its own": scene(
        access({"N": 40.0, "Total": 90.0}),
        cells={"patients N patients", "patients/residents Total patients"},
        values={"patients/residents Total patients": 90},
    ),
    "of three editions each corrected one has its own name": scene(
        counts({"A": 40, "Total": 40}),
        before=[counts({"A": 41, "Total": 41}), counts({"A": 42, "Total": 42})],
        values={"patients A": 40, "patients/e1 A": 41, "patients/e2 A": 42},
        has={"patients Total = patients A", "patients/e1 Total = patients/e1 A", "patients/e2 Total = patients/e2 A"},
    ),
}
