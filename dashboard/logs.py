"""Turn every log record into one JSON line that names no person, amount or query string.

Records of structlog and of the standard library pass the same processors, so a library's line is bound by
the same rule as ours.
"""

from typing import Any

import structlog
from django.http import HttpRequest
from django_structlog.middlewares import RequestMiddleware
from structlog.typing import EventDict, Processor, WrappedLogger


class RequestLogMiddleware(RequestMiddleware):
    """Log each request by method and path: a query string may hold names, references and amounts."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Leave out everything after the path."""
        return f"{request.method} {request.path}"


def shorten_exception(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Keep only the first line of each error text: PostgreSQL puts the row's values in the next ones."""
    for part in event.get("exception") or ():
        part["exc_value"] = part["exc_value"].partition("\n")[0]
    return event


# What a line of the standard library may say beside its event: ids and counts, never names or query strings.
EXTRAS = ("tenant", "credential", "run", "provider", "status")

PROCESSORS: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.ExtraAdder(EXTRAS),
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.ExceptionRenderer(
        structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=20)
    ),
    shorten_exception,
]

FORMATTER: dict[str, Any] = {
    "()": structlog.stdlib.ProcessorFormatter,
    "foreign_pre_chain": PROCESSORS,
    "processors": [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.JSONRenderer(),
    ],
}

structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *PROCESSORS,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
