"""What tests need otherwise: cheap password hashes, plain static files, and no word on standard error."""

from config.settings import *  # noqa: F403
from config.settings import LOGGING

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
SECURE_SSL_REDIRECT = False
CHECKPOINT_KEY_FILE = None  # tests that sign say with which key
CHECKPOINT_KEY_IS_OURS = False
LOGGING["root"]["level"] = "CRITICAL"
