from __future__ import annotations

from pathlib import Path

import pytest

from plenary.config import environment
from plenary.config.environment import DEVELOPMENT_KEY, ROOT, SettingError, read

LIVE = {
    "PLENARY_ENVIRONMENT": "production",
    "PLENARY_SECRET_KEY": "k" * 60,
    "PLENARY_EPISODES_KEY": "e" * 40,
    "PLENARY_ALLOWED_HOSTS": "plenary.example.org, www.example.org",
    "PLENARY_BASE_URL": "https://plenary.example.org/",
    "PLENARY_EMAIL_URL": "smtp://user:p%40ss@mail.example.org:2525",
}


def test_nothing_set_is_a_safe_development_installation():
    settings = read({})
    assert (settings.environment, settings.debug, settings.demo) == ("development", False, False)
    assert settings.secret_key == DEVELOPMENT_KEY
    assert settings.database_url == f"sqlite:///{ROOT / 'var' / 'plenary.sqlite3'}"
    assert (settings.store, settings.editions) == (ROOT / "var" / "store", ROOT / "var" / "editions")
    assert settings.definitions == ROOT / "definitions"
    assert settings.idle_minutes == 30


def test_one_folder_moves_everything_and_each_may_stand_apart():
    settings = read({"PLENARY_DATA": "/srv/plenary", "PLENARY_EDITIONS": "/srv/www"})
    assert settings.database_url == "sqlite:////srv/plenary/plenary.sqlite3"
    assert (settings.store, settings.editions) == (Path("/srv/plenary/store"), Path("/srv/www"))


def test_a_live_installation_passes():
    settings = read(LIVE)
    assert settings.problems() == []
    assert settings.production is True
    assert settings.secure_cookies is True
    assert settings.allowed_hosts == ("plenary.example.org", "www.example.org")
    assert settings.base_url == "https://plenary.example.org"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"PLENARY_ENVIRONMENT": "development", "PLENARY_SECURE_COOKIES": "yes"}, "PLENARY_ENVIRONMENT"),
        ({"PLENARY_DEBUG": "yes"}, "PLENARY_DEBUG"),
        ({"PLENARY_DEMO": "1"}, "PLENARY_DEMO"),
        ({"PLENARY_SECRET_KEY": ""}, "PLENARY_SECRET_KEY"),
        ({"PLENARY_SECRET_KEY": DEVELOPMENT_KEY}, "PLENARY_SECRET_KEY"),
        ({"PLENARY_SECRET_KEY": "k" * 49}, "PLENARY_SECRET_KEY"),
        ({"PLENARY_ALLOWED_HOSTS": ""}, "PLENARY_ALLOWED_HOSTS"),
        ({"PLENARY_ALLOWED_HOSTS": "a.example.org,*"}, "PLENARY_ALLOWED_HOSTS"),
        ({"PLENARY_BASE_URL": "http://plenary.example.org"}, "PLENARY_BASE_URL"),
        ({"PLENARY_SECURE_COOKIES": "no"}, "PLENARY_SECURE_COOKIES"),
        ({"PLENARY_EMAIL_URL": ""}, "PLENARY_EMAIL_URL"),
        ({"PLENARY_IDLE_MINUTES": "61"}, "PLENARY_IDLE_MINUTES"),
        ({"PLENARY_EPISODES_KEY": ""}, "PLENARY_EPISODES_KEY"),
        ({"PLENARY_EPISODES_KEY": "e" * 31}, "PLENARY_EPISODES_KEY"),
    ],
)
def test_each_unsafe_setting_is_refused_by_its_name(change, named):
    (sentence, *more) = read(LIVE | change).problems()
    assert sentence.startswith(named)
    assert not more


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"PLENARY_ENVIRONMENT": "live"}, "PLENARY_ENVIRONMENT"),
        ({"PLENARY_DEBUG": "perhaps"}, "PLENARY_DEBUG"),
        ({"PLENARY_IDLE_MINUTES": "-5"}, "PLENARY_IDLE_MINUTES"),
        ({"PLENARY_IDLE_MINUTES": "0"}, "PLENARY_IDLE_MINUTES"),
    ],
)
def test_a_value_that_cannot_be_used_names_its_variable(change, named):
    with pytest.raises(SettingError, match=named):
        read(change)


@pytest.mark.parametrize(("word", "expected"), [("Yes", True), ("TRUE", True), ("on", True), ("no", False), ("0", False)])
def test_switches_are_words(word, expected):
    assert read({"PLENARY_DEMO": word}).demo is expected


def test_sqlite_waits_for_its_turn_and_checks_its_links():
    found = environment.database("sqlite:////srv/plenary.sqlite3")
    assert found["NAME"] == "/srv/plenary.sqlite3"
    assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert found["OPTIONS"]["timeout"] == 20
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "cache_size=-65536"):
        assert pragma in found["OPTIONS"]["init_command"]


@pytest.mark.parametrize("folder", ["var", "/srv/a folder", "/srv/50%", "/srv/what?", "/srv/a#b"])
def test_the_database_lies_in_the_data_folder_whatever_its_name(folder):
    url = read({"PLENARY_DATA": folder}).database_url
    assert environment.database(url)["NAME"] == f"{folder}/plenary.sqlite3"


def test_postgresql_with_a_password_of_any_letters_and_options():
    found = environment.database("postgresql://plenary:p%40ss@db.example.org:6432/plenary?sslmode=require")
    assert (found["NAME"], found["USER"], found["PASSWORD"]) == ("plenary", "plenary", "p@ss")
    assert (found["HOST"], found["PORT"], found["OPTIONS"]) == (
        "db.example.org",
        "6432",
        {"connect_timeout": "5", "sslmode": "require"},
    )


def test_a_database_that_does_not_answer_is_not_waited_for_longer_than_told():
    assert environment.database("postgresql://u@h/d?connect_timeout=9")["OPTIONS"] == {"connect_timeout": "9"}


def test_postgresql_over_a_socket():
    assert environment.database("postgresql://postgres@/plenary?host=/run/postgresql")["HOST"] == "/run/postgresql"


@pytest.mark.parametrize("url", ["mysql://x/y", "plenary.sqlite3", ""])
def test_another_database_is_refused(url):
    with pytest.raises(SettingError, match="PLENARY_DATABASE_URL"):
        environment.database(url)


def test_mail_goes_out_encrypted_unless_told_otherwise():
    found = environment.email(read(LIVE).email_url)
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"], found["EMAIL_HOST_PASSWORD"]) == ("mail.example.org", 2525, "p@ss")
    assert found["EMAIL_USE_TLS"] is True
    assert environment.email("smtp://mail.example.org?tls=no")["EMAIL_USE_TLS"] is False
    with pytest.raises(SettingError, match="PLENARY_EMAIL_URL"):
        environment.email("carrier-pigeon://coop")
