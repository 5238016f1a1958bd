"""Read an answer as a screen reader would: the words and links of its parts, found by XPath."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Self

import pytest
from django.http import HttpResponse
from django.test import Client
from lxml import html

from providers.tenancy.models import User

Headers = dict[str, str]
SignIn = Callable[[User], Client]
CELLS = ("td", "th")
WITH_CLASS = "contains(concat(' ', normalize-space(@class), ' '), ' {} ')"


def stop_clock(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    """Let every view read this instant."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)


def htmx(target: str, **headers: str) -> Headers:
    """Return the headers with which htmx 4 asks for the part `target`, a `tag#id`."""
    return {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": target, **headers}


def classed(name: str) -> str:
    """Return the XPath condition of a CSS class."""
    return WITH_CLASS.format(name)


class Screen:
    """One answer, or a part of one."""

    def __init__(self, response: Any, *, status: int = 200) -> None:
        assert response.status_code == status, response.content[:500]
        self.response: HttpResponse = response
        self.root = html.document_fromstring(response.content.decode())

    def part(self, xpath: str) -> Self:
        """Return the one part found. Raises: AssertionError, when it is none or several."""
        (found,) = self.root.xpath(xpath)
        part = object.__new__(type(self))
        part.response, part.root = self.response, found
        return part

    def has(self, xpath: str) -> bool:
        """Tell whether anything is found."""
        return bool(self.root.xpath(xpath))

    def texts(self, xpath: str) -> list[str]:
        """Return the words of every part found, white space evened out; of attributes their value."""
        return [words(found) for found in self.root.xpath(xpath)]

    def text(self, xpath: str = ".") -> str:
        """Return the words of the one part found."""
        (found,) = self.root.xpath(xpath)
        return words(found)

    def href(self, label: str) -> str:
        """Return the address of the one link that is called `label`."""
        found = [a.get("href") for a in self.root.xpath(".//a[@href]") if name_of(a) == label]
        (address,) = set(found)
        return str(address)

    def rows(self) -> list[list[str]]:
        """Return the words of every balance's cells."""
        rows = self.root.xpath(f"//*[@id='balances-table']//tbody/tr[not({classed('band')})]")
        return [[words(cell) for cell in row] for row in rows]

    def column(self, number: int) -> list[str]:
        """Return one cell of every balance."""
        return [row[number] for row in self.rows()]

    def totals(self) -> list[str]:
        """Return every line of totals."""
        return self.texts("//tfoot/tr")


def words(found: Any) -> str:
    """Return an element's words without what is hidden from readers, or an attribute as it stands."""
    return str(found) if isinstance(found, str) else " ".join("".join(_spoken(found)).split())


def _spoken(element: Any) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if isinstance(child.tag, str) and not _is_hidden(child):
            yield from _spoken(child)
        yield " " if child.tag in CELLS else ""
        yield child.tail or ""


def _is_hidden(element: Any) -> bool:
    """Tell what a reader never hears, and what a wide window does not show."""
    classes = set((element.get("class") or "").split())
    return element.get("aria-hidden") == "true" or bool(classes & {"only-s", "until-wide"})


def name_of(link: Any) -> str:
    """Return what a link is called: its label, else its words."""
    return str(link.get("aria-label") or words(link))
