"""Typed readers for environment variables that refuse what makes no sense.

`django-environ` parses; this module decides what is sensible and says so in one line.
"""

import re
from urllib.parse import SplitResult, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import environ
from django.core.exceptions import ImproperlyConfigured
from django.core.validators import validate_email

env = environ.Env()

TRUE, FALSE = {"true", "1", "yes", "on"}, {"false", "0", "no", "off"}


def split(name: str, value: str) -> SplitResult:
    """Return the parts of an address; a port or host that cannot be raises ImproperlyConfigured without repeating it."""
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - reading it checks it
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is not an address: its host or port makes no sense.") from error
    return parts


def text(name: str, default: str = "") -> str:
    """Return the variable, trimmed; an empty one counts as absent."""
    return env.str(name, default="").strip() or default


def flag(name: str, *, default: bool) -> bool:
    """Return True or False. Raises ImproperlyConfigured on anything that is neither."""
    value = text(name).lower()
    if value in TRUE | FALSE:
        return value in TRUE
    if value:
        raise ImproperlyConfigured(f"{name} must be True or False, not {value!r}.")
    return default


def choice(name: str, *, default: str, choices: tuple[str, ...]) -> str:
    """Return one of some words."""
    value = text(name, default).lower()
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    return value


def number(name: str, *, default: int, least: int, most: int) -> int:
    """Return a whole number between `least` and `most`, both included."""
    value = text(name, str(default))
    if not re.fullmatch(r"-?\d{1,9}", value) or not least <= int(value) <= most:
        raise ImproperlyConfigured(f"{name} must be a whole number from {least} to {most}, not {value!r}.")
    return int(value)


def names(name: str, default: str = "") -> list[str]:
    """Return a comma-separated list, without blanks."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def choices(name: str, known: set[str]) -> list[str]:
    """Return a comma-separated list of known words, in lower case."""
    found = [word.lower() for word in names(name)]
    if unknown := [word for word in found if word not in known]:
        raise ImproperlyConfigured(f"{name} knows {', '.join(sorted(known))}, not {unknown[0]!r}.")
    return found


SIGNED_HOOKS = {
    "mailersend": "MAILERSEND_SIGNING_SECRET",
    "mailgun": "MAILGUN_WEBHOOK_SIGNING_KEY",
    "mailtrap": "MAILTRAP_SIGNING_SECRET",
}


def hook_secrets(hooks: list[str], secret: str, key: str) -> dict[str, str]:
    """Return anymail's settings for some providers' reports: what they log in with, and what they sign with."""
    if not hooks:
        return {}
    user, colon, password = secret.partition(":")
    if not (user and colon) or len(password) < 32:
        raise ImproperlyConfigured(
            "MAIL_HOOK_SECRET must look like name:password, with 32 characters or more after the colon."
        )
    signed = [hook for hook in hooks if hook in SIGNED_HOOKS]
    if len(signed) > 1:
        raise ImproperlyConfigured(
            f"MAIL_HOOKS can name only one of {', '.join(sorted(SIGNED_HOOKS))}: there is one MAIL_HOOK_KEY."
        )
    if signed and not (key and key.isascii()):
        raise ImproperlyConfigured(f"MAIL_HOOK_KEY must hold the key with which {signed[0]} signs its reports.")
    return {"WEBHOOK_SECRET": secret} | {SIGNED_HOOKS[hook]: key for hook in signed}


def email(name: str, default: str) -> str:
    """Return an e-mail address."""
    value = text(name, default)
    try:
        validate_email(value)
    except Exception as error:
        raise ImproperlyConfigured(f"{name} must be an e-mail address, not {value!r}.") from error
    return value


def time_zone(name: str, default: str) -> str:
    """Return the name of a time zone, such as Europe/Berlin."""
    value = text(name, default)
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ImproperlyConfigured(f"{name} must name a time zone such as Europe/Berlin, not {value!r}.") from error
    return value


def origin(name: str, default: str) -> str:
    """Return `scheme://host[:port]` of a web site, without a trailing slash or path."""
    value = text(name, default).rstrip("/")
    parts = split(name, value)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or value != f"{parts.scheme}://{parts.netloc}"
        or parts.username
    ):
        raise ImproperlyConfigured(f"{name} must look like https://example.org, not {value!r}.")
    return value


def url(name: str, default: str, schemes: set[str]) -> str:
    """Return an address whose scheme is one of `schemes`. The value is never repeated in the error: it may hold a password."""
    value = text(name, default)
    if "sqlite" in schemes and value.startswith("sqlite:"):  # a path or :memory:, no host and port to check
        return value
    if value and split(name, value).scheme not in schemes:
        raise ImproperlyConfigured(f"{name} must start with one of {', '.join(sorted(schemes))} and '://'.")
    return value


def secret(name: str, *, development: str, debug: bool) -> str:
    """Return a secret key; outside DEBUG it must be set, long, varied and not the development one."""
    value = text(name, development if debug else "")
    if debug:
        return value
    if not value or value == development or value.startswith("django-insecure-"):
        raise ImproperlyConfigured(f"{name} must be set to a key of its own when DEBUG is off.")
    if len(value) < 40 or len(set(value)) < 12:
        raise ImproperlyConfigured(f"{name} is too weak: 40 characters or more, of at least 12 kinds.")
    return value


def keyring(name: str, derived: str) -> dict[int, str]:
    """Return keys by number, as in `2:newest,1:former`: the first signs, all of them are believed.

    Without the variable the one key, number 0, is `derived`.
    """
    ring: dict[int, str] = {}
    for part in names(name):
        number, colon, key = part.partition(":")
        if not colon or not re.fullmatch(r"\d{1,3}", number) or not 1 <= int(number) <= 255 or int(number) in ring:
            raise ImproperlyConfigured(
                f"{name} must look like 2:key,1:key, with a number of its own from 1 to 255 each."
            )
        if len(key) < 32:
            raise ImproperlyConfigured(f"{name} holds a key that is too short: 32 characters or more.")
        ring[int(number)] = key
    return ring or {0: derived}


def keys(client_id: str, secret: str, provider: str) -> dict[str, str]:
    """Return the keys of a sign-in provider; {} where there are none. One without the other is a mistake."""
    if bool(client_id) != bool(secret):
        raise ImproperlyConfigured(f"{provider}_CLIENT_ID and {provider}_SECRET are only of use together.")
    if any(not key.isprintable() or " " in key for key in (client_id, secret)):
        raise ImproperlyConfigured(f"{provider}_CLIENT_ID and {provider}_SECRET must be plain words without spaces.")
    return {"client_id": client_id, "secret": secret} if client_id else {}


def mailer(name: str, default: str) -> dict[str, object]:
    """Return one entry of MAILERS for `smtp://user:password@host:port`, `smtp+tls://`, `smtps://`, `file:///folder` or `console://`.

    Django 6.1 has replaced the EMAIL_* settings that URL parsers still produce, hence this mapping of our own.
    """
    value = url(name, default, {"smtp", "smtp+tls", "smtps", "file", "console"})
    parts = split(name, value)
    backends = "django.core.mail.backends."
    if parts.scheme == "console":
        return {"BACKEND": backends + "console.EmailBackend"}
    if parts.scheme == "file":
        if not parts.path:
            raise ImproperlyConfigured(f"{name} needs a folder: file:///folder.")
        return {"BACKEND": backends + "filebased.EmailBackend", "OPTIONS": {"file_path": parts.path}}
    if not parts.hostname:
        raise ImproperlyConfigured(f"{name} needs a host: smtp://host:port.")
    return {
        "BACKEND": backends + "smtp.EmailBackend",
        "OPTIONS": {
            "host": parts.hostname,
            "port": parts.port or {"smtp": 25, "smtp+tls": 587, "smtps": 465}[parts.scheme],
            "username": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "use_tls": parts.scheme == "smtp+tls",
            "use_ssl": parts.scheme == "smtps",
            "timeout": 20,
        },
    }
