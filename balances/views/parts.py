"""Let one part of a page fail without the others."""

from collections.abc import Callable
from typing import Any

import structlog

from balances import results
from providers.tenancy.errors import reference

log = structlog.get_logger(__name__)


def attempt(make: Callable[[], dict[str, Any]], *, name: str) -> dict[str, Any]:
    """Return what a part shows, or `failed` with the reference under which the log says why.

    Whatever is wrong with one part, what else stands on the page is right and wanted.
    """
    try:
        with results.savepoint():
            return make()
    except Exception:  # whatever is wrong with this part, the log says it and the page stands
        log.exception("page_part_failed", part=name, reference=reference())
        return {"failed": {"reference": reference()}}
