"""Nobody is missing, the money adds up, and a centre has its say before the meeting: walked in a browser, with every check."""

import pytest
from django.conf import settings
from django.test import Client

from plenary.core.permissions import CentreLead, NationalCommissioner, NetworkLead
from plenary.core.terms import scope_kind
from tests.e2e.checks import check_narrow, check_page
from tests.factories import collection, outcomes
from tests.factories.ascertainment import answer, expected, row
from tests.factories.collection import accepted, case
from tests.factories.registry import DesignationFactory
from tests.web.workspace.test_contract_returns import lines, totals

NARROW = pytest.mark.browser_context_args(java_script_enabled=False, viewport={"width": 320, "height": 800})
HERE = "/workspace/collection/adult-ecmo/RJ1/2025"


@pytest.fixture
def computed():
    """Two centres with results of the year, one of them signed off, the other with its series open."""
    first, second = collection.make_centre(ods="RJ1"), outcomes.signed_centre("RM2", 30, 6)
    accepted(first, *outcomes.many(40, 10), case("X1"), case("X2"))
    for centre in (first, second):
        DesignationFactory(centre=centre)
    outcomes.adopt(first.service)
    return outcomes.run(first.service, signed_only=False)


@pytest.fixture
def become(page, member, base_url):
    """Go on as somebody else who is signed in: signing in through the pages is walked elsewhere."""

    def go(role, scope):
        browser = Client()
        browser.force_login(member(role, scope, scope_kind(scope)))
        name = settings.SESSION_COOKIE_NAME
        page.context.clear_cookies()
        page.context.add_cookies([{"name": name, "value": browser.cookies[name].value, "url": base_url}])

    return go


def look(page, check, *addresses):
    for address in addresses:
        page.goto(address)
        check(page)


def the_nation_loads(page, become, tmp_path, check):
    told = [row("matched", f"p{number}", f"N{number:03d}") for number in range(30)]
    file = tmp_path / "answer.json"
    file.write_bytes(answer(*told, row("review", "ann", "X1"), row("missing", "ben"), row("missing", "cat", centre="RX9")))
    become(NationalCommissioner, "England")
    look(page, check, "/workspace/ascertainment/?service=adult-ecmo&period=2025", "/workspace/ascertainment/load/")
    page.get_by_role("button", name="Load").click()
    assert page.get_by_role("alert").is_visible()
    page.get_by_label("Period").select_option("2025")
    page.get_by_label("Answer of hospital data").set_input_files(file)
    page.get_by_role("button", name="Load").click()
    page.get_by_text("33 expected, 30 matched, 1 in question, 1 missing, 1 at no centre").wait_for()
    check(page)


def the_centre_answers(page, become, check):
    become(CentreLead, "adult-ecmo/RJ1")
    look(page, check, f"{HERE}/sign-off/", f"{HERE}/expected/", f"{HERE}/expected/?status=review")
    page.get_by_role("link", name="Answer").click()
    check(page)
    page.get_by_label("Yes, it is").check()
    page.get_by_role("button", name="Keep the answer").click()
    page.get_by_text("was kept").wait_for()
    page.goto(f"{HERE}/expected/{expected('ben').pk}/")
    page.get_by_role("button", name="Keep the reason").click()
    assert page.get_by_role("alert").is_visible()
    check(page)
    page.get_by_label("Coding error in the source").check()
    page.get_by_role("button", name="Keep the reason").click()
    page.goto(f"{HERE}/sign-off/")
    page.get_by_label("I declare").check()
    page.get_by_role("button", name="Sign off").click()
    page.get_by_text("is signed off with 42 cases").wait_for()


def the_centre_returns_its_expenditure(page, tmp_path, check):
    for name, sent in (("totals", totals("149.00")), ("lines", lines()), ("right", totals())):
        (tmp_path / f"{name}.csv").write_bytes(sent.read())
    look(page, check, "/workspace/expenditure/?service=adult-ecmo&period=2025", "/workspace/contract-monitoring/")
    page.goto("/workspace/expenditure/adult-ecmo/RJ1/2025/file/")
    check(page)
    for file, said in (("totals", "£1.00 more"), ("right", "Accept the total")):
        page.goto("/workspace/expenditure/adult-ecmo/RJ1/2025/file/")
        page.get_by_label("File of totals").set_input_files(tmp_path / f"{file}.csv")
        page.get_by_label("File of patients' lines").set_input_files(tmp_path / "lines.csv")
        page.get_by_role("button", name="Send and check").click()
        page.get_by_text(said).first.wait_for()
        check(page)
    page.get_by_role("button", name="Accept the total").click()
    page.get_by_text("was paid in this period").wait_for()
    look(page, check, "/workspace/contract-monitoring/")


def the_centre_has_its_say(page, become, check, run):
    own = f"/workspace/results/{run.pk}/centre/RJ1/"
    look(page, check, f"/workspace/results/{run.pk}/", own, f"{own}comment/survival-to-discharge/")
    page.get_by_label("Comment").fill("Two were moribund on arrival.")
    page.get_by_role("button", name="Keep").click()
    page.get_by_text("Two were moribund on arrival.").wait_for()
    check(page)
    become(NetworkLead, "adult-ecmo")
    look(page, check, f"/workspace/results/{run.pk}/comments/", "/workspace/results/names/adult-ecmo/")
    look(page, check, "/workspace/narrative/adult-ecmo/2025/description/", "/workspace/ascertainment/list/")
    look(page, check, "/workspace/ascertainment/?service=adult-ecmo&period=2025")


def walk(page, become, tmp_path, run, check):
    the_nation_loads(page, become, tmp_path, check)
    the_centre_answers(page, become, check)
    the_centre_returns_its_expenditure(page, tmp_path, check)
    the_centre_has_its_say(page, become, check, run)


def test_from_hospital_data_to_the_meeting(page, become, tmp_path, computed, picture):
    walk(page, become, tmp_path, computed, lambda page: check_page(page, without_script=False))
    picture(page, "ascertainment")


@NARROW
def test_the_same_at_320_pixels_without_script(page, become, tmp_path, computed):
    walk(page, become, tmp_path, computed, check_narrow)
