#!/usr/bin/env python
"""Run a management command of the product."""

import os
import sys
from collections.abc import Sequence

from django.core.management import execute_from_command_line

MISUSED = 2


def refuse_what_is_no_text(arguments: Sequence[str]) -> None:
    """End here, since no command could look for it, print it or store it. Raises: SystemExit."""
    for place, argument in enumerate(arguments, 1):
        try:
            argument.encode()
        except UnicodeEncodeError:
            sys.stderr.write(f"Argument {place} holds bytes that are not UTF-8 text.\n")
            raise SystemExit(MISUSED) from None


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    refuse_what_is_no_text(sys.argv[1:])
    execute_from_command_line(sys.argv)
