"""Ask for a sign-in: of strangers, after half an hour without a person's request, and after half a day at most.

What a page asks by itself is no sign of a person: a table left open on a desk would keep the door open for anybody.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME, logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from providers.tenancy.htmx import refreshes_itself

IDLE_SECONDS = 30 * 60
# The last request's time is written this seldom, so that reading pages costs no write.
WRITE_EVERY_SECONDS = 60
STARTED = "started"
SEEN = "seen"
# Why a sign-in ended, as the sign-in page's address says it.
ENDED_FIELD = "ended"
IDLE, OLD, GONE = "idle", "old", "gone"


class SessionAgeMiddleware:
    """End a session that was idle for `IDLE_SECONDS` or is older than `SESSION_COOKIE_AGE`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Hold the rest of the chain."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Look at the session's age before anybody trusts it."""
        # Who has no session is not looked up; a session without a person has nothing to end.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            now = int(timezone.now().timestamp())
            started = request.session.setdefault(STARTED, now)
            seen = request.session.setdefault(SEEN, now)
            if now - seen >= IDLE_SECONDS or now - started >= settings.SESSION_COOKIE_AGE:
                logout(request)
                request.sign_in_ended = IDLE if now - seen >= IDLE_SECONDS else OLD  # type: ignore[attr-defined]  # read by SignInMiddleware
            elif now - seen >= WRITE_EVERY_SECONDS and not refreshes_itself(request):
                request.session[SEEN] = now
        return self.get_response(request)


class SignInMiddleware(LoginRequiredMiddleware):
    """Lead to the sign-in page and back; in an htmx call by 401, so that no part is filled with a form."""

    def handle_no_permission(  # type: ignore[override]  # a middleware may give any answer, not only redirects
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseBase:
        """Answer who must sign in first."""
        said = {REDIRECT_FIELD_NAME: _page_of(request)}
        if ended := _ended(request):
            said[ENDED_FIELD] = ended
        query = urlencode(said, safe="/")
        address = f"{resolve_url(self.get_login_url(view_func))}?{query}"
        if _is_htmx(request):
            return HttpResponse(status=401, headers={"HX-Redirect": address})
        return HttpResponseRedirect(address)


def _ended(request: HttpRequest) -> str:
    """Say why who had a sign-in has none now; nothing for who came without one."""
    had_one = settings.SESSION_COOKIE_NAME in request.COOKIES
    ended: str = getattr(request, "sign_in_ended", GONE if had_one else "")
    return ended


def _is_htmx(request: HttpRequest) -> bool:
    """Tell an htmx call; for a step back in history, htmx 4 sends this one header alone."""
    headers = request.headers
    return "true" in {headers.get("HX-Request"), headers.get("HX-History-Restore-Request")}


def _page_of(request: HttpRequest) -> str:
    """Find the page to come back to: what was asked for, or the page a part or form stands on."""
    is_part = request.headers.get("HX-Request") == "true"
    if request.method in {"GET", "HEAD"} and not is_part:
        return request.get_full_path()
    return came_from(request)


def came_from(request: HttpRequest) -> str:
    """Find the page of ours that a part or a form stands on, "/" where there is none."""
    is_part = request.headers.get("HX-Request") == "true"
    source = request.headers.get("HX-Current-URL" if is_part else "Referer", "")
    if not url_has_allowed_host_and_scheme(source, allowed_hosts={request.get_host()}):
        return "/"
    path = urlsplit(source)._replace(scheme="", netloc="", fragment="").geturl()
    is_ours = url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return path if is_ours and path.startswith("/") else "/"
