"""Hold who is asked, with which key, in which parts, and how each conversation went."""

from providers.models.credentials import Credential, Environment, Secret
from providers.models.heartbeats import Heartbeat
from providers.models.runs import Outcome, RunScope, RunStatus, SyncRun, Trigger
from providers.models.scopes import AsOfSource, Scope, ScopeKind

__all__ = [
    "AsOfSource",
    "Credential",
    "Environment",
    "Heartbeat",
    "Outcome",
    "RunScope",
    "RunStatus",
    "Scope",
    "ScopeKind",
    "Secret",
    "SyncRun",
    "Trigger",
]
