"""Read values of the environment, as an operator means them.

An empty value is one that was not given.
"""

import os
from collections.abc import Sequence


def texts(name: str, *, default: Sequence[str] = ()) -> list[str]:
    """Read words between commas; spaces around them mean nothing."""
    words = [word.strip() for word in os.environ.get(name, "").split(",")]
    return [word for word in words if word] or list(default)
