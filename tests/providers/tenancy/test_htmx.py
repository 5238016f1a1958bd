"""Check that an htmx request gets the part it targets, and everybody else the page."""

from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from providers.tenancy import htmx
from providers.tenancy.models import User

PARTIALS = {"balances-table": "components/_icon.html"}
HX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({}, "", id="plain"),
        pytest.param({"HX-Target": "div#balances-table"}, "", id="target-alone"),
        pytest.param(HX | {"HX-Target": "div#balances-table"}, "balances-table", id="tag-and-id"),
        pytest.param(HX | {"HX-Target": "div#a%20b"}, "a b", id="encoded"),
        pytest.param(HX | {"HX-Target": "body"}, "", id="no-id"),
        pytest.param(HX | {"HX-Target": "balances-table"}, "", id="id-without-tag"),
        pytest.param(
            HX | {"HX-Target": "div#balances-table", "HX-Request-Type": "full"}, "", id="full"
        ),
        pytest.param(
            HX | {"HX-Target": "div#balances-table", "HX-History-Restore-Request": "true"},
            "",
            id="history",
        ),
    ],
)
def test_target_is_the_id_of_a_part_or_nothing(headers: dict[str, str], expected: str) -> None:
    assert htmx.target_id(RequestFactory().get("/", headers=headers)) == expected


@pytest.mark.parametrize(
    ("target", "is_part"),
    [("div#balances-table", True), ("div#other", False), ("div#429.html", False), ("body", False)],
)
def test_only_a_named_part_is_rendered(target: str, is_part: bool) -> None:
    request = RequestFactory().get("/", headers=HX | {"HX-Target": target})

    answer = htmx.render(request, "components/_logo.html", {"size": 7}, partials=PARTIALS)

    assert (b"#i-" in answer.content) is is_part
    assert (b'width="7"' in answer.content) is not is_part


def test_every_answer_varies_by_all_three_headers() -> None:
    answer = htmx.render(RequestFactory().get("/"), "components/_logo.html", status=422)

    assert answer["Vary"] == "HX-Request, HX-Target, HX-Request-Type"
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("method", "source", "status", "reswap"),
    [
        pytest.param("get", "a#sort", 404, "outerHTML", id="missing"),
        pytest.param("get", "a#sort", 500, "outerHTML", id="failed"),
        pytest.param("get", "div#part", 500, "none", id="a-refresh-failed"),
        pytest.param("get", "div#part", 403, "outerHTML", id="a-refresh-refused"),
        pytest.param("post", "div#part", 500, "outerHTML", id="a-change-failed"),
        pytest.param("get", "a#sort", 422, None, id="a-filter-is-said-in-place"),
        pytest.param("get", "a#sort", 200, None, id="good"),
    ],
)
def test_an_error_page_replaces_the_content_not_the_part(
    method: str, source: str, status: int, reswap: str | None
) -> None:
    headers = HX | {"HX-Source": source, "HX-Target": "div#part"}
    request = getattr(RequestFactory(), method)("/", headers=headers)
    answer = HttpResponse(status=status)

    htmx.aim_error(request, response=answer)

    assert answer.get("HX-Reswap") == reswap
    assert answer.get("HX-Retarget") == ("#main" if reswap == "outerHTML" else None)


def test_a_refusal_inside_htmx_shows_the_page(bob: User, sign_in: Callable[[User], Client]) -> None:
    headers = HX | {"HX-Source": "button#b", "HX-Target": "div#part"}
    answer = sign_in(bob).post("/acme/admin/", headers=headers)

    assert answer.status_code == 403
    assert (answer["HX-Retarget"], answer["HX-Reselect"]) == ("#main", "#main")
    assert b'id="main"' in answer.content
