"""Ask Swipelux for single wallets, which is optional and may no longer be offered."""

from typing import TYPE_CHECKING

from providers.connectors.swipelux_replies import Wallet, WalletReading, wallet_reading
from providers.errors import NotFound
from providers.http import segment

if TYPE_CHECKING:
    from providers.http import Client


class WalletReader:
    """Read wallets by themselves for as long as the server offers that."""

    def __init__(self, http: "Client", *, is_on: bool) -> None:
        self._http = http
        self._is_on = is_on

    def read(self, wallets: list[Wallet]) -> dict[str, WalletReading]:
        """Return the readings by wallet. Raises: ProviderError."""
        found = {}
        for wallet_id in dict.fromkeys(each.wallet_id for each in wallets):
            if self._is_on and (reading := self._one(wallet_id)):
                found[wallet_id] = reading
        return found

    def _one(self, wallet_id: str) -> WalletReading | None:
        try:
            reply = self._http.get(f"/v1/wallets/{segment(wallet_id)}/balance")
        except NotFound:
            self._is_on = False
            return None
        return wallet_reading(reply, wallet_id=wallet_id)
