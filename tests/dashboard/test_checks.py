import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.checks import Error, run_checks
from django.core.exceptions import ImproperlyConfigured

from dashboard import checks

ROOT = Path(__file__).resolve().parents[2]
SAFE: dict[str, object] = {
    "DEBUG": False,
    "DEMO": False,
    "IS_LOCAL": False,
    "SECRET_KEY": "a-key-that-was-drawn-for-production-alone-1f",
    "SEALING_KEYS": "k1:" + "A" * 43 + "=",
    "ALLOWED_HOSTS": ["dashboard.example.com"],
    "BROKER_URL": "redis://broker.example.com/0",
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}},
    "WEB_HOSTS": 1,
    "SCOPE_FLOOR_SECONDS": 30,
}
UNSAFE: dict[str, dict[str, object]] = {
    "SECRET_KEY is missing": {"SECRET_KEY": ""},
    "SECRET_KEY is missing, shorter": {"SECRET_KEY": "x" * 64},
    "SEALING_KEYS is missing": {"SEALING_KEYS": ""},
    "SEALING_KEYS is not kid:": {"SEALING_KEYS": "k1:c2hvcnQ="},
    "SEALING_KEYS names 'k1' twice": {"SEALING_KEYS": f"k1:{'A' * 43}=,k1:{'B' * 43}="},
    "Sealing key 'a.b' must be": {"SEALING_KEYS": f"a.b:{'A' * 43}="},
    "POLL_FLOOR_SECONDS is under 60": {"POLL_FLOOR_SECONDS": 5},
    "POLL_FLOOR_SECONDS must not be below 0": {"POLL_FLOOR_SECONDS": -1},
    "SCOPE_FLOOR_SECONDS is under 30": {"SCOPE_FLOOR_SECONDS": 5},
    "SCOPE_FLOOR_SECONDS must not be below 0": {"SCOPE_FLOOR_SECONDS": -1},
    "STALL_SECONDS must be over REQUEST_SECONDS": {"STALL_SECONDS": 0},
    "SECRET_KEY is the published default": {
        "SECRET_KEY": "published-demo-key-never-for-production-8c1f5a7e2b9d4f60"
    },
    "SEALING_KEYS holds the published default": {
        "SEALING_KEYS": f"k1:{'A' * 43}=,demo:cHVibGlzaGVkLWRlbW8ta2V5LW5vdC1hLXNlY3JldCE="
    },
    "DEBUG is on": {"DEBUG": True, "IS_LOCAL": True},
    "DEMO is on": {"DEMO": True, "IS_LOCAL": True},
    "ALLOWED_HOSTS is empty": {"ALLOWED_HOSTS": []},
    "ALLOWED_HOSTS has a wildcard": {"ALLOWED_HOSTS": ["dashboard.example.com", "*"]},
    "BROKER_URL is missing": {"BROKER_URL": ""},
    "BROKER_URL is missing, or no": {"BROKER_URL": "nonsense"},
    "or no redis://, rediss:// or amqp:// address": {"BROKER_URL": "http://broker.example.com"},
    "BROKER_URL is missing, or no redis://": {"BROKER_URL": "memory://"},
    "CACHE_URL is missing or not shared": {
        "CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    },
    "not shared: sign-in limits": {
        "CACHES": {"default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache"}}
    },
    "RENEW_SECONDS must be under LEASE_SECONDS": {"RENEW_SECONDS": 120},
    "REQUEST_SECONDS must be under RENEW_SECONDS": {"REQUEST_SECONDS": 31},
    "LEASE_SECONDS must be under VISIBILITY_SECONDS": {"VISIBILITY_SECONDS": 60},
    "TICK_SECONDS must be under LEASE_SECONDS": {"TICK_SECONDS": 500},
    "PROVIDER_HOSTS entry 'http://*' is not": {"PROVIDER_HOSTS": ["stub.example:8443", "http://*"]},
}


def change(settings: Any, values: dict[str, object]) -> None:
    for name, value in values.items():
        setattr(settings, name, value)


def faults() -> str:
    return "\n".join(fault.msg for fault in checks.start_faults())


@pytest.mark.parametrize("name", ["HELD_REFS", "RECOUNT", "GIVEN_NAMES"])
@pytest.mark.parametrize(
    "path", ["", "balances.ingest.no_such", "no_such.module.name", "balances.ingest.__name__"]
)
def test_a_link_upward_that_leads_nowhere_stops_every_process(
    settings: Any, name: str, path: str
) -> None:
    checks.refuse_broken_links()
    setattr(settings, name, path)

    with pytest.raises(ImproperlyConfigured, match=f"{name} is {path!r}"):
        apps.get_app_config("dashboard").ready()


def test_safe_settings_start(settings: Any) -> None:
    change(settings, SAFE)
    settings.DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"

    assert checks.start_faults() == []


@pytest.mark.parametrize("named", UNSAFE)
def test_each_unsafe_setting_refuses_a_start_by_name(settings: Any, named: str) -> None:
    change(settings, SAFE | UNSAFE[named])

    assert named in faults()


def test_sqlite_with_several_web_hosts_is_refused(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(settings, SAFE | {"WEB_HOSTS": 2})
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.sqlite3")

    assert "DATABASE_URL is SQLite, but WEB_HOSTS is over 1." in faults()


def test_database_in_memory_is_refused(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    change(settings, SAFE)
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.sqlite3")
    monkeypatch.setitem(settings.DATABASES["default"], "NAME", ":memory:")

    assert "DATABASE_URL is SQLite in memory: nothing would be kept." in faults()


def test_a_local_mode_starts_on_this_machines_hosts_alone(settings: Any) -> None:
    change(settings, SAFE | {"DEMO": True, "IS_LOCAL": True, "BROKER_URL": ""})
    settings.ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
    assert checks.start_faults() == []

    settings.ALLOWED_HOSTS = ["127.0.0.1", "dashboard.example.com"]
    assert "DEMO is on." in faults()


def test_deployment_check_allows_no_local_mode(settings: Any) -> None:
    change(settings, SAFE | {"DEMO": True, "IS_LOCAL": True, "ALLOWED_HOSTS": ["127.0.0.1"]})

    found = run_checks(include_deployment_checks=True)

    assert "DEMO is on." in {fault.msg for fault in found if isinstance(fault, Error)}


def test_malformed_provider_host_is_refused_on_one_machine_too(settings: Any) -> None:
    change(settings, SAFE | {"DEMO": True, "IS_LOCAL": True, "ALLOWED_HOSTS": ["127.0.0.1"]})
    settings.PROVIDER_HOSTS = ["not a host", "http://127.0.0.1:9101"]

    assert [fault.msg for fault in checks.start_faults()] == [
        "PROVIDER_HOSTS entry 'not a host' is not host[:port] or http://host:port."
    ]


@pytest.mark.parametrize("start", ["dashboard.wsgi", "dashboard.asgi"])
def test_web_process_refuses_to_start_and_names_the_fault(start: str) -> None:
    environ = {"PATH": os.environ["PATH"], "DEBUG": "true", "ALLOWED_HOSTS": "*"}

    run = subprocess.run(
        [sys.executable, "-c", f"import {start}"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode != 0
    for named in ("DEBUG is on.", "SECRET_KEY is the published default.", "wildcard", "BROKER_URL"):
        assert named in run.stderr


def test_worker_and_beat_refuse_to_start() -> None:
    environ = {"PATH": os.environ["PATH"], "DEMO": "true", "ALLOWED_HOSTS": "dashboard.example.com"}

    for program in (["worker", "--pool", "solo"], ["beat"]):
        run = subprocess.run(
            [sys.executable, "-m", "celery", "-A", "dashboard", *program],
            cwd=ROOT,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

        assert run.returncode != 0, program
        assert "DEMO is on." in run.stderr
