"""Compose the product: settings, addresses, Celery app and the overview page.

The Celery app is exposed here, so that `shared_task` finds it in every process.
"""

from dashboard.celery import app as celery_app

__all__ = ["celery_app"]
