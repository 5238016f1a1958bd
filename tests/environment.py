"""Set the environment of every test process, before Django reads its settings."""

import os

# No host, proxy, key or service of the machine may leak into a test.
for name in ("BROKER_URL", "CACHE_URL", "DEBUG", "PROVIDER_HOSTS", "EMAIL_URL", "ALLOWED_HOSTS"):
    os.environ.pop(name, None)
os.environ.update(
    DEMO="true",
    SECRET_KEY="tests-only-secret-key-of-enough-characters",
    SEALING_KEYS="test:dGVzdHMtb25seS1zZWFsaW5nLWtleS0zMi1ieXRlcyE=",
    EMAIL_URL="memorymail://",
    CACHE_URL="locmemcache://",
    TIME_ZONE="UTC",
)
