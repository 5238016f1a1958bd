"""Measure how a web worker starts, and that it loads nothing it may never need."""

import subprocess
import sys

from benchmarks import compare, promise

UNWANTED = ("openpyxl", "celery.worker", "httpx")
DJANGO = """
import django, allauth, csp, django_htmx, django_structlog, whitenoise
from django.conf import settings
settings.configure(INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
    "django.contrib.messages", "django.contrib.staticfiles", "allauth", "allauth.account"],
    MIDDLEWARE=["allauth.account.middleware.AccountMiddleware"], SECRET_KEY="benchmark", USE_TZ=True)
django.setup()
import allauth.urls, psycopg
"""
WEB_WORKER = """
import dashboard.wsgi
from django.urls import get_resolver
get_resolver().reverse_dict
"""


def start(script: str) -> str:
    """Run a script in a fresh Python; return what it printed."""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return run.stdout


def main() -> None:
    """Print the figures."""
    compare(
        "Start of a web worker",
        {
            "Django with the same packages": lambda: start(DJANGO),
            "our web worker": lambda: start(WEB_WORKER),
            "Python alone": lambda: start(""),
        },
        rounds=5,
    )
    loaded = set(start(f"{WEB_WORKER}\nimport sys\nprint(*sys.modules)").split())
    promise("unwanted modules", len(loaded & set(UNWANTED)), at_most=0, unit="")
