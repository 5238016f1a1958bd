"""Keep what was read: one scope reading at a time, whole or not at all, under the run's fence."""

from balances.ingest.counting import recount
from balances.ingest.preparing import held_refs, prepare, stored_refs
from balances.ingest.recording import Recorded, accept_held, record

__all__ = [
    "Recorded",
    "accept_held",
    "held_refs",
    "prepare",
    "record",
    "recount",
    "stored_refs",
]
