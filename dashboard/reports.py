"""Keep secrets off Django's page of an unforeseen error, which `DEBUG` shows to whoever met it."""

import re
from collections.abc import ItemsView
from typing import Any

from django.http import HttpRequest, QueryDict
from django.views.debug import SafeExceptionReporterFilter


class SecretlessReports(SafeExceptionReporterFilter):
    """Hide what was posted, every local variable, and whatever by its name may hold a key.

    Django's own filter trusts decorators, and hides nothing at all while `DEBUG` is on.
    """

    hidden_settings = re.compile(
        "API|AUTH|TOKEN|KEY|SECRET|PASS|SIGNATURE|COOKIE|CSRF|SESSION|URL|LOCATION", re.IGNORECASE
    )

    def is_active(self, request: HttpRequest | None) -> bool:
        """Hide in every mode."""
        return True

    def get_post_parameters(self, request: HttpRequest | None) -> Any:
        """Return the names that were posted, no value: a form may be a sign-in or a credential."""
        if request is None:
            return {}
        hidden = QueryDict(mutable=True)
        for name in request.POST:
            hidden[name] = self.cleansed_substitute
        return hidden

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: Any
    ) -> ItemsView[str, Any]:
        """Return none: a key passes through frames of libraries that nobody can mark."""
        return dict[str, Any]().items()
