"""Know whose key a run reads with: learn it once, and take nothing read with another company's."""

from balances.ingest.counting import BY_IDENTITY, recount
from balances.ingest.stored import accounts_of
from providers.errors import CredentialRejected
from providers.models import Credential
from providers.rows import AccountKind, BalanceRow, ScopeReading

STRANGER = "This is another company's key; make a new credential for it."


def identify(
    credential: Credential, *, group: list[Credential], reading: ScopeReading
) -> CredentialRejected | None:
    """Store the identity a reading tells where we hold none, or return why the reading is refused.

    `credential` is one of the locked `group`. A reading that does not tell is taken as it is: an unknown
    identity is neither learned nor compared, and one that is held is never overwritten.
    """
    ours, theirs = credential.identity_ref, reading.identity_ref
    if not theirs or ours == theirs:
        return None
    if ours:
        return None if _is_known(credential, reading=reading) else CredentialRejected(STRANGER)
    credential.identity_ref, credential.identity_name = theirs, reading.identity_name
    credential.save(update_fields=["identity_ref", "identity_name"])
    if sum(each.identity_ref == theirs for each in group) > 1:
        recount(group)
    return None


def owner_name_of(row: BalanceRow, *, credential: Credential) -> str:
    """Return the owner a row names; a merchant that its provider does not name goes by our own label."""
    is_unnamed = row.account_kind is AccountKind.MERCHANT and not (row.owner_ref or row.owner_name)
    return credential.name if is_unnamed else row.owner_name


def _is_known(credential: Credential, *, reading: ScopeReading) -> bool:
    """Tell whether a reference of the provider's own making comes back, whichever application asks."""
    proof = {row.account_ref for row in reading.rows if row.account_kind not in BY_IDENTITY}
    return bool(accounts_of(credential, refs=proof))
