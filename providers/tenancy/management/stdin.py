"""Read what a person types or pipes in, secrets among it."""

from collections.abc import Callable

from django.core.management.base import CommandError
from django.views.decorators.debug import sensitive_variables


@sensitive_variables()
def text_of(read: Callable[[], str]) -> str:
    """Return what `read` takes from standard input. Raises: CommandError, which repeats nothing of it.

    Where the terminal's language is not set, Python lets other bytes through as lone surrogates.
    """
    try:
        text = read()
        text.encode()
    except UnicodeError:
        raise CommandError("Standard input holds bytes that are not UTF-8 text.") from None
    return text
