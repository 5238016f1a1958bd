"""Compress pages on their way out; a proxy in front need not."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class PageCompressionMiddleware(GZipMiddleware):
    """Compress what is sent whole; a file that streams keeps its first byte and its pace.

    That lengths tell of contents (BREACH) is answered thrice: Django masks its token anew in each answer and pads each
    by a random length, and a foreign page cannot ask with our cookie, which is `SameSite=Lax`, but by leading the
    reader here.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Leave streams alone."""
        if response.streaming:
            return response
        return super().process_response(request, response)
