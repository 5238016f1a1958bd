"""Show every page in a made-up language: whatever still speaks English was not marked for translation."""

import re
from pathlib import Path
from typing import Any

import pytest

from balances.models import Account, Balance, HeldReading
from balances.templatetags.figures import short_ref
from providers.connectors import CONNECTORS
from providers.currencies import CURRENCIES
from providers.models import Credential, RunScope, Scope, Secret, SyncRun
from providers.tenancy.models import Tenant, User
from tests.browser import pseudo
from tests.browser.pages import addresses, let_in
from tests.conftest import Walk

# Every text a person reads, hears or hovers, without what stands in the brackets of the pseudo language; a
# translation may hold tags, so brackets are followed over the texts of one block.
READ = """([open, close]) => {
    const BLOCK = 'p, li, td, th, dt, dd, h1, h2, h3, caption, legend, summary,'
        + ' option, label, button, a.item, div, title';
    const found = [];
    const outside = (text, depth) => {
        let kept = '';
        for (const char of text) {
            if (char === open) depth += 1;
            else if (char === close) depth -= 1;
            else kept += depth ? ' ' : char;
        }
        return [kept, depth];
    };
    const note = (where, text) => { if (text.trim()) found.push([where, text]); };
    const walker = document.createTreeWalker(document, NodeFilter.SHOW_TEXT);
    let block, depth = 0;
    for (let node; (node = walker.nextNode());) {
        const parent = node.parentElement;
        if (parent.closest('script, style, time, .mono')) continue;
        if (parent.closest(BLOCK) !== block) [block, depth] = [parent.closest(BLOCK), 0];
        let text;
        [text, depth] = outside(node.data, depth);
        note(parent.outerHTML.slice(0, 160), text);
    }
    const names = ['aria-label', 'placeholder', 'title', 'alt', 'data-label'];
    for (const el of document.querySelectorAll('*'))
        for (const { name, value } of el.attributes)
            if (names.includes(name))
                note(`${name} of ${el.outerHTML.slice(0, 160)}`, outside(value, 0)[0]);
    return found;
}"""
LETTERS = re.compile(r"[A-Za-z]{2,}")
# What reads as code: an example of an id, an address, a path, the name of a parameter; and what was typed.
CODE = re.compile(r"\S*[\d_@/{}*]\S*|“[^”]*”")


# What is stored is shown as it is: names, references, addresses, zones, and what a provider said.
STORED: dict[Any, tuple[str, ...]] = {
    Account: (
        "external_ref",
        "name",
        "display_name",
        "owner_ref",
        "owner_name",
        "network",
        "address",
    ),
    Balance: ("public_id", "currency"),
    Credential: ("public_id", "name", "identity_ref", "identity_name", "error_detail"),
    HeldReading: ("detail",),
    RunScope: ("error_detail", "error_code"),
    Scope: ("ref", "name", "error_detail"),
    Secret: ("last_four",),
    SyncRun: ("public_id", "error_detail", "error_code"),
    Tenant: ("name", "time_zone"),
    User: ("name", "email"),
}


def stored() -> set[str]:
    """Return every text that is data."""
    names = (each.name for each in CURRENCIES.values())
    found = {*CURRENCIES, *names, "UTC", *(each.label for each in CONNECTORS.values())}
    for model, fields in STORED.items():
        manager = getattr(model, "unscoped", model.objects)
        for row in manager.values_list(*fields):
            found.update(filter(None, row))
    return found | {short_ref(text) for text in found}


def english(text: str, data: re.Pattern[str]) -> str:
    """Return what of a text is neither translated nor data."""
    text = data.sub(" ", CODE.sub(" ", " ".join(text.split())))
    return text.strip() if LETTERS.search(text) else ""


@pytest.mark.django_db(transaction=True)
def test_every_page_speaks_the_language_it_is_asked_for(
    walk: Walk, alice: User, foreign: None
) -> None:
    let_in(walk, alice)
    phrases = sorted(stored(), key=len, reverse=True)
    data = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, phrases))})(?!\w)")
    found: dict[str, str] = {}
    for path, _status in addresses():
        walk.page.goto(path)
        for where, text in walk.page.evaluate(READ, [pseudo.OPEN, pseudo.CLOSE]):
            if left := english(text, data):
                found.setdefault(left, f"{path}: {left!r} in {where}")
    assert not found, "\n".join(found.values())


@pytest.mark.django_db(transaction=True)
def test_what_the_script_says_is_translated(walk: Walk, alice: User, foreign: None) -> None:
    let_in(walk, alice)
    walk.page.goto("/account/")
    walk.page.locator("[data-theme-toggle]").click()
    said = walk.page.locator("#status").text_content() or ""
    assert said.startswith(pseudo.OPEN)
    assert said.endswith(pseudo.CLOSE)
    assert walk.page.locator("[data-theme-toggle]").get_attribute("aria-label") == said


def bare(path: Path) -> list[str]:
    """Return what a template says without a mark: its text outside tags, and the attributes that speak."""
    text = re.sub(
        r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", path.read_text(), flags=re.DOTALL
    )
    for block in ("blocktranslate", "block body_attributes"):
        end = f"end{block.partition(' ')[0]}"
        text = re.sub(f"{{% {block}.*?{{% {end}.*?%}}", "", text, flags=re.DOTALL)
    text = re.sub(r"{%.*?%}|{{.*?}}", "", text, flags=re.DOTALL)
    spoken = re.findall(r'\s(?:aria-label|placeholder|title|alt)="([^"]*)"', text)
    shown = re.sub(r"<[^>]*>|&\w+;", "", text) if path.suffix == ".html" else text
    return [found for each in (*spoken, shown) for found in re.findall(r"[A-Za-z]{2,}", each)]


@pytest.mark.parametrize("path", list(pseudo.templates()), ids=lambda path: path.name)
def test_every_text_of_a_template_is_marked(path: Path) -> None:
    assert bare(path) == []
