"""Explain amounts in each provider's words: what its connector says of every kind it reports."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext as _

from balances.results.context import provider_label, provider_slot
from providers.connectors import CONNECTORS
from providers.phrases import translated
from providers.rows import AmountKind

# The column of each kind, by its key.
KINDS = {
    "available": AmountKind.AVAILABLE,
    "pending": AmountKind.PENDING,
    "ledger": AmountKind.LEDGER,
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What one provider means by one amount; `column` is where it stands."""

    column: str
    provider: str
    slot: int
    word: str
    text: str

    @property
    def heading(self) -> str:
        """Name the figure as the page heads it, and in the provider's own word where that is another."""
        heads = {"available": _("Available"), "pending": _("Pending"), "ledger": _("Ledger")}
        said = {"head": heads[self.column], "provider": self.provider, "word": self.word}
        if said["head"] == self.word:
            return self.word
        return _("%(head)s, which %(provider)s calls %(word)s:") % said

    @property
    def sentence(self) -> str:
        """Say it in one line, provider first."""
        return f"{self.provider} {self.word}: {self.text}"


def legend(providers: Collection[str], *, columns: Collection[str] = KINDS) -> list[Entry]:
    """Return an entry per provider and word, in the order of the providers' colours."""
    found: dict[tuple[str, str], Entry] = {}
    for entry in entries(providers):
        if entry.column in columns:
            found.setdefault((entry.provider, entry.word), entry)
    return list(found.values())


def entries(providers: Collection[str]) -> list[Entry]:
    """Return an entry per provider and kind, also where one word stands for two kinds."""
    return [
        Entry(
            column=column,
            provider=provider_label(code),
            slot=provider_slot(code),
            word=translated(connector.legend[kind].word, into=translation),
            text=translated(connector.legend[kind].text, into=translation),
        )
        for code, connector in CONNECTORS.items()
        if code in providers
        for column, kind in KINDS.items()
        if kind in connector.legend
    ]


def head_title(column: str, known: Sequence[Entry]) -> str:
    """Return the sentences on one column, for its head; nothing for a column that is no amount."""
    return "; ".join(entry.sentence for entry in known if entry.column == column)
