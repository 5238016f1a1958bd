"""Make a language out of our own words: every one in brackets, written from right to left.

The catalogue holds what a translator would be given: the marked words of templates and Python, found by
reading the sources. A text that comes out without brackets was not marked, was put together from parts,
or was translated too early. Every word stands in a right-to-left override, so that the page behaves as an
Arabic one would, in letters a reader of English can check.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from django.template import Engine
from django.template.base import Node
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

from tests.processes import ROOT

LANGUAGE = "ar-xb"  # Android's name for such a language; Django's own words come from its Arabic
APPS = ("providers", "balances", "dashboard")
OPEN, CLOSE = "⟦", "⟧"
OVERRIDE, POP = "\u202e", "\u202c"
ONE = {"gettext", "gettext_lazy", "gettext_noop", "phrase"}
MANY = {"ngettext", "ngettext_lazy", "phrases"}
# Left as they are: what is filled in, markup, entities.
KEPT = re.compile(r"(%\(\w+\)[-.\d]*[a-z]|%%|%s|<[^>]+>|&\w+;|\{\w*\})")
# Abbreviations in capitals stay Latin, as they do in Arabic: UTC, API.
WORD = re.compile(r"\b(?![A-Z]{2,}\b)[^\W\d_]+(?:['’][^\W\d_]+)*")
Words = str | tuple[str, str]


def pseudo(text: str) -> str:
    """Return a text as the pseudo language says it."""
    parts = KEPT.split(text)
    parts[::2] = [WORD.sub(lambda m: f"{OVERRIDE}{m[0]}{POP}", part) for part in parts[::2]]
    return f"{OPEN}{''.join(parts)}{CLOSE}"


def templates() -> Iterator[Path]:
    """Give every template of ours."""
    yield from sorted(path for path in (ROOT / "templates").rglob("*") if path.is_file())


def marked_in(node: Node) -> Iterator[Words]:
    """Give the words one template node marks."""
    if isinstance(node, TranslateNode):
        yield str(node.filter_expression.var.literal)
    elif isinstance(node, BlockTranslateNode):
        one, _names = node.render_token_list(node.singular)
        many, _names = node.render_token_list(node.plural)
        yield (one, many) if many else one


def of_templates() -> Iterator[Words]:
    """Give what templates mark."""
    engine = Engine.get_default()
    for path in templates():
        template = engine.get_template(str(path.relative_to(ROOT / "templates")))
        for node in template.nodelist.get_nodes_by_type(Node):
            yield from marked_in(node)


def names_of(tree: ast.Module) -> dict[str, str]:
    """Return what a module calls the functions that mark words."""
    given = {"gettext": "gettext"}  # a translator that was handed over
    return given | {
        each.asname or each.name: each.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for each in node.names
        if each.name in ONE | MANY
    }


def called(call: ast.Call) -> str:
    """Return the name a call goes by."""
    return str(getattr(call.func, "id", "") or getattr(call.func, "attr", ""))


def calls() -> Iterator[tuple[Path, ast.Call, int]]:
    """Give every call that marks words, with how many texts it takes."""
    for path in (path for app in APPS for path in sorted((ROOT / app).rglob("*.py"))):
        tree = ast.parse(path.read_text())
        names = names_of(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (marker := names.get(called(node))):
                yield path, node, 2 if marker in MANY else 1


def of_python() -> Iterator[Words]:
    """Give what modules mark."""
    for _path, call, number in calls():
        texts = [str(each.value) for each in call.args[:number] if isinstance(each, ast.Constant)]
        if len(texts) == number:
            yield (texts[0], texts[1]) if number == 2 else texts[0]


@cache
def catalogue() -> Catalog:
    """Return the dictionary of the pseudo language, with the six plurals of Arabic."""
    made = Catalog(locale="ar")
    for words in {*of_templates(), *of_python()}:
        if isinstance(words, str):
            made.add(words, pseudo(words))
        else:
            forms = [words[n != 1] for n in range(made.num_plurals)]
            made.add(words, tuple(map(pseudo, forms)))
    return made


def write(folder: Path) -> None:
    """Write the catalogue where Django looks for a language, below `folder`."""
    place = folder / "ar_XB" / "LC_MESSAGES"
    place.mkdir(parents=True)
    with (place / "django.mo").open("wb") as file:
        write_mo(file, catalogue())
