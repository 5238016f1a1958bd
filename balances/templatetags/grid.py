"""Write the rows of a table whose columns were chosen."""

from collections.abc import Iterable
from typing import Protocol

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


@register.simple_tag(takes_context=True)
def write_cells(context: Context, cells: Iterable[Cell]) -> SafeString:
    """Write a row's cells, each by the template of its column.

    The templates were looked up once for all rows: an include or a choice for every cell took half of a page's time.
    """
    found = []
    with context.push():
        for cell in cells:
            context["cell"] = cell
            found.append(cell.template.nodelist.render(context))
    return SafeString("".join(found))
