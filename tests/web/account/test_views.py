"""Getting in, and what an account shows of itself."""

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.core import mail

from plenary.core import actions
from plenary.core.permissions import CentreLead
from plenary.core.terms import SYSTEM, Post, scope_kind
from plenary.web.account.views import scope_words
from tests.factories.core import PASSWORD, TOTP_SECRET, PersonFactory, PostFactory
from tests.factories.registry import ServiceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead():
    person = PersonFactory(name="Ada Example")
    PostFactory(person=person, role=CentreLead.key, scope="adult-ecmo/RJ1")
    return person


def code_now(secret=TOTP_SECRET):
    return totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))


def give_password(client, person, next_page=""):
    return client.post(f"/account/login/?next={next_page}", {"login": person.email, "password": PASSWORD, "next": next_page})


def test_the_second_factor_is_asked_for_before_anything_opens(client, lead):
    actions.enrol_totp(person=lead, secret=TOTP_SECRET, by=SYSTEM)
    assert give_password(client, lead).url == "/account/codes/enter/"
    assert client.get("/workspace/").status_code == 302
    assert client.post("/account/codes/enter/", {"code": code_now()}).url == "/workspace/"
    assert client.get("/workspace/").status_code == 200


def test_a_wrong_code_lets_nobody_in(client, lead):
    actions.enrol_totp(person=lead, secret=TOTP_SECRET, by=SYSTEM)
    give_password(client, lead)
    page = client.post("/account/codes/enter/", {"code": "000000"})
    assert "<title>Error: Enter a one-time code – Plenary</title>" in page.text
    assert client.get("/workspace/").status_code == 302


def test_a_recovery_code_works_once(client, lead):
    first, *_ = actions.enrol_totp(person=lead, secret=TOTP_SECRET, by=SYSTEM)
    give_password(client, lead)
    assert client.post("/account/codes/enter/", {"code": first}).url == "/workspace/"
    client.post("/account/logout/")
    give_password(client, lead)
    assert client.post("/account/codes/enter/", {"code": first}).status_code == 200


def test_a_fresh_sign_in_sets_up_codes_without_being_asked_again(client, lead):
    give_password(client, lead)
    assert client.get("/workspace/").url == "/account/codes/app/"
    page = client.get("/account/codes/app/")
    assert page.status_code == 200
    secret = page.text.split('plenary-key">')[1].split("<")[0]
    answer = client.post("/account/codes/app/", {"code": code_now(secret)})
    assert answer.url == "/account/codes/recovery/"
    assert client.get(answer.url).text.count("<li><code>") == 10


def test_an_older_sign_in_is_asked_again_before_codes_change(client, lead):
    actions.enrol_totp(person=lead, secret=TOTP_SECRET, by=SYSTEM)
    client.force_login(lead)
    assert client.get("/account/codes/recovery/new/").url.startswith("/account/confirm/")


def test_the_sign_in_leads_on_to_the_page_that_was_asked_for(client, lead):
    actions.enrol_totp(person=lead, secret=TOTP_SECRET, by=SYSTEM)
    give_password(client, lead, "/account/")
    assert client.post("/account/codes/enter/", {"code": code_now()}).url == "/account/"


def test_a_sign_in_leads_to_no_other_site(client, lead):
    actions.enrol_totp(person=lead, secret=TOTP_SECRET, by=SYSTEM)
    give_password(client, lead, "https://evil.example/")
    assert client.post("/account/codes/enter/", {"code": code_now()}).url == "/workspace/"


def test_nobody_signs_up(client):
    answer = client.post("/account/sign-up/", {"email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD})
    assert "made by an administrator" in answer.text
    assert "sign-up" not in client.get("/account/login/").text


def test_five_wrong_passwords_lock_the_door_for_a_while(client, lead):
    for _ in range(5):
        client.post("/account/login/", {"login": lead.email, "password": "wrong"})
    page = give_password(client, lead)
    assert page.status_code in {200, 429}
    assert client.get("/account/").status_code == 302


def test_a_forgotten_password_is_replaced_by_a_link(client, lead):
    answer = client.post("/account/password/reset/", {"email": lead.email}, follow=True)
    assert "Look at your e-mail" in answer.text
    link = next(word for word in mail.outbox[0].body.split() if "/account/password/reset/key/" in word)
    page = client.get("/" + link.split("/", 3)[3], follow=True)
    assert "Choose your password" in page.text
    assert "&lt;ul" not in page.text
    new = "three other random words"
    done = client.post(page.redirect_chain[-1][0], {"password1": new, "password2": new}, follow=True)
    assert "The password is saved" in done.text
    lead.refresh_from_db()
    assert lead.check_password(new)


def test_an_unknown_address_gets_the_same_answer_and_no_mail(client):
    answer = client.post("/account/password/reset/", {"email": "nobody@example.org"}, follow=True)
    assert "Look at your e-mail" in answer.text
    assert mail.outbox == []


def test_a_password_can_be_changed(client):
    person = PersonFactory()
    client.force_login(person)
    form = {"oldpassword": PASSWORD, "password1": "a brighter lamp", "password2": "a brighter lamp"}
    client.post("/account/password/change/", form)
    person.refresh_from_db()
    assert person.check_password("a brighter lamp")


def test_an_account_shows_its_posts_and_nobody_elses(client, lead):
    other = PersonFactory(name="Somebody Else", email="else@example.org")
    PostFactory(person=other, role=CentreLead.key, scope="lam/RX1")
    client.force_login(lead)
    assert "adult-ecmo/RJ1" in client.get("/account/").text  # of a service that the register does not know
    ServiceFactory(slug="adult-ecmo", name="Adult ECMO")
    page = client.get("/account/").text
    assert "Adult ECMO, centre RJ1" in page
    assert "lam/RX1" not in page
    assert "else@example.org" not in page


def test_an_account_without_a_post_says_what_to_do(client):
    client.force_login(PersonFactory())
    assert "Ask the administrator of this installation to appoint you." in client.get("/account/").text


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        ("", "the whole installation"),
        ("England", "England"),
        ("lam", "LAM"),
        ("lam/RX1", "LAM, centre RX1"),
        ("other/RX1", "other/RX1"),
    ],
)
def test_a_scope_in_words(scope, words):
    assert scope_words(Post("reviewer", scope_kind(scope), scope), {"lam": "LAM"}) == words
