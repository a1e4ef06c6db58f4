"""The settings of one installation, read once from environment variables named ``PLENARY_…``.

Nothing else in the project reads the environment, so this record is the whole list of what can be set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parents[3]
DEVELOPMENT_KEY = "for-development-only-never-in-production-0123456789abcdef"
DEVELOPMENT_EPISODES_KEY = "for-development-only-pseudonyms-0123456789abcdef"
SHORTEST_KEY = 32
CONNECT_SECONDS = "5"
"""How long a page waits for a database that does not answer before it says so."""
TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off", ""}


class SettingError(ImproperlyConfigured):
    """A variable holds something that cannot be used; the message names the variable and the remedy."""


@dataclass(frozen=True)
class Settings:
    """What an installation may decide. Every field is the variable ``PLENARY_<FIELD>``."""

    environment: str  # development or production
    secret_key: str
    debug: bool
    demo: bool  # this installation shows the invented world
    allowed_hosts: tuple[str, ...]
    base_url: str  # where readers reach the site; https in production
    secure_cookies: bool
    data: Path  # folder that holds the database, the store and the editions unless they are set apart
    database_url: str
    store: Path  # content-addressed bytes
    editions: Path  # published editions
    definitions: Path  # services, data sets, outcome sets, policies
    email_url: str  # console: or smtp://user:password@host:port?tls=yes
    email_from: str
    episodes_key: str  # secret of the pseudonyms by which one patient is found at two centres and in hospital episodes
    idle_minutes: int  # a session ends after this long without a request
    proxy_header: bool  # a proxy in front sets X-Forwarded-Proto

    @property
    def production(self) -> bool:
        return self.environment == "production"

    def problems(self) -> list[str]:
        """Return what forbids these settings in production, one sentence each; an empty list is a pass."""
        checks = [
            (not self.production, "PLENARY_ENVIRONMENT is not production."),
            (self.debug, "PLENARY_DEBUG is on: error pages would show code and data."),
            (self.demo, "PLENARY_DEMO is on: a live installation holds no invented data."),
            (self.secret_key == DEVELOPMENT_KEY, "PLENARY_SECRET_KEY is the development key."),
            (len(self.secret_key) < 50, "PLENARY_SECRET_KEY is shorter than 50 characters."),
            (not self.allowed_hosts, "PLENARY_ALLOWED_HOSTS is empty: name the hosts of the site."),
            ("*" in self.allowed_hosts, "PLENARY_ALLOWED_HOSTS allows every host."),
            (not self.base_url.startswith("https://"), "PLENARY_BASE_URL does not start with https://."),
            (not self.secure_cookies, "PLENARY_SECURE_COOKIES is off: cookies would travel over plain http."),
            (self.email_url == "console:", "PLENARY_EMAIL_URL is not set: nobody could reset a password."),
            (
                self.episodes_key == DEVELOPMENT_EPISODES_KEY,
                "PLENARY_EPISODES_KEY is not set: anybody could work out whose pseudonyms these are.",
            ),
            (
                len(self.episodes_key) < SHORTEST_KEY,
                f"PLENARY_EPISODES_KEY is shorter than {SHORTEST_KEY} characters: it could be guessed.",
            ),
            (self.idle_minutes > 60, "PLENARY_IDLE_MINUTES is over 60."),
        ]
        return [sentence for wrong, sentence in checks if wrong]


def read(environ: Mapping[str, str]) -> Settings:
    """Read the settings; raise ``SettingError`` for a value that cannot be used."""
    text = _reader(environ)
    environment = text("ENVIRONMENT", "development")
    if environment not in {"development", "production"}:
        raise SettingError(f"PLENARY_ENVIRONMENT is {environment!r}: use development or production")
    production = environment == "production"
    data = Path(text("DATA", str(ROOT / "var")))
    return Settings(
        environment=environment,
        secret_key=text("SECRET_KEY", DEVELOPMENT_KEY),
        debug=_switch(text, "DEBUG", default=False),
        demo=_switch(text, "DEMO", default=False),
        allowed_hosts=_words(text("ALLOWED_HOSTS", "" if production else "localhost,127.0.0.1,[::1],testserver")),
        base_url=text("BASE_URL", "http://localhost:8000").rstrip("/"),
        secure_cookies=_switch(text, "SECURE_COOKIES", default=production),
        data=data,
        database_url=text("DATABASE_URL", f"sqlite:///{quote(str(data / 'plenary.sqlite3'))}"),
        store=Path(text("STORE", str(data / "store"))),
        editions=Path(text("EDITIONS", str(data / "editions"))),
        definitions=Path(text("DEFINITIONS", str(ROOT / "definitions"))),
        email_url=text("EMAIL_URL", "console:"),
        email_from=text("EMAIL_FROM", "plenary@localhost"),
        episodes_key=text("EPISODES_KEY", DEVELOPMENT_EPISODES_KEY),
        idle_minutes=_whole_number(text, "IDLE_MINUTES", default=30),
        proxy_header=_switch(text, "PROXY_HEADER", default=False),
    )


def database(url: str) -> dict[str, Any]:
    """Return Django's connection settings for ``sqlite:///path`` (four slashes for an absolute one) or ``postgresql://user:password@host:port/name``."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return _sqlite(unquote(parts.path).removeprefix("/") or ":memory:")
    if parts.scheme in {"postgres", "postgresql"}:
        query = dict(parse_qsl(parts.query))
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.removeprefix("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": query.pop("host", None) or unquote(parts.hostname or ""),
            "PORT": str(parts.port or ""),
            "OPTIONS": {"connect_timeout": CONNECT_SECONDS} | query,
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
        }
    raise SettingError(f"PLENARY_DATABASE_URL begins with {parts.scheme!r}: use sqlite:///path or postgresql://…")


def email(url: str) -> dict[str, Any]:
    """Return Django's e-mail settings for ``console:`` or ``smtp://user:password@host:port?tls=yes``."""
    parts = urlsplit(url)
    if parts.scheme == "console":
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    if parts.scheme == "smtp" and parts.hostname:
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": parts.hostname,
            "EMAIL_PORT": parts.port or 587,
            "EMAIL_HOST_USER": unquote(parts.username or ""),
            "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
            "EMAIL_USE_TLS": dict(parse_qsl(parts.query)).get("tls", "yes") in TRUE_WORDS,
        }
    raise SettingError("PLENARY_EMAIL_URL: use console: or smtp://user:password@host:port?tls=yes")


def _sqlite(path: str) -> dict[str, Any]:
    # IMMEDIATE takes the write lock at the start, so two writers wait for each other and neither fails half-way.
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; "
            "PRAGMA cache_size=-65536;",  # 64 MiB at most: a large file is accepted without leafing through its own pages
        },
    }


def _reader(environ: Mapping[str, str]) -> Any:
    return lambda name, default: environ.get(f"PLENARY_{name}", "").strip() or default


def _switch(text: Any, name: str, *, default: bool) -> bool:
    word = text(name, "yes" if default else "no").lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise SettingError(f"PLENARY_{name} is {word!r}: use yes or no")


def _whole_number(text: Any, name: str, *, default: int) -> int:
    word = text(name, str(default))
    if not word.isdecimal() or int(word) < 1:
        raise SettingError(f"PLENARY_{name} is {word!r}: use a whole number of 1 or more")
    return int(word)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
