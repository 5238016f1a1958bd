"""Gather the providers' faces: each answers requests below its prefix as its contract says."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from providers.simulator.faces import payiano, payman, swipelux
from providers.simulator.faces.scene import Scene
from providers.simulator.wire import Answer, Request


class Face(NamedTuple):
    """Name one provider's prefix, how it answers, how it words an error, and where it reads the secret."""

    prefix: str
    respond: Callable[[Request, Scene], Answer]
    fail: Callable[[int, str], Answer]
    secret: Callable[[Request], str]


FACES = {
    "payman": Face("/payman/api", payman.respond, payman.fail, payman.secret),
    "payiano": Face("/payiano/v1", payiano.respond, payiano.fail, payiano.secret),
    "swipelux": Face("/swipelux", swipelux.respond, swipelux.fail, swipelux.secret),
}
