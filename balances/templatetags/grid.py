"""Write the rows of a table whose columns were chosen."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Protocol

from django import template
from django.template import Template
from django.template.context import Context
from django.utils.safestring import SafeString

register = template.Library()


class Cell(Protocol):
    """Know the template of a cell; the template knows the rest."""

    @property
    def template(self) -> Template:
        """Return what writes the cell."""

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
            key = cell.same(item) if cell.same else None
            html = cell.written.get(key)
            if html is None:
                context["cell"] = cell
                html = cell.template.nodelist.render(context)
            if cell.same:
                cell.written[key] = html
            found.append(html)
    return SafeString("".join(found))
