"""Serve the product over WSGI, after refusing unsafe settings."""

import os

from django.core.wsgi import get_wsgi_application

from dashboard.checks import refuse_unsafe_start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
refuse_unsafe_start()
application = get_wsgi_application()
