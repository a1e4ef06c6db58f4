"""Each way in which an edition could leak, planted in a published folder by somebody who hides it well: the check names it.

The manifest is always written anew, so that no hash gives the plant away. What is found is named: which number, where, and how far
it can be told.
"""

import csv
import io
import json
import re
import zipfile

import pytest

from plenary.cli import edition
from plenary.editions.render import verify as module
from plenary.editions.render import write
from plenary_stats import tables as shared
from plenary_stats.errors import InputError
from plenary_stats.tables import ProtectedTable
from tests.golden import attacked, attacker
from tests.golden.attacked import patients
from tests.unit.editions import published

WORLDS = {
    "four centres": patients(7, {"AAA": 3, "BBB": 300, "CCC": 60, "DDD": 90}),
    "two centres": patients(7, {"AAA": 3, "BBB": 300}),
    "one centre": patients(4, {"AAA": 35}, good=0.95),
    "everybody well": patients(8, {"AAA": 50, "BBB": 40, "CCC": 12}, good=1),
    "two regions": patients(16, {"AAA": 31}, areas=["QMJ"]) + patients(17, {"AAB": 4}, areas=["QOP"]),
    "two regions of one": [
        one | {"centre": "AAA", "case_id": f"{order}"}
        for order, one in enumerate(patients(16, {"A": 40}, areas=["QMJ"]) + patients(17, {"B": 4}, areas=["QOP"]))
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Build an edition of a world once, with noughts shown or not."""
    kept = {}

    def build(name, zeros="protect"):
        if (name, zeros) not in kept:
            root = tmp_path_factory.mktemp("planted")
            kept[name, zeros] = attacked.build(attacked.small_folder(root / "in", WORLDS[name]), root / "out", zeros=zeros)
        return kept[name, zeros]

    return build


@pytest.fixture(autouse=True)
def unrendered(monkeypatch):
    """These folders have data and a document; pages, PDF and slides are planted elsewhere."""
    monkeypatch.setattr(module.write, "renderings", lambda _: {})


def planted(files, table, where, **new):
    """Return the files with one row of a table changed."""
    rows = attacker.rows_of(files, table)
    [row] = [row for row in rows if all(row[name] == code for name, code in where.items())]
    row.update(new)
    return files | {f"data/{table}.csv": written(rows)}


def written(rows):
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def truth(one, table, **where):
    """The value of a row before anything was withheld."""
    [row] = [row for row in one.truth[table] if all(row[name] == code for name, code in where.items())]
    return row


def problems(place, files):
    """Lay the files with a manifest that agrees with them, and return what the check says."""
    manifest = json.loads(files["manifest.json"])
    del manifest["digest"]
    manifest["files"] = {
        path: {"sha256": write.digest(words), "bytes": len(words)} for path, words in files.items() if path != "manifest.json"
    }
    whole = files | {"manifest.json": write.canonical(manifest | {"digest": write.digest(write.canonical(manifest))})}
    for path, words in whole.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(words)
    return [f"{one['file']} {one['problem']}" for one in module.verify(place)["problems"]]


def activity(**where):
    """Where a row of the activity table stands, all other groups at their total."""
    return {"centre": "Total", "area": "Total", "sex": "Total", "age_band": "Total"} | where


def outcome(measure, **where):
    return {"centre": "Total", "sex": "Total", "age_band": "Total", "measure": measure} | where


def test_an_edition_in_which_nothing_is_planted_is_clean(tmp_path, made):
    for name in WORLDS:
        assert problems(tmp_path / name, dict(made(name).files)) == []


def shown(one, table, where):
    """The plant of a row that tells what it withheld: value, and what goes with it."""
    row = truth(one, table, **where)
    names = ("value", "numerator", "denominator", "lower", "upper") if table != "activity" else ("value",)
    return {name: row.get(name, "") for name in names} | {"status": ""}


PLANTS = {
    "margin minus the rest": (
        "four centres", "activity", [activity(), *(activity(centre=code) for code in ("BBB", "CCC", "DDD"))],
        r"patients of one, centre AAA, 2025, patients can be worked out \(exact\): it is 3",
    ),
    "two centres": (
        "two centres", "activity", [activity(), activity(centre="BBB")], r"patients of one, centre AAA, 2025, patients can be worked out \(exact\): it is 3",
    ),
    "a zero beside a single withheld cell": (
        "two regions of one", "activity", activity(area="London"), r"patients of one, area .*can be worked out \(exact\): it is 4",
    ),
    "everybody": (
        "everybody well", "outcomes", outcome("good", centre="AAA"), r"shows 50 of 50, .* of one, centre AAA, 2025, good",
    ),
    "a single centre is its service": (
        "one centre", "outcomes", outcome("good"), r"of one, centre AAA, 2025, good can be worked out \(exact\)",
    ),
    "a small number itself": (
        "four centres", "activity", activity(centre="AAA"), r"shows 3 patients, fewer than 30, of one, centre AAA",
    ),
    "a median of few": (
        "four centres", "outcomes", outcome("stay", centre="AAA"), r"shows 3 patients, fewer than 30, of one, centre AAA, 2025, stay",
    ),
    "the few who died by a time": (
        "four centres", "outcomes", outcome("alive@30d", centre="CCC"), r"shows \d\d of 60, so that fewer than 5 .* of one, centre CCC",
    ),
    "completeness of an outcome": (
        "four centres", "completeness", [{"centre": code, "measure": "good"} for code in ("Total", "CCC")],
        r"(eligible|denominator) of one, centre AAA, 2025, good can be worked out \(exact\): it is 3",
    ),
}  # fmt: skip
NOUGHTS = {"a zero beside a single withheld cell"}


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_leak_is_named(tmp_path, made, name):
    world, table, where, says = PLANTS[name]
    one = made(world, "publish" if name in NOUGHTS else "protect")
    files = dict(one.files)
    for each in where if isinstance(where, list) else [where]:  # whichever of them was withheld is shown again
        files = planted(files, table, each, **shown(one, table, each))
    assert files != one.files
    found = problems(tmp_path, files)
    assert [words for words in found if re.search(says, words)], found


MET = ("value", "numerator", "lower", "upper")
MEASURES = {
    "earlier deaths are among later ones": (
        {"alive@30d": ("AAA", "BBB"), "good": ("AAA", "BBB")}, r"complement of one, centre AAA, 2025, alive@30d can be worked out \(narrow\): it lies between 4 and 5",
    ),
    "two measures are one count": (
        {"alive@30d": ("AAA", "CCC"), "good": ("AAA", "BBB")}, r"numerator of one, centre AAA, 2025, good can be worked out \(exact\): it is 56",
    ),
}  # fmt: skip


def died(centre, early, late):
    """Sixty patients of a centre: so many who died early, as many who died later, and good is who did not die early."""
    days = [10] * early + [100] * late + [900] * (60 - early - late)
    return [
        {"case_id": f"{centre}{order}", "centre": centre, "seen": "2025-06-01", "sex": ("female", "male")[order % 2], "area": "QMJ",
         "age": "30", "good": "no" if order < early else "yes", "days": str(each), "dead": "yes" if each < 900 else "no"}
        for order, each in enumerate(days)
    ]  # fmt: skip


@pytest.mark.parametrize("name", MEASURES)
def test_what_measures_tell_of_one_another_is_planted_and_named(tmp_path, name):
    """The rows of all centres are shown but for two of each measure: margins by themselves leave those wide."""
    gone, says = MEASURES[name]
    cases = died("AAA", 4, 1) + died("BBB", 5, 0) + died("CCC", 9, 11) + died("DDD", 8, 9)
    one = attacked.build(attacked.small_folder(tmp_path / "in", cases), tmp_path / "out", zeros="protect")
    assert problems(tmp_path / "clean", dict(one.files)) == []
    files = dict(one.files)
    for measure in ("alive@30d", "alive@1y", "good"):
        for centre in ("AAA", "BBB", "CCC", "DDD", "Total"):
            place = outcome(measure, centre=centre)
            hidden = centre in gone.get(measure, ())
            row = dict.fromkeys(MET, "") | {"status": "c"} if hidden else shown(one, "outcomes", place)
            files = planted(files, "outcomes", place, **row)
    found = problems(tmp_path / "planted", files)
    assert [words for words in found if re.search(says, words)], found


BESIDE = {
    "an interval beside a denominator": (
        "outcomes", outcome("alive@30d", centre="BBB"), {"lower": "0.981", "upper": "0.999"}, "is withheld but shows its lower and upper",
    ),
    "a numerator behind a mark": ("outcomes", outcome("alive@30d", centre="BBB"), {"numerator": "298"}, "shows its numerator"),
    "a note that tells": ("activity", activity(centre="AAA"), {"note": "Three patients."}, "shows its note: one, centre AAA"),
    "a percentage of a withheld denominator": (
        "outcomes", outcome("good", centre="AAA"), {"value": "0.667", "status": ""},
        "shows a figure without its number of patients of one, centre AAA, 2025, good",
    ),
    "a median without its number": (
        "outcomes", outcome("stay", centre="AAA"), {"value": "438.5", "status": ""},
        "shows a figure without its number of patients of one, centre AAA, 2025, stay",
    ),
    "everybody, without numbers": (
        "outcomes", outcome("alive@30d", centre="CCC"), {"value": "1", "status": ""},
        "shows that it happened to nobody, or to everybody, of one, centre CCC",
    ),
    "a total rounded beside exact parts": (
        "activity", activity(centre="CCC"), {"value": "55", "status": ""},
        "patients of one, centre AAA, 2025, patients can be worked out (exact): it is 8",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BESIDE)
def test_a_figure_left_or_put_beside_a_mark_is_named(tmp_path, made, name):
    table, where, new, says = BESIDE[name]
    found = problems(tmp_path, planted(dict(made("four centres").files), table, where, **new))
    assert [words for words in found if says in words], found


def test_numbers_at_risk_of_a_curve_are_read(tmp_path, made):
    """The curve of all, put for the curve of a centre that was withheld to protect another."""
    curve = {"numerator": "58", "denominator": "60", "value": repr(58 / 60), "centre": "CCC", "lower": "", "upper": ""}
    files = planted(dict(made("four centres").files), "curves", {"measure": "alive@91d"}, **curve)
    found = problems(tmp_path, files)
    assert [
        words for words in found if "denominator of one, centre AAA, 2025, alive can be worked out (exact): it is 3" in words
    ], found


# ------------------------------------------------------------------------------------------------ what earlier editions told


def test_an_edition_that_subtracts_from_an_earlier_one_is_named(tmp_path):
    """The third year was built alone; then somebody says that it was linked with the two before, whose audit is in order."""
    size, outs = {"A": 20, "B": 60}, []
    for last in (2023, 2024):
        source = attacked.small_folder(tmp_path / f"in-{last}", patients(17, size, years=range(2023, last + 1)), year=last)
        attacked.build(source, tmp_path / f"out-{last}", outs)
        outs.append(tmp_path / f"out-{last}")
    source = attacked.small_folder(tmp_path / "in", patients(17, size, years=range(2023, 2026)))
    files = dict(attacked.build(source, tmp_path / "alone").files)
    said = json.loads(files["disclosure.json"])
    said["linked"] = [{"label": "20", "number": 1, "manifest": write.digest((out / write.MANIFEST).read_bytes())} for out in outs]
    files["disclosure.json"] = write.canonical(said)
    laid = tmp_path / "laid"
    problems(laid, files)
    found = [one["problem"] for one in module.verify(laid, outs)["problems"]]
    assert [words for words in found if re.search(r"of one, centre A, .*can be worked out \(exact\): it is", words)], found


# ------------------------------------------------------------------------------------------------ order


def test_rows_ordered_by_what_is_withheld_are_named(tmp_path, made):
    one = made("four centres")
    document = json.loads(one.files["edition.json"])
    true = {row["centre"]: float(row["value"]) for row in one.truth["activity"]
            if all(row[name] == "Total" for name in ("area", "sex", "age_band"))}  # fmt: skip
    [service] = document["services"]
    [table] = [
        block
        for section in service["sections"]
        for block in section["blocks"]
        if block["kind"] == "table" and block["id"] == "activity-patients-centre"
    ]
    table["rows"].sort(key=lambda row: true[json.dumps(row).split("activity|")[1].split("|")[0]])
    found = problems(tmp_path, dict(one.files) | {"edition.json": write.canonical(document)})
    assert [words for words in found if "orders 'Patients by centre, 2025' of one by something other than names" in words], found


def test_a_data_file_ordered_by_what_is_withheld_is_named(tmp_path, made):
    one = made("four centres")
    rows = attacker.rows_of(one.files, "activity")
    rows.sort(key=lambda row: row["centre"] != "CCC")
    found = problems(tmp_path, dict(one.files) | {"data/activity.csv": written(rows)})
    assert [words for words in found if "data/activity.csv stands in another order" in words], found


# ------------------------------------------------------------------------------------------------ the build itself


def test_a_build_of_tables_that_tell_fails_and_names_the_number(tmp_path, monkeypatch):
    """Whoever protects wrongly (only what is small in itself is withheld) gets no edition, and is told what tells what."""
    real = edition.releases.protected
    monkeypatch.setattr(edition.releases, "protected", lambda tables, *rest, **more: _careless(real, tables, *rest, **more))
    with pytest.raises(InputError, match=r"patients of one, centre AAA, 2025, patients can be worked out \(exact\): it is 3"):
        attacked.build(attacked.small_folder(tmp_path / "in", WORLDS["two centres"]), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def _careless(real, tables, *rest, **more):
    done = real(tables, *rest, **more)
    return type(done)(tuple(map(_shown_again, tables, done.tables)), done.audit)


def _shown_again(table, made):
    if table.name != "activity":
        return made
    columns = dict(made.columns)
    again = table["value"] >= 30
    columns["value"] = shared.np.where(again, table["value"], columns["value"])
    columns["status"] = shared.np.where(again, "", columns["status"])
    return ProtectedTable(columns, name=made.name, kind=made.kind, dimensions=made.dimensions, token=shared._TOKEN)


# ------------------------------------------------------------------------------------------------ what is drawn of it


@pytest.fixture(scope="module")
def whole():
    """An edition with its pages and slides, and what those should be."""
    return published.files(), write.renderings(json.loads(published.files()["edition.json"]))


PAGE, DECK = "services/adult-ecmo.html", "slides/adult-ecmo.pptx"


def repacked(words, member, change):
    """Return a packed file with one member changed; members within members are named with a slash and a bar."""
    out = io.BytesIO()
    name, _, inner = member.partition("|")
    with zipfile.ZipFile(io.BytesIO(words)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.infolist():
            told = old.read(one.filename)
            if re.fullmatch(name, one.filename):
                told = repacked(told, inner, change) if inner else change(told)
            new.writestr(one, told)
    return out.getvalue()


DRAWN = {
    "alternative text of a page": (PAGE, lambda words: words.replace(b'aria-label="', b'aria-label="Nowhere General 17. ', 1), "Nowhere General 17"),
    "title of a drawing": (PAGE, lambda words: words.replace(b"<title>", b"<title>Nowhere General 17. ", 1), "Nowhere General 17"),
    "a number in place of a mark": (PAGE, lambda words: words.replace(b"[c]</span>", b"17</span>", 1), "17</span>"),
    "a data attribute": (PAGE, lambda words: words.replace(b"<span data-figure", b'<span data-value="17" data-figure', 1), 'data-value="17"'),
    "a comment": (PAGE, lambda words: words.replace(b"</main>", b"<!-- R0A: 17 --></main>"), "R0A: 17"),
    "alternative text of a slide": (
        DECK, lambda words: repacked(words, r"ppt/slides/slide\d+\.xml", lambda told: re.sub(rb'descr="', b'descr="R0A 17. ', told)), "R0A 17",
    ),
    "the workbook in a chart": (
        DECK,
        lambda words: repacked(words, r"ppt/embeddings/.*\.xlsx|xl/worksheets/sheet1\.xml", lambda told: told.replace(b"</row>", b'<c r="Z9"><v>17</v></c></row>', 1)),
        "<v>17</v>",
    ),
    "the title of a file": (DECK, lambda words: repacked(words, r"docProps/core\.xml", lambda told: told.replace(b"<dc:title>", b"<dc:title>17 ")), "17"),
}  # fmt: skip


@pytest.mark.parametrize("name", DRAWN)
def test_what_is_planted_in_a_page_or_a_slide_is_quoted(tmp_path, monkeypatch, whole, name):
    files, made = whole
    path, change, says = DRAWN[name]
    planted_there = change(files[path])
    assert planted_there != files[path]
    monkeypatch.setattr(module.write, "renderings", lambda _: made)
    [words] = problems(tmp_path, dict(files) | {path: planted_there})
    assert words.startswith(f"{path} is not what the content document says: ")
    assert says in words.partition(" stands where ")[0]
