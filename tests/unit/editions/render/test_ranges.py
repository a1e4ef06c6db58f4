import json
from dataclasses import replace

import pytest

from plenary.editions.render import content, data, write
from plenary.editions.render.ranges import texts, worded
from plenary.editions.render.verify import verify
from tests.unit.editions.published import approved
from tests.unit.editions.sample import ECMO
from tests.unit.editions.tables import protected

POLICY = {"threshold": 30, "minimum_width": 10, "ranges": True}


def row(value, **dimensions):
    base = {"service": ECMO, "centre": "Total", "area": "Total", "sex": "Total", "age_band": "Total", "period": "2025"}
    return base | {"measure": "patients", "value": value, "status": "" if value is not None else "c"} | dimensions


def edition(rows, **changes):
    """The sample edition with other numbers of patients, alone."""
    plain = approved()
    return replace(plain, tables=(protected("activity", rows),), policy=POLICY, earlier=(), previous=(), **changes)


ROWS = [
    row(60.0),
    row(31.0, centre="RJ1"),
    row(None, centre="RT3"),
    row(None, centre="R0A"),
    row(30.0, sex="M"),
    row(30.0, sex="F"),
]


def told(made) -> dict[str, str]:
    """The printed text of each centre's patients."""
    (service,) = (one for one in made["services"] if one["slug"] == ECMO)
    places = {key: key.split("|") for key in service["figures"] if key.startswith("activity|")}
    return {
        place[1]: service["figures"][key]["text"] for key, place in places.items() if place[2:5] == ["Total", "Total", "Total"]
    }


def test_without_the_policys_word_the_mark_stands_alone():
    assert worded(replace(edition(ROWS), policy={"threshold": 30})) == {}
    plain = content.build(replace(edition(ROWS), policy={"threshold": 30, "minimum_width": 10}))
    assert {told(plain)[centre] for centre in ("RT3", "R0A")} == {"[c]"}


def test_a_withheld_number_is_said_as_the_range_that_follows_from_the_shown_ones():
    """60 less 31 leaves 29 for two centres: each has fewer than 30. With a larger remainder nobody can say so."""
    assert {told(content.build(edition(ROWS)))[centre] for centre in ("RT3", "R0A")} == {"[c] fewer than 30"}
    larger = [row(90.0), *ROWS[1:4], row(60.0, sex="M"), row(30.0, sex="F")]
    assert {told(content.build(edition(larger)))[centre] for centre in ("RT3", "R0A")} == {"[c] up to 59"}


def test_the_words_follow_from_the_published_figures_alone():
    """Whatever stands behind the marks, by mistake or not, the texts are the same."""
    behind = [
        protected("activity", [one | ({"value": number} if one["value"] is None else {}) for one in ROWS])
        for number in (3.0, 26.0)
    ]
    made = [worded(replace(edition(ROWS), tables=(table,))) for table in behind]
    assert made[0] == made[1] == worded(edition(ROWS))
    read_back = data.tables(data.render(edition(ROWS)))
    audit = json.loads(write.audit(data.render(edition(ROWS)), edition(ROWS)))["audit"]
    assert texts(audit["cells"], POLICY, [one for table in read_back for one in table.rows()]) == worded(edition(ROWS))


def test_the_data_files_say_no_words():
    rendered = data.render(edition(ROWS))
    assert rendered == data.render(replace(edition(ROWS), policy={"threshold": 30}))
    assert b"fewer" not in rendered["data/activity.csv"]


def test_the_check_of_an_edition_knows_the_words_and_refuses_others(tmp_path):
    made = edition(ROWS, draft=False, reviewers=("Ada Invented", "Bo Imagined"))
    document = content.build(made)
    write.write(document, made, tmp_path / "good")
    report = verify(tmp_path / "good")
    assert report["problems"] == []
    assert "[c] fewer than 30" in (tmp_path / "good" / "services" / f"{ECMO}.html").read_text()
    changed = json.loads(json.dumps(document).replace("[c] fewer than 30", "[c] fewer than 10"))
    write.write(changed, made, tmp_path / "bad")
    problems = [problem["problem"] for problem in verify(tmp_path / "bad")["problems"]]
    assert any("shows [c] fewer than 10" in problem for problem in problems)


@pytest.mark.parametrize("cells", [[], [{"quantity": "denominator", "low": 0, "high": 5}]])
def test_a_row_that_the_audit_says_nothing_of_keeps_its_mark(cells):
    assert texts(cells, POLICY, [row(None, centre="RT3")]) == {}
