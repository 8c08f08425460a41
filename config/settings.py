"""All settings. What differs between machines comes from the environment (see .env.example)."""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import environ
import structlog
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

from config import environment as read
from config.redacting import hide_tokens

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
VAR_DIR.mkdir(exist_ok=True)
environ.Env.read_env(BASE_DIR / ".env")

# The site -----------------------------------------------------------------------------------

DEBUG = read.flag("DEBUG", default=False)
SECRET_KEY = read.secret("SECRET_KEY", development="development-only", debug=DEBUG)
SITE_NAME = read.text("SITE_NAME", "Shipworthy")
if any(character in SITE_NAME for character in '"\\<>') or not SITE_NAME.isprintable():
    raise ImproperlyConfigured("SITE_NAME must be one plain line without quotes: it stands in mail headers.")
SITE_URL = read.origin("SITE_URL", "http://127.0.0.1:8000")
SITE_CONTACT = read.email("SITE_CONTACT", "editors@example.org")
DATA_LICENCE = read.text("DATA_LICENCE", "CC BY 4.0")
DATA_LICENCE_URL = read.url("DATA_LICENCE_URL", "https://creativecommons.org/licenses/by/4.0/", {"http", "https"})
ALLOWED_HOSTS = read.names("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]" if DEBUG else "")
if not DEBUG and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the site's hosts when DEBUG is off.")
if not DEBUG and "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must not contain '*': it lets anyone choose the host in links and mails.")
TRUSTED_PROXIES = read.number("TRUSTED_PROXIES", default=0, least=0, most=5)

INSTALLED_APPS = [
    "config.admin.SiteAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_structlog",
    "health_check",
    "import_export",
    "simple_history",
    "rest_framework",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "drf_spectacular",
    "drf_standardized_errors",
    "corsheaders",
    "tools",
    "voting",
    "verdicts",
    "newsletter",
    "config",
]
MIDDLEWARE = [
    "config.pages.PageMiddleware",
    "config.replicas.ReplicaMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "config.metrics.MetricsMiddleware",
    "config.headers.HeadersMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "voting.private_pages.PrivatePagesMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.site",
            ]
        },
    }
]

# Data ---------------------------------------------------------------------------------------

STATEMENT_SECONDS = read.number("DATABASE_STATEMENT_SECONDS", default=0, least=0, most=3600)
DATABASE_URL = read.url(
    "DATABASE_URL", f"sqlite:///{VAR_DIR / 'shipworthy.sqlite3'}", {"sqlite", "postgres", "postgresql"}
)
DATABASES = {"default": environ.Env.db_url_config(DATABASE_URL)}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Writers wait for each other instead of failing: write-ahead log, and the write lock taken at BEGIN.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000;",
    }
else:
    DATABASES["default"]["OPTIONS"] = {
        # After two seconds without an answer the pool stops trying by itself: the next request tries, not a timer that waits
        # longer each time.
        "pool": {
            "min_size": 1,
            "max_size": read.number("DATABASE_POOL", default=8, least=1, most=200),
            "timeout": 3,
            "reconnect_timeout": 2,
        },
        # Statements that are kept (tools/statements.py) are prepared when they come for the third time on a connection.
        "prepare_threshold": 2,
        "connect_timeout": 5,
        # A server that went without a word, as when its machine loses power, is given up after half a minute.
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
        # Nobody holds locks while doing nothing. A page gives up, too (config/wsgi.py); jobs and commands may take long.
        # To compile a statement takes longer than any of these runs: where statistics are old, PostgreSQL does it all the same.
        # No disk of today has a head to move; with that in mind indexes are used on tables of a few pages, too.
        "options": f"-c jit=off -c random_page_cost=1.1 -c idle_in_transaction_session_timeout=300s -c statement_timeout={STATEMENT_SECONDS}s",
    }
    # A connection that did not survive a restart of the database is noticed before a reader's request is handed to it.
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# Pages for readers without a state of their own may be read from a replica (config/replicas.py).
DATABASE_REPLICA_URL = read.url("DATABASE_REPLICA_URL", "", {"sqlite", "postgres", "postgresql"})
if DATABASE_REPLICA_URL:
    replica = environ.Env.db_url_config(DATABASE_REPLICA_URL)
    if replica["ENGINE"] != DATABASES["default"]["ENGINE"]:
        raise ImproperlyConfigured("DATABASE_REPLICA_URL must name the same kind of database as DATABASE_URL.")
    same = {
        name: DATABASES["default"][name] for name in ("OPTIONS", "CONN_HEALTH_CHECKS") if name in DATABASES["default"]
    }
    DATABASES["replica"] = replica | same | {"TEST": {"MIRROR": "default"}}
    DATABASE_ROUTERS = ["config.replicas.Router"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "voting.User"

CACHE_URL = read.url("CACHE_URL", "", {"redis", "rediss"})
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CACHE_URL,
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
    if CACHE_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# Whole pages for readers without a session (config/pages.py). In development every page is made anew.
PAGE_CACHE_MEGABYTES = read.number("PAGE_CACHE_MEGABYTES", default=0 if DEBUG else 64, least=0, most=10_000)
PAGE_FRESHNESS_SECONDS = 1  # a figure on a page is never older
PAGE_LIST_SECONDS = 5  # a list of many tools may be this old while votes keep coming in
# How long a delivery network in front may keep a page beyond that. It is told in a header of its own (RFC 9213).
CDN_SECONDS = read.number("CDN_SECONDS", default=0, least=0, most=3600)
PAGES_NEVER_KEPT = (
    "/admin/",
    "/api/",
    "/accounts/",
    "/static/",
    "/media/",
    "/newsletter/",
    "/votes/",
    "/livez",
    "/healthz",
)

# Jobs ---------------------------------------------------------------------------------------

CELERY_BROKER_URL = read.url("CELERY_BROKER_URL", "", {"redis", "rediss", "memory"}) or "memory://"
CELERY_TASK_ALWAYS_EAGER = CELERY_BROKER_URL == "memory://"
CELERY_TASK_EAGER_PROPAGATES = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BEAT_SCHEDULER = "config.beat:Scheduler"
# Nobody waits for a broker that hangs. A job whose worker was killed goes to another after two minutes; one that lasts longer
# is given out twice, and whoever comes second finds that there is nothing to do.
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 3, "socket_connect_timeout": 2, "visibility_timeout": 120}
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2}
# Confirmations have a queue, and so a worker, of their own: they never wait behind a digest.
CELERY_TASK_ROUTES = {
    **{f"newsletter.jobs.{name}": {"queue": "mail_bulk"} for name in ("freeze_issue", "send_batch", "finish_issue")},
    "newsletter.jobs.tick": {"queue": "mail_tx"},
    "newsletter.tasks.*": {"queue": "mail_tx"},
}
CELERY_BEAT_SCHEDULE = {
    # The one rule of the weekly mail looks at the clock once a minute; two beats, or none for an hour, do no harm.
    "newsletter-tick": {"task": "newsletter.jobs.tick", "schedule": 60.0, "options": {"expires": 55}},
    # The ledger of an issue is kept for a quarter; its sums are kept for good.
    "forget-old-deliveries": {"task": "newsletter.jobs.forget_old_deliveries", "schedule": crontab(hour=4, minute=40)},
    # Any hour will do: what it deletes has been of no use for a month.
    "forget-unconfirmed": {"task": "newsletter.tasks.forget_unconfirmed", "schedule": crontab(hour=4, minute=50)},
    # Often, so that each time is short; pages older than an hour are not kept anyway.
    "forget-old-touches": {"task": "tools.tasks.forget_old_touches", "schedule": crontab(minute=35)},
    # Before Europe wakes up and after America has gone to bed.
    "forget-expired-sessions": {"task": "voting.tasks.forget_expired_sessions", "schedule": crontab(hour=4, minute=10)},
    # After the sessions, which may have begun one.
    "forget-unconfirmed-accounts": {
        "task": "voting.tasks.forget_unconfirmed_accounts",
        "schedule": crontab(hour=4, minute=20),
    },
    # As the day ends: what a past day's page shows is what stood then.
    "keep-tallies-of-yesterday": {
        "task": "voting.tasks.keep_tallies_of_yesterday",
        "schedule": crontab(hour=0, minute=0),
    },
    # Right after: a salt that has had its fortnight is not kept for an hour longer.
    "forget-origins": {"task": "voting.tasks.forget_origins", "schedule": crontab(hour=0, minute=5)},
    # When fewest readers vote; before anybody on the staff begins, so that an alarm is the first thing they read.
    "recount": {"task": "voting.tasks.recount", "schedule": crontab(hour=3, minute=20)},
    # Every hour: votes that came unusually fast wait for it.
    "check-votes": {
        "task": "voting.tasks.check_votes",
        "schedule": crontab(minute=5),
        "options": {"expires": 55 * 60},
    },
    # Every hour, off the hour: a young tool's percentage waits for these.
    "mark-regulars": {"task": "voting.tasks.mark_regulars", "schedule": crontab(minute=35)},
}

# Mail ---------------------------------------------------------------------------------------

MAIL_URL = f"file://{VAR_DIR / 'outbox'}"
MAILERS = {
    "default": read.mailer("MAIL_URL", MAIL_URL),
    "bulk": read.mailer("MAIL_BULK_URL", read.text("MAIL_URL", MAIL_URL)),
}
DEFAULT_FROM_EMAIL = f'"{SITE_NAME}" <{SITE_CONTACT}>'
SERVER_EMAIL = SITE_CONTACT

# The weekly mail ----------------------------------------------------------------------------

NEWSLETTER_NAME = "Weekly AI Tool Verdicts"
NEWSLETTER_HOST = urlsplit(SITE_URL).hostname or "localhost"
NEWSLETTER_ADDRESS = read.email("NEWSLETTER_ADDRESS", SITE_CONTACT)
NEWSLETTER_FROM = f'"{NEWSLETTER_NAME}" <{NEWSLETTER_ADDRESS}>'
NEWSLETTER_LIST_ID = read.text("NEWSLETTER_LIST_ID", f"digest.{NEWSLETTER_HOST}")
NEWSLETTER_POSTAL_ADDRESS = read.text("NEWSLETTER_POSTAL_ADDRESS")
NEWSLETTER_BOUNCE_ADDRESS = read.text("NEWSLETTER_BOUNCE_ADDRESS")
NEWSLETTER_TZ = read.time_zone("NEWSLETTER_TZ", "UTC")
NEWSLETTER_DAY = read.number("NEWSLETTER_DAY", default=0, least=0, most=6)
NEWSLETTER_HOUR = read.number("NEWSLETTER_HOUR", default=9, least=0, most=23)
NEWSLETTER_NEEDS_APPROVAL = read.flag("NEWSLETTER_NEEDS_APPROVAL", default=False)
NEWSLETTER_LEAST_BLOCKS = read.number("NEWSLETTER_LEAST_BLOCKS", default=1, least=1, most=12)
NEWSLETTER_CONNECTIONS = read.number("NEWSLETTER_CONNECTIONS", default=4, least=1, most=100)
NEWSLETTER_RESEND_DOUBTFUL = read.flag("NEWSLETTER_RESEND_DOUBTFUL", default=True)
NEWSLETTER_DURABLE_MARKS = read.flag("NEWSLETTER_DURABLE_MARKS", default=False)
# Links in mails that were sent years ago must work when SECRET_KEY has changed: they have keys of their own.
NEWSLETTER_KEYS = read.keyring("NEWSLETTER_KEYS", derived=f"newsletter links {SECRET_KEY}")
NEWSLETTER_ADDRESS_KEY = read.text("NEWSLETTER_ADDRESS_KEY", f"newsletter addresses {SECRET_KEY}")
if len(NEWSLETTER_ADDRESS_KEY) < 32:
    raise ImproperlyConfigured("NEWSLETTER_ADDRESS_KEY is too short: 32 characters or more.")

# Bounces and complaints that mail providers report over the web (newsletter/hooks.py), by django-anymail.
MAIL_HOOKS = read.choices(
    "MAIL_HOOKS", {"brevo", "mailersend", "mailgun", "mailjet", "mailtrap", "postmark", "sparkpost"}
)
ANYMAIL = read.hook_secrets(MAIL_HOOKS, read.text("MAIL_HOOK_SECRET"), read.text("MAIL_HOOK_KEY"))

# People -------------------------------------------------------------------------------------

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "my_votes"
VOTE_PROOF_OF_WORK = read.choice("VOTE_PROOF_OF_WORK", default="automatic", choices=("automatic", "never", "always"))
STAFF_SECOND_FACTOR = read.flag("STAFF_SECOND_FACTOR", default=False)

ACCOUNT_ADAPTER = "voting.accounts.AccountAdapter"
ACCOUNT_FORMS = {"login": "voting.account_forms.PasswordLoginForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]  # no password: whoever reads the mail is the reader
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = 3
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = 3
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 15 * 60  # mail can be slow
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = ACCOUNT_EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS = 3
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_MAX_EMAIL_ADDRESSES = 2  # the one that is, and the one it is being changed to
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = SITE_URL.partition(":")[0]
# Per address and per account. Thirty people in one classroom may all ask for a code within a few minutes.
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "20/m/ip,5/5m/key",
    "request_login_code": "40/m/ip,3/m/key,10/h/key",
    "signup": "40/m/ip",
}
ALLAUTH_RATE_LIMIT_IPV6_PREFIX = 56
MFA_SUPPORTED_TYPES = ["webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = MFA_PASSKEY_SIGNUP_ENABLED = True
MFA_RATE_LIMITS = {"webauthn_login": "60/m/ip"}
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = SITE_URL.startswith("http://")  # which browsers allow on localhost alone

SOCIALACCOUNT_QUERY_EMAIL = True
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5  # seconds for each question to a provider
SOCIALACCOUNT_PROVIDERS: dict[str, dict[str, object]] = {}
PROVIDER_ORIGINS = {"github": "https://github.com", "google": "https://accounts.google.com"}
PROVIDER_KEYS = {
    "github": read.keys(read.text("GITHUB_CLIENT_ID"), read.text("GITHUB_SECRET"), "GITHUB"),
    "google": read.keys(read.text("GOOGLE_CLIENT_ID"), read.text("GOOGLE_SECRET"), "GOOGLE"),
}
for provider, scope in {"github": ["user:email"], "google": ["email"]}.items():
    if PROVIDER_KEYS[provider]:
        INSTALLED_APPS.append(f"allauth.socialaccount.providers.{provider}")
        SOCIALACCOUNT_PROVIDERS[provider] = {
            "APPS": [PROVIDER_KEYS[provider]],
            "SCOPE": scope,
            "OAUTH_PKCE_ENABLED": True,
        }

# Safety: everything that needs TLS follows from the address the site is reached at -----------

IS_HTTPS = SITE_URL.startswith("https://")
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^healthz$"]
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_NAME = "__Host-session" if IS_HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if IS_HTTPS else "csrf"
VOTER_COOKIE_NAME = "__Host-voter" if IS_HTTPS else "voter"
PRIVATE_COOKIES = (SESSION_COOKIE_NAME, VOTER_COOKIE_NAME, "messages")  # whoever sends one is shown pages of their own
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [SITE_URL]
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    # A form that leads to a provider's sign-in needs the provider's leave here: browsers check redirects of forms too.
    "form-action": [CSP.SELF, *(PROVIDER_ORIGINS[provider] for provider in SOCIALACCOUNT_PROVIDERS)],
    "frame-ancestors": [CSP.NONE],
    "report-uri": "/csp-reports/",
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

# Programs: the REST API under /api/v1/ ------------------------------------------------------

API_READS_PER_MINUTE = read.number("API_READS_PER_MINUTE", default=300, least=1, most=1_000_000)
API_WRITES_PER_MINUTE = read.number("API_WRITES_PER_MINUTE", default=60, least=1, most=1_000_000)
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["voting.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_THROTTLE_CLASSES": ["config.api.throttles.CallerRate", "config.api.throttles.NetworkRate"],
    "DEFAULT_PAGINATION_CLASS": "config.api.paging.CursorPages",
    "DEFAULT_SCHEMA_CLASS": "config.api.schema.ApiSchema",
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "URL_FORMAT_OVERRIDE": None,
}
DRF_STANDARDIZED_ERRORS = {"EXCEPTION_HANDLER_CLASS": "config.api.errors.Refusals"}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "Shipworthy",
    "VERSION": "1.0.0",
    "DESCRIPTION": "Which of two AI tools to ship with: the panel's verdicts, readers' votes, facts and prices.",
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.api.schema.with_examples",
    ],
    "ENUM_NAME_OVERRIDES": {
        "CommunityKind": "verdicts.api.scores.KINDS",
        "CellKind": "verdicts.api.comparison.CELLS",
        "ChangeKind": "tools.models.Change.Kind",
        "BlockKind": "newsletter.models.IssueItem.Kind",
        "ToolState": "verdicts.api.tool.STATES",
        "StaffToolState": "tools.models.State",
        "VerdictState": "verdicts.models.Verdict.State",
        "RevisionState": "verdicts.api.verdict.PAST",
        "GoneState": "newsletter.api.issue.GONE",
        "Choice": "verdicts.api.vote.SAID",
        "Decision": "verdicts.models.Decision",
        "Evidence": "verdicts.models.Evidence",
        "Entry": "tools.models.tool.Entry",
    },
    "COMPONENT_SPLIT_REQUEST": False,
    "COMPONENT_SPLIT_PATCH": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SORT_OPERATION_PARAMETERS": False,
}
# Any page may read, none with the reader's cookies.
CORS_ALLOW_ALL_ORIGINS = True
CORS_URLS_REGEX = r"^/api/v1/"
CORS_ALLOW_METHODS = ["GET", "HEAD", "OPTIONS"]
CORS_ALLOW_HEADERS = ["accept", "if-none-match", "if-modified-since"]
CORS_EXPOSE_HEADERS = [
    "ETag",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "Deprecation",
    "Sunset",
]
CORS_PREFLIGHT_MAX_AGE = 86_400

# Files --------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "config" / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR_DIR / "media"
STATIC_ROOT.mkdir(exist_ok=True)
# Collecting makes the list of names by content, and once it is there the site answers with it.
COLLECTED = "collectstatic" in sys.argv or ((STATIC_ROOT / "staticfiles.json").exists() and not DEBUG)
WHITENOISE_USE_FINDERS = not COLLECTED
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# Figures: every process writes its own into files, and one answers for all -------------------

METRICS_TOKEN = read.text("METRICS_TOKEN")
if METRICS_TOKEN and len(METRICS_TOKEN) < 16:
    raise ImproperlyConfigured("METRICS_TOKEN is too short: 16 characters or more.")
METRICS_FOLDER = Path(os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(VAR_DIR / "metrics")))
METRICS_FOLDER.mkdir(parents=True, exist_ok=True)

# Errors are told to a Sentry where one is named. What readers send, and who they are, stays here.
SENTRY_DSN = read.text("SENTRY_DSN")
if SENTRY_DSN:
    import sentry_sdk

    try:
        sentry_sdk.init(
            dsn=SENTRY_DSN, send_default_pii=False, include_local_variables=False, max_request_body_size="never"
        )
    except Exception as error:
        raise ImproperlyConfigured("SENTRY_DSN is not the address of a Sentry project.") from error

# Language, time, logs -----------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = "config.formats"

LOG_LEVEL = read.text("LOG_LEVEL", "INFO").upper()
if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
    raise ImproperlyConfigured("LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR.")
SHARED_PROCESSORS: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso"),
    hide_tokens,
]
DJANGO_STRUCTLOG_CELERY_ENABLED = True  # a job's lines bear the id of the request that asked for it
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False  # readers' addresses are kept nowhere, logs included
structlog.configure(
    # What is not logged is not put together either.
    processors=[
        structlog.stdlib.filter_by_level,
        *SHARED_PROCESSORS,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
# Plain tracebacks: the rich ones print local variables, and so secrets.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": SHARED_PROCESSORS,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
                if DEBUG
                else structlog.processors.JSONRenderer(),
            ],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django_structlog": {"level": LOG_LEVEL},
        "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
    },
}
