"""Write the rows of a table whose columns were chosen."""

from collections.abc import Iterable

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString

from balances.views.cells import Cell

register = template.Library()


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
