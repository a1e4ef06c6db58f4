"""Django's settings, all derived from the one record in ``environment``."""

from __future__ import annotations

import os
from datetime import timedelta

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from plenary.config import environment

PLENARY = environment.read(os.environ)
if PLENARY.production and (wrong := PLENARY.problems()):
    raise ImproperlyConfigured("These settings are refused in production:\n" + "\n".join(f"- {line}" for line in wrong))

# The rooms, lowest first. A room adds its line when it lands.
ROOMS = (
    "plenary.core",
    "plenary.registry",
    "plenary.collection",
    "plenary.outcomes",
    "plenary.access",
    "plenary.spend",
    "plenary.releases",
    "plenary.editions",
)

SECRET_KEY = PLENARY.secret_key
DEBUG = PLENARY.debug
ALLOWED_HOSTS = list(PLENARY.allowed_hosts)
ROOT_URLCONF = "plenary.config.urls"
WSGI_APPLICATION = "plenary.config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_tasks",
    "django_tasks_db",
    *ROOMS,
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "plenary.config.middleware.renewal",
    "plenary.config.middleware.second_factor",
]

# Our pages are Jinja2 and come first, so that a page of ours replaces allauth's of the same name.
_CONTEXT = [
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "APP_DIRS": False,
        "OPTIONS": {"context_processors": _CONTEXT, "environment": "plenary.web.design.environment.environment"},
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": _CONTEXT},
    },
]

DATABASES = {"default": environment.database(PLENARY.database_url)}
# Shared by all worker processes: a lock-out that one process forgets is no lock-out.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "plenary_cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},  # with Django's 300, two hundred people's sign-ins push one another's out
    }
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = PLENARY.data / "static" if PLENARY.production else None  # elsewhere they are served from where they lie
STATICFILES_DIRS = [environment.ROOT / "src" / "plenary" / "web" / "design" / "static"]
WHITENOISE_USE_FINDERS = not PLENARY.production  # in production `plenary migrate` collects them, with hashed names
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PLENARY.production
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# Sign-in: e-mail and password, then a one-time code. Accounts are made by an administrator.
AUTH_USER_MODEL = "core.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "plenary.config.passwords.Hasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/account/login/"
LOGIN_REDIRECT_URL = "/workspace/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "plenary.config.sign_in.AccountAdapter"
ACCOUNT_TEMPLATE_EXTENSION = "jinja"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # the administrator vouches for the address when creating the account
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
# Few by account, many by address: several hospitals reach the site from one, all on the evening before a deadline. By address
# only failures are counted (``sign_in``): counting takes a lock, and whoever waits for one too long would be turned away.
ACCOUNT_RATE_LIMITS = {
    "login": "",
    "login_failed": "5/15m/key",
    "login_failed_from": "60/m/ip",
    "reset_password": "120/m/ip,5/m/key",
    "reset_password_from_key": "120/m/ip",
}
ACCOUNT_SESSION_REMEMBER = False
MFA_ADAPTER = "plenary.config.sign_in.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Plenary"
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be half a minute out

SESSION_COOKIE_AGE = int(timedelta(minutes=PLENARY.idle_minutes).total_seconds())
SESSION_SAVE_EVERY_REQUEST = False  # ``renewal`` makes the age above an idle limit
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PLENARY.secure_cookies
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [PLENARY.base_url] if PLENARY.base_url.startswith("https://") else []

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = PLENARY.production
SECURE_HSTS_SECONDS = 31_536_000 if PLENARY.production else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PLENARY.production
SECURE_HSTS_PRELOAD = PLENARY.production
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PLENARY.proxy_header else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 60 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "plenary.web.uploads.Limit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DEFAULT_FROM_EMAIL = SERVER_EMAIL = PLENARY.email_from
globals().update(environment.email(PLENARY.email_url))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
