"""Settings, read from the environment once and typed. Every name is documented in `docs/reference/settings.md`.

Safe by default: without any variable set the application runs on its own embedded PostgreSQL, answers on the
loopback names only, and keeps a generated secret key in this user's state folder. Once `DATABASE_URL` points
to a server, a secret key must be given too.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

import django_stubs_ext
from django.core.exceptions import ImproperlyConfigured
from environs import Env

from config.checkpoints import check_log_settings
from config.observe import structlog_processors
from config.security import CONTENT_SECURITY_POLICY  # noqa: F401 (read by django-csp)

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
STATE_DIR = BASE_DIR / f".quanbu-{os.getuid()}"

env = Env()
DEBUG = env.bool("QUANBU_DEBUG", False)
ALLOWED_HOSTS = env.list("QUANBU_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("QUANBU_TRUSTED_ORIGINS", [])


def _databases() -> dict[str, dict[str, Any]]:
    """`default` is the runtime role, which may only do what it must; `owner` migrates and sets up."""
    runtime, owner = os.environ.get("DATABASE_URL"), os.environ.get("DATABASE_OWNER_URL")
    if runtime is None:
        if owner is not None:
            raise ImproperlyConfigured("DATABASE_OWNER_URL is set but DATABASE_URL is not: set both or neither.")
        return {
            alias: {"ENGINE": "config.database", "NAME": "quanbu", "OPTIONS": {"embedded_role": role}}
            for alias, role in (("default", "runtime"), ("owner", "owner"))
        }
    databases = {"default": dict(env.dj_db_url("DATABASE_URL"))}
    if owner is not None:
        databases["owner"] = dict(env.dj_db_url("DATABASE_OWNER_URL"))
    return {alias: settings | {"ENGINE": "config.database"} for alias, settings in databases.items()}


def _secret_key() -> str:
    given = os.environ.get("QUANBU_SECRET_KEY")
    if given:
        return given
    if "DATABASE_URL" in os.environ and not DEBUG:
        raise ImproperlyConfigured("Set QUANBU_SECRET_KEY to a long random string (50 characters or more).")
    kept = STATE_DIR / "secret-key"
    if not kept.exists():
        STATE_DIR.mkdir(mode=0o700, exist_ok=True)
        fresh = STATE_DIR / f"secret-key.{os.getpid()}"
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(64))
        try:
            os.link(fresh, kept)  # of several first starts at once, one wins and all read the same key
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return kept.read_text()


DATABASES = _databases()
SECRET_KEY = _secret_key()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "billing",
    "vouchers",
    "ledger",
    "config.shell",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_filters",
    "django_structlog",
    "drf_spectacular",
    "rest_framework",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "config.problem.RefusalMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "vouchers.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "overview"
LOGOUT_REDIRECT_URL = "login"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True
LOCALE_PATHS = [BASE_DIR / "locale"]

STATIC_URL = "static/"
STATIC_ROOT = STATE_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "config" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

SECURE_TLS = env.bool("QUANBU_TLS", "DATABASE_URL" in os.environ and not DEBUG)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = SECURE_TLS
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_TLS else 0
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_HTTPONLY = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

DOCUMENT_BYTES_MAX = env.int("QUANBU_DOCUMENT_BYTES_MAX", 4 * 1024**3)
API_UPLOAD_BYTES_MAX = env.int("QUANBU_API_UPLOAD_BYTES_MAX", 64 * 1024**2)
DATA_UPLOAD_MAX_MEMORY_SIZE = API_UPLOAD_BYTES_MAX

#: Who this log is to outsiders; the name of its keys. Once chosen it is never changed.
CHECKPOINT_ORIGIN = env.str("QUANBU_CHECKPOINT_ORIGIN", "localhost/quanbu")
CHECKPOINT_SECONDS = env.int("QUANBU_CHECKPOINT_SECONDS", 60)
#: A key of our own making, beside the embedded database; for another database somebody says where the key lies.
CHECKPOINT_KEY_IS_OURS = "QUANBU_CHECKPOINT_KEY_FILE" not in os.environ and "DATABASE_URL" not in os.environ
CHECKPOINT_KEY_FILE: str | None = (
    str(STATE_DIR / "checkpoint-key.pem") if CHECKPOINT_KEY_IS_OURS else env.str("QUANBU_CHECKPOINT_KEY_FILE", None)
)
WITNESSES: list[str] = list(map(str.strip, env.list("QUANBU_WITNESSES", [])))
WITNESSES_REQUIRED = env.int("QUANBU_WITNESSES_REQUIRED", 0)
check_log_settings(CHECKPOINT_ORIGIN, CHECKPOINT_SECONDS, WITNESSES, WITNESSES_REQUIRED)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.SessionAuthentication",
        "rest_framework.authentication.BasicAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.problem.problem_response",
    "DEFAULT_PAGINATION_CLASS": "config.pagination.NewestFirst",
    "PAGE_SIZE": 100,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Quanbu",
    "DESCRIPTION": "Compute vouchers: usage in, statements out, every fen with its reason.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": structlog_processors()},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": env.str("QUANBU_LOG_LEVEL", "WARNING")},
}
