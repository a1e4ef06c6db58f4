"""``python -m plenary_stats``: what it prints is what the functions answer, and it runs where nothing but numpy and scipy is."""

import csv
import io
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest
import scipy

import plenary_stats
from plenary_stats import adjustment, allocation, comparison, equity, monitoring, proportions, rates, survival
from plenary_stats.command import COMMANDS, main

CENTRES = "centre,met,treated,expected\nRJ1,52,60,48.5\nRRK,30,41,33\nRTD,0,0,0\n"
PATIENTS = "days,died,arm,hospital,age\n5,1,a,N,61\n8,0,a,S,70\n12,1,b,N,55\n14,1,b,S,49\n20,0,a,N,66\n21,1,b,S,72\n"


@pytest.fixture
def run(tmp_path, capsys):
    def call(content, command, *arguments):
        (tmp_path / "given.csv").write_text(content, encoding="utf-8")
        code = main([command, str(tmp_path / "given.csv"), *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def document(text):
    return json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))


def test_proportions_stand_beside_the_rows_of_the_file(run):
    code, out, err = run(CENTRES, "proportion", "--successes", "met", "--trials", "treated")
    found = proportions.interval([52, 30, 0], [60, 41, 0])
    assert code == 0
    assert [row["centre"] for row in rows(out)] == ["RJ1", "RRK", "RTD"]
    assert [float(row["lower"]) for row in rows(out)[:2]] == found.lower[:2].tolist()
    assert rows(out)[2]["estimate"] == ""
    assert rows(out)[2]["why_not"] == "There is nobody in the denominator."
    assert err == "method: wilson\nlevel: 0.95\n"


def test_json_holds_the_same_and_null_for_what_is_missing(run):
    code, out, err = run(
        CENTRES, "proportion", "--successes", "met", "--trials", "treated", "--level", ".9", "--method", "jeffreys", "--json"
    )
    found = proportions.interval([52, 30, 0], [60, 41, 0], "jeffreys", 0.9)
    assert (code, err) == (0, "")
    answer = document(out)
    assert answer["columns"]["upper"] == [*found.upper[:2].tolist(), None]
    assert (answer["method"], answer["level"]) == ("jeffreys", 0.9)


def test_a_column_of_the_file_is_not_written_over(run):
    _, out, _ = run("upper,n\n3,9\n", "proportion", "--successes", "upper", "--trials", "n")
    assert rows(out)[0]["upper"] == "3"
    assert float(rows(out)[0]["upper (found)"]) == proportions.interval(3, 9).upper


def test_rates_and_ratios(run):
    _, out, _ = run(CENTRES.replace("RTD,0,0,0\n", ""), "rate", "--count", "met", "--exposure", "treated", "--method", "exact")
    assert [float(row["upper"]) for row in rows(out)] == rates.interval([52, 30], [60, 41], "exact").upper.tolist()
    _, out, _ = run(CENTRES, "ratio", "--observed", "met", "--expected", "expected")
    assert float(rows(out)[0]["estimate"]) == 52 / 48.5


def test_funnel(run):
    _, out, _ = run(CENTRES, "funnel", "--observed", "met", "--denominator", "treated", "--target", ".9", "--json")
    found = comparison.funnel([52, 30, 0], [60, 41, 0], 0.9)
    answer = document(out)
    assert answer["columns"]["flag"] == found.columns["flag"].tolist()
    assert answer["columns"]["p_low"][:2] == found.columns["p_low"][:2].tolist()
    assert answer["target"] == 0.9
    assert answer["cautions"] == list(found.cautions)


def test_survival(run):
    _, out, _ = run(PATIENTS, "survival", "--time", "days", "--event", "died", "--group", "arm", "--at", "10", "15", "--json")
    days, died, arm = [5, 8, 12, 14, 20, 21], [1, 0, 1, 1, 0, 1], ["a", "a", "b", "b", "a", "b"]
    found = survival.kaplan_meier(days, died, arm, at=[10, 15])
    answer = document(out)
    assert answer["columns"]["group"] == ["a", "a", "b", "b"]
    assert answer["columns"]["estimate"] == found.columns["estimate"].tolist()
    assert answer["median"]["estimate"] == [None if np.isnan(value) else value for value in found.median["estimate"].tolist()]


def test_competing_events(run):
    _, out, _ = run("t,c\n1,1\n2,2\n3,0\n4,1\n", "cumulative-incidence", "--time", "t", "--cause", "c")
    found = survival.cumulative_incidence([1, 2, 3, 4], [1, 2, 0, 1]).columns
    assert [float(row["estimate"]) for row in rows(out)] == found["estimate"].tolist()


def test_logrank_within_hospitals(run):
    _, out, err = run(
        PATIENTS, "logrank", "--time", "days", "--event", "died", "--group", "arm", "--strata", "hospital", "--json"
    )
    found = survival.logrank([5, 8, 12, 14, 20, 21], [1, 0, 1, 1, 0, 1], list("aabbab"), list("NSNSNS"))
    assert document(out)["statistic"] == found.statistic
    assert document(out)["p_value"] == found.p_value
    assert err == ""


def test_logistic_with_a_text_covariate(run):
    _, out, _ = run(PATIENTS, "logistic", "--outcome", "died", "--covariates", "age", "hospital", "--penalty", "firth", "--json")
    found = adjustment.logistic([1, 0, 1, 1, 0, 1], {"age": [61, 70, 55, 49, 66, 72], "hospital": list("NSNSNS")}, "firth")
    answer = document(out)
    assert answer["terms"] == list(found.terms)
    assert answer["coefficients"] == pytest.approx(found.coefficients.tolist())


def test_cox(run):
    arguments = ("--time", "days", "--event", "died", "--covariates", "age", "arm", "--ties", "breslow", "--strata", "hospital")
    _, out, _ = run(PATIENTS, "cox", *arguments, "--json")
    covariates = {"age": [61, 70, 55, 49, 66, 72], "arm": list("aabbab")}
    found = survival.cox([5, 8, 12, 14, 20, 21], [1, 0, 1, 1, 0, 1], covariates, "breslow", strata=list("NSNSNS"))
    answer = document(out)
    assert answer["columns"]["name"] == found.columns["name"].tolist() == ["age", "arm b"]
    assert answer["log_likelihood"] == found.log_likelihood
    assert answer["expected"] == found.expected.tolist()
    assert "fit" not in answer


def test_between_centres_and_many_looks(run):
    _, out, err = run(CENTRES.replace("RTD,0,0,0\n", ""), "between-centres", "--events", "met", "--patients", "treated")
    found = comparison.between_centres([52, 30], [60, 41])
    assert [float(row["effect"]) for row in rows(out)] == found.columns["effect"].tolist()
    assert f"p_value: {found.p_value}" in err
    _, out, _ = run("p\n0.01\n0.5\n0.03\n", "multiplicity", "--p", "p", "--method", "holm")
    assert [float(row["adjusted"]) for row in rows(out)] == comparison.multiplicity([0.01, 0.5, 0.03], "holm").adjusted.tolist()


def test_monitoring(run):
    _, out, _ = run("month,waits\n1,10\n2,12\n3,9\n4,30\n5,11\n", "xmr", "--values", "waits", "--better", "decrease")
    found = monitoring.xmr([10, 12, 9, 30, 11], better="decrease").columns
    assert [float(row["upper"]) for row in rows(out)] == found["upper"].tolist()
    assert [row["month"] for row in rows(out)] == ["1", "2", "3", "4", "5"]
    table = "died,risk\n1,.2\n0,.1\n1,.3\n1,.4\n"
    _, out, _ = run(table, "racusum", "--outcome", "died", "--risk", "risk", "--odds-ratio", "2", "--limit", "1")
    found = monitoring.racusum([1, 0, 1, 1], [0.2, 0.1, 0.3, 0.4], 2, 1).columns
    assert [float(row["statistic"]) for row in rows(out)] == found["statistic"].tolist()
    _, out, _ = run(table, "vlad", "--outcome", "died", "--risk", "risk")
    assert float(rows(out)[-1]["statistic"]) == monitoring.vlad([1, 0, 1, 1], [0.2, 0.1, 0.3, 0.4]).columns["statistic"][-1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("racusum", "--outcome", "died", "--risk", "risk"), "racusum needs --odds-ratio, --limit"),
        (("leximin", "--need", "died", "--floor", "risk"), "leximin needs --supply"),
    ],
)
def test_what_is_needed_beside_columns_is_asked_for(run, capsys, arguments, said):
    code, out, err = run("died,risk\n1,.2\n", *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_equity(run):
    _, out, _ = run(CENTRES.replace("RTD,0,0,0\n", ""), "variation", "--observed", "met", "--expected", "expected")
    assert float(rows(out)[0]["scv"]) == equity.variation([52, 30], [48.5, 33]).scv
    table = "fifth,rate,people,se\n1,5.1,100,.3\n2,5.9,110,.3\n3,6.4,100,.3\n4,7.2,95,.3\n5,8.0,90,.3\n"
    arguments = ("--rate", "rate", "--population", "people", "--rank", "fifth", "--std-err", "se")
    _, out, _ = run(table, "slope-index", *arguments, "--json")
    assert (
        document(out)["slope"]
        == equity.slope_index([5.1, 5.9, 6.4, 7.2, 8], [100, 110, 100, 95, 90], [1, 2, 3, 4, 5], std_err=[0.3] * 5).slope
    )


def test_shares_of_a_shortage(run):
    _, out, err = run(
        "who,need,least\nA,4,1\nB,6,3\nC,11,3\nD,6,2\n", "leximin", "--need", "need", "--floor", "least", "--supply", "18"
    )
    assert [float(row["allocation"]) for row in rows(out)] == allocation.leximin(
        [4, 6, 11, 6], [1, 3, 3, 2], 18
    ).allocation.tolist()
    assert "left: 0.0" in err


def test_it_writes_to_a_file_and_reads_standard_input(run, tmp_path, capsys, monkeypatch):
    assert main(["rate", *_given(tmp_path), "--count", "met", "--exposure", "treated", "--out", str(tmp_path / "found.csv")]) == 0
    assert capsys.readouterr().out == ""
    assert len(rows((tmp_path / "found.csv").read_text(encoding="utf-8"))) == 3
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"x,n\n1,4\n")))
    assert main(["proportion", "-", "--successes", "x", "--trials", "n"]) == 0
    assert rows(capsys.readouterr().out)[0]["estimate"] == "0.25"


def _given(folder):
    (folder / "given.csv").write_text(CENTRES, encoding="utf-8")
    return [str(folder / "given.csv")]


def test_a_file_from_excel_is_read_and_said_so(run):
    code, out, err = run("x;n\n1;4\n", "proportion", "--successes", "x", "--trials", "n")
    assert code == 0
    assert rows(out)[0]["estimate"] == "0.25"
    assert "semicolons" in err


@pytest.mark.parametrize(
    ("content", "arguments", "said"),
    [
        (
            CENTRES,
            ("rate", "--count", "dead", "--exposure", "treated"),
            "There is no column 'dead'. The file has: centre, met, treated, expected.",
        ),
        (
            CENTRES,
            ("rate", "--count", "centre", "--exposure", "treated"),
            "Column 'centre' holds 'RJ1' in data row 1: it must be a number.",
        ),
        ("x,n\n1,2\n,3\n", ("rate", "--count", "x", "--exposure", "n"), "Column 'x' is empty in data row 2"),
        (
            CENTRES,
            ("proportion", "--successes", "treated", "--trials", "met"),
            "successes: there are more successes than trials.",
        ),
        (CENTRES, ("proportion", "--successes", "met", "--trials", "treated", "--method", "wald"), "method: 'wald' is none of"),
        (CENTRES, ("leximin", "--need", "treated", "--floor", "met"), "leximin needs --supply"),
        (PATIENTS, ("logrank", "--time", "days", "--event", "died"), "logrank needs --group"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(run, content, arguments, said):
    code, out, err = run(content, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"plenary_stats: {said}")
    assert err.count("\n") == 1


def test_a_file_that_is_not_there(capsys):
    assert main(["rate", "nowhere.csv", "--count", "x", "--exposure", "n"]) == 2
    assert "nowhere.csv" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [[], ["unknown"], ["rate", "x.csv"], ["rate", "x.csv", "--count", "a", "--exposure", "b", "--level", "high"]]
)
def test_unusable_arguments_end_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "--help" in capsys.readouterr().err


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_every_command_says_what_it_does(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert "CSV" in capsys.readouterr().out


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A virtual environment in which nothing is installed; it sees this library, numpy and scipy, and no other package."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder / "env", with_pip=False, symlinks=True)
    seen = folder / "seen"
    seen.mkdir()
    for package in (plenary_stats, np, scipy):
        home = Path(package.__file__).parent
        (seen / home.name).symlink_to(home)
        if (libraries := home.with_name(f"{home.name}.libs")).exists():
            (seen / libraries.name).symlink_to(libraries)

    def run(*arguments):
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DJANGO"))}
        python = folder / "env" / "bin" / "python"
        return subprocess.run(
            [python, *arguments], env=clean | {"PYTHONPATH": str(seen)}, capture_output=True, text=True, check=False
        )

    return run


def test_alone_in_a_bare_environment(bare, tmp_path):
    for package in ("django", "plenary", "pandas", "openpyxl", "statsmodels"):
        assert f"No module named '{package}'" in bare("-c", f"import {package}").stderr
    arguments = ("--observed", "met", "--denominator", "treated", "--json")
    ran = bare("-m", "plenary_stats", "funnel", *_given(tmp_path), *arguments)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert document(ran.stdout)["columns"]["flag"] == comparison.funnel([52, 30, 0], [60, 41, 0]).columns["flag"].tolist()
    ran = bare("-m", "plenary_stats", "funnel", *_given(tmp_path), "--observed", "none", "--denominator", "treated")
    assert ran.returncode == 2
    assert "There is no column 'none'" in ran.stderr


def test_every_module_loads_in_a_bare_environment(bare):
    home = Path(plenary_stats.__file__).parent
    paths = [path.relative_to(home.parent).with_suffix("") for path in home.rglob("*.py") if path.stem != "__main__"]
    modules = sorted(".".join(path.parts).removesuffix(".__init__") for path in paths)
    assert len(modules) > 30
    ran = bare(
        "-c", f"import importlib, sys\nfor name in {modules!r}: importlib.import_module(name)\nprint('django' in sys.modules)"
    )
    assert (ran.stdout.strip(), ran.stderr) == ("False", "")
