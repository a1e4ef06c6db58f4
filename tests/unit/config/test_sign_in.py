"""Sign-in as a person does it: real requests, real forms."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest
import time_machine
from allauth.core.internal import ratelimit
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from plenary.core import actions, queries
from plenary.core.terms import SYSTEM
from tests.factories.core import PASSWORD, TOTP_SECRET, PostFactory

pytestmark = pytest.mark.django_db
WORKSPACE = "/workspace/"


@pytest.fixture
def manager():
    return actions.create_person(email="jo@example.org", name="Jo Doe", password=PASSWORD, by=SYSTEM)


@pytest.fixture
def enrolled(manager):
    PostFactory(person=manager)
    actions.enrol_totp(person=manager, secret=TOTP_SECRET, by=SYSTEM)
    return manager


def code(secret: str = TOTP_SECRET, steps: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def sign_in(client, email="jo@example.org", password=PASSWORD):
    return client.post(reverse("account_login"), {"login": email, "password": password})


def is_signed_in(client) -> bool:
    return "_auth_user_id" in client.session


def test_password_then_code_then_in(client, enrolled):
    answer = sign_in(client, email="JO@example.org")
    assert answer.headers["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    assert client.get(reverse("mfa_authenticate")).status_code == 200
    answer = client.post(reverse("mfa_authenticate"), {"code": code()})
    assert answer.headers["Location"] == WORKSPACE
    assert is_signed_in(client)
    assert client.get(WORKSPACE).headers.get("Location") != reverse("mfa_activate_totp")
    assert queries.events(verb="sign in", subject=f"person/{enrolled.pk}").count() == 1


def test_a_wrong_code_lets_nobody_in(client, enrolled):
    sign_in(client)
    wrong = "000000" if code() != "000000" else "111111"
    assert client.post(reverse("mfa_authenticate"), {"code": wrong}).status_code == 200
    assert not is_signed_in(client)
    assert not queries.events(verb="sign in").exists()


def test_a_code_works_once(client, enrolled):
    used = code()
    for expected in (True, False):
        sign_in(client)
        client.post(reverse("mfa_authenticate"), {"code": used})
        assert is_signed_in(client) is expected
        client.logout()


def test_a_recovery_code_works_once(client, enrolled):
    actions.reset_second_factor(person=enrolled, by=SYSTEM)
    codes = actions.enrol_totp(person=enrolled, secret=TOTP_SECRET, by=SYSTEM)
    assert len(codes) == 10
    for expected in (True, False):
        sign_in(client)
        client.post(reverse("mfa_authenticate"), {"code": codes[0]})
        assert is_signed_in(client) is expected
        client.logout()


def test_without_a_second_factor_every_page_leads_to_setting_one_up(client, manager):
    PostFactory(person=manager)
    sign_in(client)
    assert is_signed_in(client)
    for page in (WORKSPACE, "/", "/no/such/page"):
        assert client.get(page).headers["Location"] == reverse("mfa_activate_totp")
    assert client.get(reverse("mfa_activate_totp")).status_code == 200
    secret = client.session["mfa.totp.secret"]
    answer = client.post(reverse("mfa_activate_totp"), {"code": code(secret)})
    assert answer.status_code == 302
    assert client.get(WORKSPACE).headers.get("Location") != reverse("mfa_activate_totp")
    assert Authenticator.objects.filter(user=manager).count() == 2  # the app, and recovery codes


def test_an_unattended_session_cannot_enrol_without_the_password_again(client, manager):
    PostFactory(person=manager)
    sign_in(client)
    with time_machine.travel(time.time() + 301):
        confirm = client.get(reverse("mfa_activate_totp")).headers["Location"]
        assert confirm.startswith(reverse("account_reauthenticate"))
        assert client.post(confirm, {"password": "not the password"}).status_code == 200
        assert client.get(reverse("mfa_activate_totp")).status_code == 302
        assert client.post(confirm, {"password": PASSWORD}).headers["Location"] == reverse("mfa_activate_totp")
        assert client.get(reverse("mfa_activate_totp")).status_code == 200


def test_the_running_settings_are_the_published_policy(settings):
    actions.adopt_policies(settings.PLENARY.definitions / "policies", by=SYSTEM)
    wanted = queries.policy("sign-in", queries.today()).body
    assert settings.ACCOUNT_RATE_LIMITS["login_failed"] == f"{wanted['failed_attempts']}/{wanted['lockout_minutes']}m/key"
    lengths = [check["OPTIONS"]["min_length"] for check in settings.AUTH_PASSWORD_VALIDATORS if "OPTIONS" in check]
    assert lengths == [wanted["password_length"]]
    assert settings.PLENARY.idle_minutes == wanted["idle_minutes"]
    assert wanted["support_days"] == actions.SUPPORT_DAYS


def test_a_patient_representative_needs_no_second_factor(client, manager):
    PostFactory(person=manager, role="patient-representative", scope_kind="service", scope="adult-ecmo")
    sign_in(client)
    assert client.get(WORKSPACE).headers.get("Location") != reverse("mfa_activate_totp")


def test_five_wrong_passwords_lock_the_account_even_for_the_right_one(client, manager):
    for _ in range(5):
        assert sign_in(client, password="not the password").status_code == 200
    answer = sign_in(client)
    assert not is_signed_in(client)
    assert "too many" in answer.content.decode().lower()


def test_an_unknown_and_a_known_address_are_answered_alike(client, manager):
    pages = [sign_in(client, email=email, password="not the password") for email in ("jo@example.org", "no@example.org")]
    said = [re.sub(r'value="[^"]*"|nonce="[^"]*"', "", page.content.decode()).replace("no@", "jo@") for page in pages]
    assert said[0] == said[1]


def test_a_closed_account_does_not_open(client, manager):
    actions.close_person(person=manager, by=SYSTEM)
    sign_in(client)
    assert not is_signed_in(client)


def test_closing_an_account_ends_its_open_session(client, enrolled):
    sign_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code()})
    actions.close_person(person=enrolled, by=SYSTEM)
    assert queries.who(client.get("/account/").wsgi_request.user).posts == ()


def test_nobody_signs_up(client):
    form = {"email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD}
    client.post(reverse("account_signup"), form)
    assert not queries.people().exists()
    assert not is_signed_in(client)


def test_a_new_password_is_set_through_a_mailed_link_and_still_asks_for_the_code(client, enrolled):
    client.post(reverse("account_reset_password"), {"email": "jo@example.org"})
    link = re.search(r"https?://\S+", mail.outbox[0].body).group()
    form = client.get(link, follow=True)
    fresh = "another quiet lamp in the hall"
    client.post(form.redirect_chain[-1][0], {"password1": fresh, "password2": fresh})
    assert not is_signed_in(client)
    assert sign_in(client, password=fresh).headers["Location"] == reverse("mfa_authenticate")
    assert queries.events(verb="set password").count() == 1


def test_no_mail_goes_to_an_unknown_address(client):
    client.post(reverse("account_reset_password"), {"email": "no@example.org"})
    assert mail.outbox == []


def test_the_secret_does_not_lie_open_in_the_database(enrolled):
    kept = Authenticator.objects.get(user=enrolled, type=Authenticator.Type.TOTP).data["secret"]
    assert TOTP_SECRET not in kept


def test_signing_in_renews_the_session_and_ends_it_when_idle(client, enrolled, settings):
    sign_in(client)
    before = client.session.session_key
    client.post(reverse("mfa_authenticate"), {"code": code()})
    assert client.session.session_key != before
    assert client.session.get_expire_at_browser_close()
    assert settings.SESSION_COOKIE_AGE == 1800


def test_a_session_lasts_while_it_is_used_and_ends_when_it_is_not(client, enrolled):
    now = time.time()
    with time_machine.travel(now, tick=False) as clock:
        sign_in(client)
        client.post(reverse("mfa_authenticate"), {"code": code()})
        for _ in range(3):
            clock.shift(1700)
            assert client.get(WORKSPACE).status_code == 200
        clock.shift(1801)
        assert client.get(WORKSPACE).status_code == 302


def test_a_page_that_is_only_read_writes_nothing_but_once_a_minute(client, enrolled):
    with time_machine.travel(time.time(), tick=False) as clock:
        sign_in(client)
        client.post(reverse("mfa_authenticate"), {"code": code()})
        client.get(WORKSPACE)
        for seconds, writes in ((59, 0), (1, 1), (1, 0), (-600, 1)):
            clock.shift(seconds)
            with CaptureQueriesContext(connection) as asked:
                client.get(WORKSPACE)
            assert sum(one["sql"].startswith("UPDATE") for one in asked) == writes


def test_a_hospital_full_of_people_signs_in_from_one_address(client, enrolled):
    for _ in range(40):
        assert sign_in(client).headers["Location"] == reverse("mfa_authenticate")


def test_who_signs_in_rightly_waits_for_no_lock_of_the_address(client, enrolled):
    asked = RequestFactory().get(reverse("account_login"))
    for action in ("login", "login_failed", "login_failed_from"):
        for rate in ratelimit.get_rates(app="allauth.account", action=action):
            if rate.per == "ip":
                cache.add(ratelimit.get_cache_key(asked, app="allauth.account", action=action, rate=rate) + ":lock", value=True)
    before = time.monotonic()
    assert sign_in(client).headers["Location"] == reverse("mfa_authenticate")
    assert time.monotonic() - before < ratelimit.CACHE_LOCK_WAIT_TIMEOUT


def test_no_lock_out_is_pushed_out_of_the_cache_by_other_peoples(client, manager):
    for _ in range(5):
        sign_in(client, password="not the password")
    for number in range(400):
        cache.set(f"somebody-else-{number}", "y")
    assert "too many" in sign_in(client).text.lower()


def test_behind_a_proxy_those_who_fail_elsewhere_lock_nobody_out(client, manager, settings):
    settings.PLENARY = replace(settings.PLENARY, proxy_header=True)
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login_failed_from": "2/m/ip"}

    def knock(seen_by_proxy, password=PASSWORD):
        form = {"login": "jo@example.org", "password": password}
        return client.post(reverse("account_login"), form, headers={"X-Forwarded-For": seen_by_proxy})

    for number in range(3):  # what stands before the last address, the sender wrote
        knock(f"203.0.113.{number}, 198.51.100.7", password="not the password")
    assert "too many" in knock("203.0.113.9, 198.51.100.7").text.lower()
    assert knock("198.51.100.7, 192.0.2.44").status_code == 302


def test_without_a_proxy_nobody_names_an_address_of_their_own(client, manager, settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login_failed_from": "2/m/ip"}
    for number in range(3):
        form = {"login": "jo@example.org", "password": "not the password"}
        page = client.post(reverse("account_login"), form, headers={"X-Forwarded-For": f"203.0.113.{number}"})
    assert "too many" in page.text.lower()


def test_the_answer_carries_a_strict_policy(client):
    policy = client.get(reverse("account_login")).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
