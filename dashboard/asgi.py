"""Serve the product over ASGI, after refusing unsafe settings."""

import os

from django.core.asgi import get_asgi_application

from dashboard.checks import refuse_unsafe_start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
refuse_unsafe_start()
application = get_asgi_application()
