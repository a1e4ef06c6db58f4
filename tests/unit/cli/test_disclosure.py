import csv
import json
import math
import re

import pytest

from plenary.cli.disclosure import FOR_REVIEWERS
from plenary.cli.main import main
from tests.shared import SHARED, needs_shared

TABLE = "centre,region,value\nA,N,12\nA,S,40\nA,E,77\nA,Total,129\nB,N,50\nB,S,66\nB,E,31\nB,Total,147\nTotal,N,62\nTotal,S,106\nTotal,E,108\nTotal,Total,276\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "table.csv").write_text(TABLE)
    (tmp_path / "policy.toml").write_text("threshold = 30\n")
    return tmp_path


def run(*arguments) -> int:
    return main(["disclosure", *map(str, arguments)])


def test_protect_then_audit(folder, capsys):
    done = run("protect", folder / "in" / "table.csv", "--policy", folder / "policy.toml", "--out", folder / "out", "--json")
    report = json.loads(capsys.readouterr().out)
    assert done == 0
    assert report["totals"]["primary"] == 1
    assert report["totals"]["exact"] == report["totals"]["narrow"] == 0
    written = (folder / "out" / "table.csv").read_text()
    assert "A,N,,c" in written
    assert "A,Total,129," in written
    assert json.loads((folder / "out" / "audit.json").read_text())["cells"] == report["cells"]
    assert run("audit", folder / "out", "--json") == 0
    again = json.loads(capsys.readouterr().out)
    assert again["cells"] == report["cells"]
    assert set(again["cells"][0]) >= {"centre", "region", "low", "high", "verdict"}


def test_what_is_written_beside_the_tables_does_not_price_what_is_withheld(folder, capsys):
    """One further cell is withheld: its price, 1 + 0.02 log(1 + number), would give the number and by it the small one."""
    (folder / "in" / "table.csv").write_text("centre,value\nA,40\nB,10\nC,100\nTotal,150\n")
    done = run("protect", folder / "in" / "table.csv", "--policy", folder / "policy.toml", "--out", folder / "out", "--json")
    told = json.loads(capsys.readouterr().out)["totals"]
    assert done == 0
    assert round(math.exp((told["loss"] - 1) / 0.02) - 1) == 40
    beside = json.loads((folder / "out" / "audit.json").read_text())["totals"]
    assert set(beside) == {"cells", "primary", "secondary", "exact", "narrow", "seconds"}


def test_the_audit_beside_the_tables_says_that_it_is_not_to_be_published(folder, capsys):
    """A and B are 58 together: that both are below 30 makes each 29, and only ``primary`` says so."""
    (folder / "in" / "table.csv").write_text("centre,value\nA,29\nB,29\nTotal,58\n")
    assert run("protect", folder / "in" / "table.csv", "--policy", folder / "policy.toml", "--out", folder / "out") == 0
    beside = json.loads((folder / "out" / "audit.json").read_text())
    assert beside["totals"]["primary"] == 2
    assert beside["notes"] == [FOR_REVIEWERS]
    assert re.match("For reviewers; never publish this file", FOR_REVIEWERS)
    assert "audit.json is for reviewers. Publish the tables without it." in capsys.readouterr().err
    assert run("audit", folder / "out", "--json") == 0, "the file is read for its policy all the same"
    assert "primary" not in json.loads(capsys.readouterr().out)["totals"]


def test_a_total_below_its_parts_is_named_with_what_to_do(folder, capsys):
    """0-15 and 16+, 0-17 and 18+ are everyone twice: no sum holds, and 100 - 88 would tell the 12 below 16."""
    (folder / "in" / "table.csv").write_text("age_band,value\n0-15,12\n16+,88\n0-17,40\n18+,60\nTotal,100\n")
    command = ["protect", folder / "in" / "table.csv", "--policy", folder / "policy.toml", "--out", folder / "out", "--json"]
    assert run(*command) == 0
    told = capsys.readouterr()
    [note] = json.loads(told.out)["notes"]
    assert re.match("patients, age_band Total, is less than its parts 0-15, 0-17, 16., 18. together: .*hierarchies", note)
    assert f"Note: {note}\n" in told.err
    assert json.loads((folder / "out" / "audit.json").read_text())["notes"] == [FOR_REVIEWERS, note]
    (folder / "policy.toml").write_text(
        'hierarchies.age_band = [["0-15", "Total"], ["16-17", "Total"], ["18+", "Total"], ["0-15", "0-17"], ["16-17", "0-17"], '
        '["16-17", "16+"], ["18+", "16+"]]\n'
    )
    assert run(*command) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["notes"] == []
    after = {row["age_band"]: row["value"] for row in rows_of(folder / "out" / "table.csv")}
    assert not after["0-15"]
    assert not (after["16+"] and after["Total"]), "what would tell it goes too once the policy says how the bands nest"


def test_audit_fails_and_names_the_cell_where_a_total_gives_it_away(folder, capsys):
    (folder / "in" / "table.csv").write_text(TABLE.replace("A,N,12", "A,N,"))
    assert run("audit", folder / "in") == 1
    assert "centre A, region N, quantity patients, low 12, high 12, verdict exact" in capsys.readouterr().out


def test_audit_uses_earlier_editions(folder, capsys):
    for name, rows in {"now": "A,2025,\nA,2024-2025,72\n", "before": "A,2024,60\n"}.items():
        (folder / name).mkdir()
        (folder / name / "t.csv").write_text("centre,period,value\n" + rows)
    assert run("audit", folder / "now", "--json") == 0
    assert run("audit", folder / "now", "--previous", folder / "before", "--json") == 1
    assert '"low": 12, "high": 12' in capsys.readouterr().out


def test_an_edition_folder_is_read_with_its_own_policy(folder, capsys):
    data = folder / "edition" / "data"
    data.mkdir(parents=True)
    (data / "services.csv").write_text("service,name\ns,S\n")
    (data / "activity.csv").write_text(
        "edition,service,centre,measure,value,status,note\n2025,s,A,patients,,c,\n2025,s,B,patients,,c,\n2025,s,Total,patients,8,,\n"
    )
    (folder / "edition" / "disclosure.json").write_text(json.dumps({"policy": {"threshold": 3, "minimum_width": 8}}))
    assert run("audit", folder / "edition", "--json") == 0
    assert json.loads(capsys.readouterr().out)["cells"][0]["high"] == 8
    (folder / "edition" / "disclosure.json").write_text(json.dumps({"policy": {"minimum_width": 9}}))
    assert run("audit", folder / "edition", "--json") == 1


@needs_shared("oracle", "disclosure", "enumerated", "linked136")
def test_hierarchies_beside_the_tables_are_used(capsys):
    assert run("audit", SHARED / "oracle" / "disclosure" / "enumerated" / "linked136", "--json") == 1
    cells = {cell["region"]: cell for cell in json.loads(capsys.readouterr().out)["cells"]}
    assert (cells["K"]["low"], cells["K"]["high"], cells["K"]["verdict"]) == (3, 3, "exact")


@pytest.mark.parametrize(
    "arguments",
    [
        ("audit", "nowhere"),
        ("audit", "."),
        ("protect", "in/none.csv", "--policy", "policy.toml", "--out", "out"),
        ("protect", "in/table.csv", "--policy", "none.toml", "--out", "out"),
        ("protect", "in/table.csv", "in/table.csv", "--policy", "policy.toml", "--out", "out"),
        ("protect", "in/table.csv", "--policy", "policy.toml", "--out", "in"),
        ("protect", "policy.toml", "--policy", "policy.toml", "--out", "out"),
    ],
)
def test_unusable_arguments_end_with_2_and_touch_nothing(folder, monkeypatch, capsys, arguments):
    monkeypatch.chdir(folder)
    assert run(*arguments) == 2
    assert capsys.readouterr().err.startswith("plenary: ")
    assert (folder / "in" / "table.csv").read_text() == TABLE
    assert not (folder / "out").exists()


REGIONS = {"N1": "North", "N2": "North", "S1": "South", "S2": "South"}
CENTRES = {"ecmo": "ABC", "liver": "AD", "rare": "E"}


def patients(service: str, centre: str, region: str, year: int) -> int:
    """Numbers of every size, the same ones each time."""
    step = ord(service[0]) + 7 * ord(centre) + 3 * ord(region[0]) + 5 * int(region[1]) + year
    return (0, 1, 3, 8, 14, 22, 35, 60)[step * step % 8]


def every(service: str, centre: str, region: str, year: int) -> int:
    services = [service] if service != "Total" else list(CENTRES)
    regions = [code for code, parent in REGIONS.items() if region in {code, parent, "Total"}]
    pairs = [(name, own) for name in services for own in CENTRES[name] if centre in {own, "Total"}]
    return sum(patients(name, own, code, year) for name, own in pairs for code in regions)


def centres_of(service: str) -> list[str]:
    return [*CENTRES.get(service, ""), "Total"]


@pytest.fixture
def linked(tmp_path):
    """Activity by region, outcomes and spend of three services over three years: linked tables with everything a policy may say."""
    (tmp_path / "in").mkdir()
    years, services = (2021, 2022, 2023), [*CENTRES, "Total"]
    groups = [(service, centre) for service in services for centre in centres_of(service)]
    activity = [
        f"{service},{centre},{region},{year},patients,{every(service, centre, region, year)}"
        for service, centre in groups
        for region in [*REGIONS, "North", "South", "Total"]
        for year in years
    ]
    (tmp_path / "in" / "activity.csv").write_text("\n".join(["service,centre,region,period,measure,value", *activity]) + "\n")
    outcomes = []
    for service, centre in groups[:-1]:
        for year in years:
            whole = every(service, centre, "Total", year)
            met = sum(max(every(service, own, "Total", year) - 3, 0) for own in CENTRES[service] if centre in {own, "Total"})
            outcomes.append(f"{service},{centre},{year},survival,{met / whole if whole else ''},{met},{whole}")
    (tmp_path / "in" / "outcomes.csv").write_text(
        "\n".join(["service,centre,period,measure,value,numerator,denominator", *outcomes]) + "\n"
    )
    spend = [f"{service},{centre},2023,{every(service, centre, 'Total', 2023) * 1000.5}" for service, centre in groups]
    (tmp_path / "in" / "spend.csv").write_text("\n".join(["service,centre,period,value", *spend]) + "\n")
    (tmp_path / "areas.csv").write_text("child,parent\n" + "".join(f"{code},{parent}\n" for code, parent in REGIONS.items()))
    (tmp_path / "public.csv").write_text(
        f"service,centre,period,value,source,date\nrare,E,2022,{every('rare', 'E', 'Total', 2022)},Network report,2023-05\n"
    )
    (tmp_path / "policy.toml").write_text(
        'zeros = "publish"\ndominance = 0.9\np_percent = 10\nalready_public = "public.csv"\n'
        '[hierarchies]\nregion = "areas.csv"\n[weights.centre]\nTotal = 5\n[weights.period]\n2023 = 3\n'
    )
    return tmp_path


def rows_of(path) -> list[dict]:
    return list(csv.DictReader(path.read_text().splitlines()))


def codes(row: dict) -> int:
    """How many columns stand before the value."""
    return list(row).index("value")


def only_year(source, out, year: str) -> None:
    """Write the tables of one year alone."""
    out.mkdir()
    for path in sorted(source.glob("*.csv")):
        lines = path.read_text().splitlines()
        (out / path.name).write_text("\n".join([lines[0], *(line for line in lines if f",{year}," in line)]) + "\n")


def test_linked_tables_are_protected_together_under_every_entry_of_the_policy(linked, capsys):
    out = linked / "out"
    tables = sorted((linked / "in").glob("*.csv"))
    assert run("protect", *tables, "--policy", linked / "policy.toml", "--out", out, "--json") == 0
    told = capsys.readouterr()
    report = json.loads(told.out)
    assert set(report["totals"]) == {"cells", "primary", "secondary", "loss", "bound", "gap", "exact", "narrow", "seconds"}
    assert (report["totals"]["exact"], report["totals"]["narrow"]) == (0, 0)
    beside = json.loads((out / "audit.json").read_text())
    told_beside = {"totals": {name: report["totals"][name] for name in beside["totals"]}}
    assert beside == report | told_beside | {"notes": [FOR_REVIEWERS]}
    assert set(report["totals"]) - set(beside["totals"]) == {"loss", "bound", "gap"}
    assert report["policy"]["already_public"][0]["source"] == "Network report"
    assert "Protecting" in told.err
    small = [row for row in rows_of(out / "activity.csv") if row["value"] and 1 <= int(row["value"]) < 30]
    assert not small
    for row in rows_of(out / "outcomes.csv"):
        assert row["status"] == "c" or not row["denominator"] or int(row["denominator"]) == 0 or int(row["denominator"]) >= 30
        if row["numerator"] and int(row["denominator"]):
            assert int(row["numerator"]) not in range(1, 5)
            assert int(row["denominator"]) - int(row["numerator"]) not in range(1, 5)
    spent = {(row["service"], row["centre"]): row for row in rows_of(out / "spend.csv")}
    assert all(row["status"] == "c" for (_, centre), row in spent.items() if centre != "Total" and row["value"] != "0.0")
    assert spent["rare", "Total"]["status"] == spent["liver", "Total"]["status"] == "c"
    for path in tables:
        after = rows_of(out / path.name)
        before = sorted(rows_of(path), key=lambda row: [(code == "Total", code) for code in list(row.values())[: codes(row)]])
        assert [row | {"status": ""} for row in before] == [
            row | {"status": ""} | {name: was[name] for name in row if name in was and not row[name]}
            for row, was in zip(after, before, strict=True)
        ]


def test_what_was_protected_is_audited_under_the_policy_written_beside_it(linked, capsys):
    out = linked / "out"
    run("protect", *sorted((linked / "in").glob("*.csv")), "--policy", linked / "policy.toml", "--out", out, "--json")
    made = json.loads(capsys.readouterr().out)
    assert run("audit", out, "--json") == 0
    assert json.loads(capsys.readouterr().out)["cells"] == made["cells"]
    (linked / "other.toml").write_text('zeros = "publish"\nminimum_width = 1000\n[hierarchies]\nregion = "areas.csv"\n')
    assert run("audit", out, "--policy", linked / "other.toml") == 1


def test_editions_one_after_another_are_protected_against_one_another(linked, capsys):
    """Each year is protected beside the years before; then all three are attacked at once."""
    done = []
    (linked / "policy.toml").write_text('[hierarchies]\nregion = "areas.csv"\n')
    for year in ("2021", "2022"):
        only_year(linked / "in", linked / f"in-{year}", year)
        tables = sorted((linked / f"in-{year}").glob("[ao]*.csv"))
        before = ["--previous", *done] if done else []
        assert run("protect", *tables, "--policy", linked / "policy.toml", "--out", linked / f"out-{year}", *before) == 0
        done.insert(0, linked / f"out-{year}")
    assert (
        run(
            "protect",
            *sorted((linked / "in").glob("[ao]*.csv")),
            "--policy",
            linked / "policy.toml",
            "--out",
            linked / "all",
            "--previous",
            done[0],
            "--previous",
            done[1],
        )
        == 0
    )
    capsys.readouterr()
    assert run("audit", linked / "all", "--previous", *done, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["totals"]["exact"] == report["totals"]["narrow"] == 0
    assert {cell["period"] for cell in report["cells"]} >= {"2021", "2022", "2023"}


def test_a_row_marked_as_withheld_that_holds_its_figure_fails_the_audit(folder, capsys):
    (folder / "in" / "table.csv").write_text("centre,value,status\nA,12,c\nB,40,\n")
    assert run("audit", folder / "in", "--json") == 1
    told = capsys.readouterr()
    report = json.loads(told.out)
    assert {"centre": "A", "quantity": "value", "low": 12.0, "high": 12.0, "verdict": "exact"} in report["cells"]
    assert report["totals"]["exact"] == 1
    assert "1 rows are marked as withheld" in told.err


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        (
            "already_public = [{center = 'A', value = 12}]",
            "The policy's already_public names center, which is no column.*centre, region",
        ),
        ("[weights.regoin]\nN = 2", "weights names regoin"),
        ("[hierarchies]\narea = [['N', 'X']]", "hierarchies names area"),
        ("dimensions = ['centre', 'sex']", "dimensions names sex"),
        ("already_public = 'none.csv'", "none.csv cannot be read"),
        ("[hierarchies]\nregion = 'none.csv'", "none.csv cannot be read"),
        ("threshold = 'thirty'", "threshold is a whole number"),
    ],
)
def test_a_policy_that_does_not_fit_the_tables_ends_with_2_and_says_which_entry(folder, capsys, policy, says):
    (folder / "policy.toml").write_text(policy)
    assert run("protect", folder / "in" / "table.csv", "--policy", folder / "policy.toml", "--out", folder / "out") == 2
    told = capsys.readouterr()
    assert re.search(says, told.err)
    assert told.out == ""
    assert not (folder / "out").exists()


def test_a_public_figure_at_a_code_that_no_table_has_is_told(folder, capsys):
    (folder / "policy.toml").write_text("already_public = [{centre = 'Z', value = 12}, {centre = 'B', region = 'S', value = 66}]")
    assert run("protect", folder / "in" / "table.csv", "--policy", folder / "policy.toml", "--out", folder / "out") == 0
    told = capsys.readouterr().err
    assert "a public figure stands at centre Z, which no table has" in told
    assert "centre B" not in told


def test_tables_of_another_run_are_not_left_beside_these(folder, capsys):
    (folder / "out").mkdir()
    (folder / "out" / "other.csv").write_text("centre,value\nA,12\n")
    assert run("protect", folder / "in" / "table.csv", "--policy", folder / "policy.toml", "--out", folder / "out") == 2
    assert "holds other tables (other.csv)" in capsys.readouterr().err


def test_earlier_editions_count_from_the_latest_in_whatever_order_they_are_named(folder, capsys):
    """Centre B was corrected from 60 to 55: the last version is believed, so A is 12 of 67."""
    for name, number, value in (("first", 1, 60), ("second", 2, 55)):
        (folder / name).mkdir()
        (folder / name / "t.csv").write_text(f"service,centre,period,value\ns,B,2024,{value}\n")
        edition = {"edition": {"period_end": "2024-12-31", "label": "2024", "number": number}}
        (folder / name / "edition.json").write_text(json.dumps(edition))
    (folder / "now").mkdir()
    (folder / "now" / "t.csv").write_text("service,centre,period,value\ns,A,2024,\ns,B,2024,\ns,Total,2024,67\n")
    found = []
    for order in (("first", "second"), ("second", "first")):
        assert run("audit", folder / "now", "--previous", *(folder / name for name in order), "--json") == 1
        found.append(json.loads(capsys.readouterr().out)["cells"])
    assert found[0] == found[1]
    assert [cell["low"] for cell in found[0] if cell["centre"] == "A"] == [12]


def test_an_edition_is_read_as_its_data_package_describes_it(folder, capsys):
    """A measure that the package calls a summary shows no numerator: read as a rate, the row would be another cell."""
    data = folder / "edition" / "data"
    data.mkdir(parents=True)
    columns = "edition,service,centre,area,sex,age_band,period,measure,value,status,numerator,denominator,lower,upper,method,note"
    rows = ["2025,s,A,,,,2025,stay,,c,,,,,,", "2025,s,B,,,,2025,stay,,c,,,,,,", "2025,s,Total,,,,2025,stay,7,,,40,,,m,"]
    (data / "outcomes.csv").write_text("\n".join([columns + ",not_eligible,not_known", *(row + ",," for row in rows)]) + "\n")
    package = {"resources": [{"name": "outcomes", "path": "outcomes.csv", "kinds": {"stay": "summary"}}]}
    (data / "datapackage.json").write_text(json.dumps(package))
    assert run("audit", folder / "edition", "--json") == 0
    assert {cell["quantity"] for cell in json.loads(capsys.readouterr().out)["cells"]} == {
        "denominator",
        "not_eligible",
        "not_known",
    }
    (data / "datapackage.json").write_text(
        json.dumps({"resources": [{"name": "outcomes", "path": "gone.csv", "kinds": {"stay": "rate"}}]})
    )
    assert run("audit", folder / "edition", "--json") == 2


def test_a_plan_is_printed_best_first_and_as_one_document(linked, capsys):
    tables = sorted((linked / "in").glob("*.csv"))
    assert run("plan", *tables, "--policy", linked / "policy.toml") == 0
    told = capsys.readouterr()
    lines = told.out.splitlines()
    assert lines[0].startswith("As they are: ")
    assert any("years" in line for line in lines)
    assert sum(line.startswith("*") for line in lines) <= 1
    assert "Protecting 1 of at most 9: the tables as they are" in told.err
    assert run("plan", *tables, "--policy", linked / "policy.toml", "--json") == 0
    plain = json.loads(capsys.readouterr().out)
    starred = [each["words"] for each in plain["proposals"] if each["title"] == plain["best"]]
    assert starred == [line[2:] for line in lines if line.startswith("*")]
    assert [each["words"] for each in plain["proposals"]] == [line[2:] for line in lines[1:] if line[:2] in {"* ", "  "}]


def test_a_plan_refuses_what_protect_refuses(folder, capsys):
    (folder / "policy.toml").write_text("[weights.regoin]\nN = 2")
    assert run("plan", folder / "in" / "table.csv", "--policy", folder / "policy.toml", "--json") == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "weights names regoin" in told.err


def test_rounding_is_a_policy_like_another(linked, capsys):
    (linked / "policy.toml").write_text('rounding = 5\nminimum_width = 4\n[hierarchies]\nregion = "areas.csv"\n')
    done: list = []
    for year in ("2021", "2022"):
        only_year(linked / "in", linked / f"in-{year}", year)
        tables = sorted((linked / f"in-{year}").glob("[ao]*.csv"))
        before = ["--previous", *done] if done else []
        assert run("protect", *tables, "--policy", linked / "policy.toml", "--out", linked / f"out-{year}", *before) == 0
        done.insert(0, linked / f"out-{year}")
    rows = rows_of(linked / "out-2022" / "activity.csv")
    assert all(int(row["value"]) % 5 == 0 and row["status"] == "" for row in rows)
    made = {(row["service"], row["centre"], row["region"]): int(row["value"]) for row in rows}
    assert made["ecmo", "A", "North"] == made["ecmo", "A", "N1"] + made["ecmo", "A", "N2"]
    assert made["Total", "Total", "Total"] == sum(made[service, "Total", "Total"] for service in CENTRES)
    capsys.readouterr()
    assert run("audit", done[0], "--previous", done[1], "--json") == 0
    report = json.loads(capsys.readouterr().out)
    cell = next(cell for cell in report["cells"] if (cell["service"], cell["centre"], cell["region"]) == ("ecmo", "A", "N1"))
    assert cell["high"] - cell["low"] >= 4
    assert report["totals"]["exact"] == report["totals"]["narrow"] == 0
    (linked / "policy.toml").write_text("rounding = 5\n")
    assert run("protect", *tables, "--policy", linked / "policy.toml", "--out", linked / "none") == 2
    assert "give minimum_width = 4 or less" in capsys.readouterr().err
