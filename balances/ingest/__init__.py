"""Keep what was read: one scope reading at a time, whole or not at all, under the run's fence."""

from balances.ingest.comparing import ASK_AFTER
from balances.ingest.counting import (
    BY_IDENTITY,
    balance_counting,
    duplicate_of,
    group_of,
    recount,
    recount_of,
)
from balances.ingest.preparing import given_names, held_refs, prepare, settle, stored_refs
from balances.ingest.recording import Recorded, accept_held, record
from balances.ingest.stored import BATCH

__all__ = [
    "ASK_AFTER",
    "BATCH",
    "BY_IDENTITY",
    "Recorded",
    "accept_held",
    "balance_counting",
    "duplicate_of",
    "given_names",
    "group_of",
    "held_refs",
    "prepare",
    "record",
    "recount",
    "recount_of",
    "settle",
    "stored_refs",
]
