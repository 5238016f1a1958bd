"""Set the environment of every test process, before Django reads its settings."""

import os

# No host, proxy, key, time or service of the machine may leak into a test.
LEAKS = (
    "BROKER_URL CACHE_URL DEBUG PROVIDER_HOSTS EMAIL_URL ALLOWED_HOSTS WEB_HOSTS PROXY_COUNT VAR_DIR"
    " FILES_DIR CSRF_TRUSTED_ORIGINS SECRET_KEY_FALLBACKS LOG_LEVEL CONN_MAX_AGE"
).split()
for name in list(os.environ):
    if name in LEAKS or name.endswith("_SECONDS"):
        del os.environ[name]
os.environ.update(
    DEMO="true",
    SECRET_KEY="tests-only-secret-key-of-enough-characters",
    SEALING_KEYS="test:dGVzdHMtb25seS1zZWFsaW5nLWtleS0zMi1ieXRlcyE=",
    EMAIL_URL="memorymail://",
    CACHE_URL="locmemcache://",
    TIME_ZONE="UTC",
    SCOPE_FLOOR_SECONDS="0",
)
