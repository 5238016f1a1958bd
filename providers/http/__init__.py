"""Ask a provider, and only the provider: one guarded, bounded, retrying client per run.

`Client` sends, `Request` and `Reply` are what goes in and comes out; `Amount`, `AmountNumber`,
`AmountText`, `Ref` and `Instant` are the field types with which connectors declare answers.
Importing this is cheap: httpx itself is loaded when the first client is made.
"""

from providers.http.client import Client
from providers.http.decoding import Amount, AmountNumber, AmountText, Instant, Ref, decode_json
from providers.http.hosts import Origin, allowed_origin
from providers.http.limits import Limits
from providers.http.messages import Reply, Request, segment

__all__ = [
    "Amount",
    "AmountNumber",
    "AmountText",
    "Client",
    "Instant",
    "Limits",
    "Origin",
    "Ref",
    "Reply",
    "Request",
    "allowed_origin",
    "decode_json",
    "segment",
]
