"""Let code that knows no Django say sentences which a page can show in another language.

Import `phrase as _` and `phrases as ngettext`: by these names the tools of translators find the words.
"""

from typing import Any, Protocol


class Translation(Protocol):
    """What translates: the module `django.utils.translation` does."""

    def gettext(self, message: str, /) -> str:
        """Return the words for these."""
        ...

    def ngettext(self, singular: str, plural: str, number: int, /) -> str:
        """Return the words that fit the number."""
        ...


class Phrase(str):
    """An English text that remembers its pattern and what fills it; stored and compared as the text it is."""

    __slots__ = ("filling", "number", "pattern", "plural")
    pattern: str
    plural: str
    number: int
    filling: dict[str, Any]

    def __str__(self) -> str:
        """Stay a phrase on the way through an exception."""
        return self


def phrase(pattern: str, **filling: object) -> Phrase:
    """Mark a sentence; `pattern` is a literal, since the source is where it is found."""
    return _marked(pattern, "", 1, filling)


def phrases(pattern: str, plural: str, number: int, **filling: object) -> Phrase:
    """Mark a sentence that counts, in both forms of English."""
    return _marked(pattern, plural, number, filling)


def _marked(pattern: str, plural: str, number: int, filling: dict[str, Any]) -> Phrase:
    english = plural if plural and number != 1 else pattern
    marked = Phrase(english % filling if filling else english)
    marked.pattern, marked.plural = pattern, plural
    marked.number, marked.filling = number, filling
    return marked


def translated(text: str, *, into: Translation) -> str:
    """Return a phrase, and the phrases that fill it, in another language; any other text as it is."""
    if not isinstance(text, Phrase):
        return text
    filling = {
        name: translated(value, into=into) if isinstance(value, str) else value
        for name, value in text.filling.items()
    }
    one, many, number = text.pattern, text.plural, text.number
    said = into.ngettext(one, many, number) if many else into.gettext(one)
    return said % filling if filling else said
