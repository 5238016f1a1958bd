"""Read every deploy-time value from the environment, once.

A value that is missing has a safe default, or `dashboard.checks` refuses the start and names it. Only
`DEBUG` and `DEMO` (one machine, loopback hosts) may run on the published default keys.
"""

from pathlib import Path

from csp.constants import NONE, SELF

from dashboard.environment import (
    cache,
    database,
    email,
    log_level,
    seconds,
    switch,
    text,
    texts,
    whole,
    zone,
)
from dashboard.logs import FORMATTER

BASE_DIR = Path(__file__).resolve().parent.parent
# What one machine keeps: the demo's database, mail, files and logs.
VAR_DIR = Path(text("VAR_DIR", default=str(BASE_DIR / "var")))

# --- Where we run ---------------------------------------------------------------------------------
DEBUG = switch("DEBUG")
DEMO = switch("DEMO")
IS_LOCAL = DEBUG or DEMO
LOCAL_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
ALLOWED_HOSTS = texts("ALLOWED_HOSTS", default=LOCAL_HOSTS if IS_LOCAL else ())
CSRF_TRUSTED_ORIGINS = texts("CSRF_TRUSTED_ORIGINS")
# Reverse proxies in front of us; 0 believes no forwarded header at all.
PROXY_COUNT = whole("PROXY_COUNT", default=0)
WEB_HOSTS = whole("WEB_HOSTS", default=1, least=1)
# What `DEBUG` shows of an unforeseen error holds no secret either.
DEFAULT_EXCEPTION_REPORTER_FILTER = "dashboard.reports.SecretlessReports"
ROOT_URLCONF = "dashboard.urls"
WSGI_APPLICATION = "dashboard.wsgi.application"
ASGI_APPLICATION = "dashboard.asgi.application"

# --- Keys -----------------------------------------------------------------------------------------
DEFAULT_SECRET_KEY = (
    "published-demo-key-never-for-production-8c1f5a7e2b9d4f60"  # refused outside DEBUG and DEMO
)
DEFAULT_SEALING_KEYS = "demo:cHVibGlzaGVkLWRlbW8ta2V5LW5vdC1hLXNlY3JldCE="
SECRET_KEY = text("SECRET_KEY", default=DEFAULT_SECRET_KEY if IS_LOCAL else "")
SECRET_KEY_FALLBACKS = texts("SECRET_KEY_FALLBACKS")
# `kid:base64 of 32 bytes`, comma separated: the first seals, all open.
SEALING_KEYS = text("SEALING_KEYS", default=DEFAULT_SEALING_KEYS if IS_LOCAL else "")

# --- Times, in seconds: request < renew < lease < visibility, checked at start-up -----------------
TICK_SECONDS = seconds("TICK_SECONDS", default=5)
REQUEST_SECONDS = seconds("REQUEST_SECONDS", default=20)
RENEW_SECONDS = seconds("RENEW_SECONDS", default=30)
LEASE_SECONDS = seconds("LEASE_SECONDS", default=120)
VISIBILITY_SECONDS = seconds("VISIBILITY_SECONDS", default=300)
# A run that finishes no scope for this long gives up.
STALL_SECONDS = seconds("STALL_SECONDS", default=1800)
# A credential is left alone this long after a run began; only an operator's command asks sooner.
POLL_FLOOR_SECONDS = seconds("POLL_FLOOR_SECONDS", default=60)
# Where a provider asks for it, one scope is left alone this long after it was read, whoever asks.
SCOPE_FLOOR_SECONDS = seconds("SCOPE_FLOOR_SECONDS", default=30)

# --- Providers, broker, files ---------------------------------------------------------------------
# Hosts a credential may name beside the providers' own: `host[:port]`, or `http://host:port` for a simulator.
PROVIDER_HOSTS = texts("PROVIDER_HOSTS")
# The three links upward, dotted paths that a check imports at the start.
# Who knows which account references a credential holds; the test of a replaced key compares with them.
HELD_REFS = "balances.ingest.held_refs"
# Who makes rows, search words and counts follow a credential that was saved.
RECOUNT = "balances.ingest.settle"
# Who knows what people call the account that a part of a credential is read for.
GIVEN_NAMES = "balances.ingest.given_names"
BROKER_URL = text("BROKER_URL")
FILES_DIR = Path(text("FILES_DIR", default=str(VAR_DIR / "files")))

# --- Database -------------------------------------------------------------------------------------
SQLITE_OPTIONS = {
    # A read that later writes would otherwise fail with "database is locked" instead of waiting.
    "transaction_mode": "IMMEDIATE",
    "timeout": 5,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}
if not text("DATABASE_URL"):
    VAR_DIR.mkdir(exist_ok=True)
DATABASES = {"default": database("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'db.sqlite3'}")}
DATABASES["default"]["ATOMIC_REQUESTS"] = False
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"].setdefault("OPTIONS", {}).update(SQLITE_OPTIONS)
else:
    DATABASES["default"]["CONN_MAX_AGE"] = whole("CONN_MAX_AGE", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Cache: shared by all web workers, because the sign-in limits count in it ---------------------
CACHES = {"default": cache("CACHE_URL", default="locmemcache://")}
if CACHES["default"]["BACKEND"].endswith("RedisCache"):
    # A cache that is away must not hold a page.
    CACHES["default"].setdefault("OPTIONS", {}).update(socket_connect_timeout=1, socket_timeout=1)

# --- Application ----------------------------------------------------------------------------------
INSTALLED_APPS = [
    "dashboard",
    "balances",
    "providers",
    "providers.tenancy",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "csp",
    "django_htmx",
    "django_structlog",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "dashboard.compression.PageCompressionMiddleware",
    "csp.middleware.CSPMiddleware",
    "dashboard.logs.RequestLogMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "providers.tenancy.sessions.SessionAgeMiddleware",
    "providers.tenancy.sessions.SignInMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "providers.tenancy.scoping.TenantMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "providers.tenancy.errors.MethodMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
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
                "providers.tenancy.context.shell",
                "providers.context.connections",
            ],
        },
    },
]
TIME_ZONE = zone("TIME_ZONE", default="UTC")
USE_TZ = True
LANGUAGE_CODE = "en"

# --- People: e-mail and password; nobody signs up by themselves -----------------------------------
AUTH_USER_MODEL = "tenancy.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "providers.tenancy.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "http" if IS_LOCAL else "https"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
# Ten wrong passwords a minute from one address, five in five minutes for one person.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
ALLAUTH_TRUSTED_PROXY_COUNT = PROXY_COUNT
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{VALIDATION}.UserAttributeSimilarityValidator"},
    {"NAME": f"{VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{VALIDATION}.CommonPasswordValidator"},
    {"NAME": f"{VALIDATION}.NumericPasswordValidator"},
]

# --- Mail and files -------------------------------------------------------------------------------
LOCAL_MAIL = f"filemail:///{VAR_DIR / 'mail'}"
vars().update(email("EMAIL_URL", default=LOCAL_MAIL if IS_LOCAL else "smtp://localhost:25"))
# A mail server that is away must not hold a page.
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = text("DEFAULT_FROM_EMAIL", default="dashboard@localhost")
MEDIA_ROOT = FILES_DIR
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# A local mode serves the sources; production serves what collectstatic compressed and named by content.
STATIC_ROOT = None if IS_LOCAL else VAR_DIR / "static"
WHITENOISE_USE_FINDERS = IS_LOCAL
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if IS_LOCAL
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- Headers and cookies --------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = not IS_LOCAL
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 0 if IS_LOCAL else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not IS_LOCAL
SECURE_HSTS_PRELOAD = not IS_LOCAL
if PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Browsers take a `__Host-` cookie over https alone, so a loopback demo has plain names.
COOKIE_PREFIX = "" if IS_LOCAL else "__Host-"
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}session"
SESSION_COOKIE_SECURE = not IS_LOCAL
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrf"
CSRF_COOKIE_SECURE = not IS_LOCAL
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

# --- Logs: one JSON object a line, on standard error ----------------------------------------------
DJANGO_STRUCTLOG_CELERY_ENABLED = True
# It believes any forwarded header, so the line would name whom the caller pleases.
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = 10
DJANGO_STRUCTLOG_CELERY_DEFAULT_LOG_LEVEL = 10
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = 20
LOG_LEVEL = log_level("LOG_LEVEL")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": FORMATTER},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        # Its own lines hold query strings; the request line of dashboard.logs replaces them.
        "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        # It logs every full address it asks.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
        "celery.apps.worker": {"level": "INFO"},
        "kombu": {"level": "WARNING"},
    },
}
