"""Write the rows of a table whose columns were chosen."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Protocol

from django import template
from django.template import Template
from django.template.context import Context
from django.utils.safestring import SafeString

register = template.Library()


class Cell(Protocol):
    """Know what writes a cell: a function, or else a template."""

    @property
    def template(self) -> Template | None:
        """Return the template, which knows the rest."""

    @property
    def write(self) -> Callable[[Any], str | None] | None:
        """Return the function, which takes the item; None from it leaves the cell to the template."""

    @property
    def same(self) -> Callable[[Any], Hashable] | None:
        """Return what tells by an item which cells are written alike; None where none is like another."""

    @property
    def written(self) -> dict[Hashable, str]:
        """Return the cells of the column that this page has written already."""


@register.simple_tag(takes_context=True)
def write_cells(context: Context, cells: Iterable[Cell]) -> SafeString:
    """Write a row's cells, each by the template of its column.

    The templates were looked up once for all rows, and what many rows have alike is written once: an include or a
    choice for every cell took half of a page's time. Context: `item`.
    """
    found = []
    item = context["item"]
    with context.push():
        for cell in cells:
            html = cell.write(item) if cell.write else None
            found.append(_rendered(cell, context) if html is None else html)
    return SafeString("".join(found))


def _rendered(cell: Cell, context: Context) -> str:
    """Render a cell, or take what was rendered for another that is alike."""
    key = cell.same(context["item"]) if cell.same else None
    if cell.same and key in cell.written:
        return cell.written[key]
    context["cell"] = cell
    html: str = cell.template.nodelist.render(context) if cell.template else ""
    if cell.same:
        cell.written[key] = html
    return html
