import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from django.conf import settings as django_settings
from django.http import HttpResponse
from django.test import RequestFactory

from dashboard.logs import RequestLogMiddleware


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Capture what a logger writes in the product's own format."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    logging_settings: Any = django_settings.LOGGING
    options = dict(logging_settings["formatters"]["json"])
    handler.setFormatter(options.pop("()")(**options))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(before)


def test_request_line_has_the_path_without_the_query(
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    request = RequestFactory().get("/acme/balances/?q=alder&available__gte=100.50")

    RequestLogMiddleware(lambda _: HttpResponse())(request)

    (line,) = lines()
    assert line["event"] == "request_finished"
    assert line["request"] == "GET /acme/balances/"
    assert "alder" not in json.dumps(line)
    assert "100.50" not in json.dumps(line)
    assert "ip" not in line


def test_library_records_are_json_lines_too(lines: Callable[[], list[dict[str, Any]]]) -> None:
    logging.getLogger("some.library").warning("lost %s of %s", 1, 2)

    (line,) = lines()
    assert line["event"] == "lost 1 of 2"
    assert line["level"] == "warning"
    assert line["timestamp"].endswith("Z")


def test_error_text_is_cut_before_the_rows_values(
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    detail = "duplicate key value\nDETAIL:  Key (email)=(alice@acme.example) already exists."
    try:
        raise ValueError(detail)
    except ValueError:
        structlog.get_logger("ingest").exception("write_failed")

    (line,) = lines()
    assert line["exception"][0]["exc_value"] == "duplicate key value"
    assert "alice" not in json.dumps(line)


def test_the_http_client_does_not_log_addresses() -> None:
    assert logging.getLogger("httpx").level == logging.WARNING
    assert logging.getLogger("django.server").level == logging.WARNING


def test_extras_that_name_whose_it_is_stay_on_the_line_and_others_do_not(
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    extra = {"tenant": "acme", "credential": "c0ffee", "request": "GET /?q=alder", "body": "x"}

    logging.getLogger("providers.services.drafts").warning("credential_host_refused", extra=extra)

    (line,) = lines()
    assert (line["tenant"], line["credential"]) == ("acme", "c0ffee")
    assert {"request", "body"} & line.keys() == set()
