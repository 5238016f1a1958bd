"""Serve long addresses, and log as the product does; gunicorn reads this by itself when started here."""

import os
from typing import Any

from gunicorn.http import message

from dashboard.demo.processes import die_with
from dashboard.logs import FORMATTER

# A filter may have 16,384 characters before our own answer names the limit; a browser repeats the address
# in `Referer` and `HX-Current-URL`.
limit_request_line = limit_request_field_size = 32_768
# gunicorn lowers any limit to this constant, and knows above it only "none at all".
message.MAX_REQUEST_LINE = limit_request_line + 1

logconfig_dict = {
    "formatters": {"json": FORMATTER},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "gunicorn.error": {"handlers": ["console"], "propagate": False},
        # It would hold query strings, and a log configuration turns it on; dashboard.logs replaces it.
        "gunicorn.access": {"handlers": [], "level": "WARNING", "propagate": False},
    },
}


def post_fork(server: Any, worker: Any) -> None:
    """Let no worker outlive a master that was killed, not even one that waits for a slow client."""
    die_with(os.getppid())
