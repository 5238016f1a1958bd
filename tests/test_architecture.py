"""Hold the code to the house: who may import whom, how long things are, what is said where."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from providers.tenancy.models import TenantOwned

ROOT = Path(__file__).resolve().parent.parent
APPS = ("providers", "balances", "dashboard")
FILE_LINES, FUNCTION_LINES = 300, 40

# Who may import whom: the longest prefix of a module decides. Within one prefix everything is free.
FLOOR = {f"providers.{name}" for name in ("errors", "money", "currencies", "rows", "phrases")}
MODELS = {"providers.models", "providers.tenancy"}
KEPT = {"balances.models", "balances.fields"}
ASKED = {"balances.query", "balances.results", "balances.columns", "balances.states"}
SERVICES = {"providers.services", "providers.schedule", "providers.connectors"}
ARROWS: dict[str, set[str]] = {
    "providers": set(),
    "providers.errors": set(),
    "providers.phrases": set(),
    "providers.currencies": set(),
    "providers.money": {"providers.currencies", "providers.errors"},
    "providers.rows": FLOOR,
    "providers.http": FLOOR,
    "providers.connectors": FLOOR | {"providers.http"},
    "providers.simulator": set(),
    "providers.tenancy": set(),
    "providers.sealing": set(),
    "providers.models": {"providers.sealing", "providers.tenancy"},
    "providers.schedule": MODELS,
    "providers.services": FLOOR
    | MODELS
    | {"providers.schedule", "providers.sealing", "providers.http", "providers.connectors"},
    "providers.words": {"providers.models", "providers.errors"},
    "providers.health": MODELS | {"providers.words", "providers.errors"},
    "providers.pill": MODELS | {"providers.connectors", "providers.health"},
    "providers.context": MODELS | {"providers.pill", "providers.health"},
    "providers.decisions": MODELS | FLOOR | {"providers.connectors"},
    "providers.forms": SERVICES | MODELS | FLOOR | {"providers.words"},
    "providers.views": SERVICES
    | MODELS
    | FLOOR
    | {"providers.forms", "providers.decisions", "providers.words", "providers.sealing"}
    | {"providers.pill", "providers.health"},
    "providers.urls": {"providers.views"},
    "providers.management": SERVICES
    | MODELS
    | FLOOR
    | {"providers.simulator", "providers.sealing"},
    "balances": set(),
    "balances.fields": {"providers.money"},
    "balances.sqlite": {"balances.fields", "providers.money"},
    "balances.apps": {"balances.fields", "balances.sqlite"},
    "balances.models": {"balances.fields", "balances.closings.models"} | MODELS,
    "balances.closings.models": {"balances.fields"} | MODELS,
    "balances.closings": KEPT
    | MODELS
    | {"balances.ingest", "providers.currencies", "providers.money"},
    "balances.query": {"providers.money", "providers.currencies", "providers.phrases"},
    "balances.query.compile": KEPT
    | MODELS
    | {"balances.query.conditions", "providers.money", "providers.currencies"},
    "balances.query.conditions": KEPT | {"providers.phrases"},
    "balances.states": set(),
    "balances.ingest": KEPT | MODELS | FLOOR | {"providers.schedule"},
    "balances.lifecycle": KEPT
    | MODELS
    | FLOOR
    | {"balances.ingest", "providers.connectors", "providers.services"},
    # The registry of connectors is asked for labels and colours here, never for a connection.
    "balances.results": KEPT
    | MODELS
    | FLOOR
    | {"balances.query", "providers.connectors", "providers.health"},
    "balances.columns": KEPT
    | MODELS
    | FLOOR
    | {"balances.query", "balances.results", "balances.states"},
    "balances.charts": KEPT | MODELS | FLOOR | ASKED,
    "balances.exports": KEPT | MODELS | FLOOR | ASKED | {"providers.connectors"},
    "balances.templatetags": FLOOR | ASKED,
    "balances.invariants": KEPT
    | MODELS
    | FLOOR
    | {"balances.ingest", "balances.closings", "providers.services"},
    "balances.tasks": KEPT | {"balances.ingest", "balances.closings", "providers"},
    "balances.views": KEPT
    | ASKED
    | {"balances.lifecycle", "balances.tasks", "balances.charts", "balances.exports"}
    | {"balances.closings", "balances.ingest", "balances.templatetags"},
    "balances.urls": {"balances.views"},
    "balances.management": KEPT
    | ASKED
    | {"balances.ingest", "balances.lifecycle", "balances.tasks", "balances.exports"}
    | {"balances.invariants", "balances.closings"},
    "dashboard": {"balances", "providers"},
}
# Views, tasks and commands of balances may use all of providers: the table's `providers.*`.
for top in ("balances.views", "balances.tasks", "balances.management"):
    ARROWS[top] |= {name for name in ARROWS if name.startswith("providers")} - {"providers"}

PURE = ("connectors", "http", "rows", "money", "currencies", "errors", "phrases")
# The only modules that may reach past the tenant scope, each for what it is there for.
UNSCOPED = {
    "providers.tenancy.models": "declares it",
    "providers.tenancy.people": "a person's memberships in all tenants",
    "providers.tenancy.scoping": "whether a person is a member of the tenant asked for",
    "providers.tenancy.errors": "the tenants an error page may offer",
    "providers.models.credentials": "declares it",
    "providers.schedule": "due work of all tenants",
    "providers.services.runs": "a run belongs to the scheduler, not to a person",
    "providers.services.secrets": "opens the secret of a claimed run",
    "providers.services.secrecy": "checks the secrets of every tenant",
    "balances.models": "declares it",
    "balances.ingest": "writes what a claimed run read",
    "balances.tasks": "due work of all tenants",
    "balances.closings.models": "declares it",
    "balances.closings.making": "the days of all tenants that are to be closed",
    "balances.invariants": "checks every tenant",
    "balances.management.commands.verify": "checks every tenant",
    "balances.management.commands.sync_balances": "follows the run it started",
    "dashboard.health": "the oldest overdue sync of all tenants",
    "dashboard.demo.seed": "the demo's own tenants",
}
# Imports inside functions that keep a web process light.
LATE_IMPORTS = {"httpx", "openpyxl", "providers.http", "balances.exports"}

# Functions whose callers are not ours and call them by position; views, which take the request first, beside them.
CALLED_BY_FRAMEWORKS = {
    "balances.sqlite.register_functions": "a signal of Django",
    "balances.templatetags": "template tags and filters",
    "dashboard.logs.shorten_exception": "a processor of structlog",
    "providers.simulator.control.overview": "one of a table of actions",
}
# Older functions of several positional arguments: this list may only become shorter.
POSITIONAL = {
    "providers.connectors.fields": "parse_fields parse_secrets",
    "providers.connectors.swipelux_replies": "to_read",
    "providers.connectors.wire": "add join",
    "providers.currencies": "exponent",
    "providers.http.decoding": "decode_json",
    "providers.http.framing": "gap",
    "providers.http.messages": "path_below",
    "providers.money": "plain split_amount format_amount to_minor from_minor",
    "providers.phrases": "phrases",
    "providers.simulator.faces.payiano": "fail",
    "providers.simulator.faces.payman": "fail",
    "providers.simulator.faces.swipelux": "fail",
    "providers.simulator.naming": "letters",
    "providers.simulator.worlds.build": "holding make_secret",
    "providers.views.health": "present",
    "providers.views.streaks": "missed",
    "providers.views.ticks": "days",
    "balances.charts": "percent currency_bars",
    "balances.closings.days": "days",
    "balances.columns": "as_json",
    "balances.exports.book": "dress",
    "balances.exports.cells": "amount_cells",
    "balances.exports.cover": "about",
    "balances.exports.csv": "write lines",
    "balances.exports.totals_sheet": "total_elements",
    "balances.exports.xlsx": "write",
    "balances.ingest.comparing": "differs",
    "balances.ingest.counting": "same_money",
    "balances.query.short": "read_short",
    "balances.query.values": "read_value",
    "balances.results.facets": "counted",
    "balances.results.rows": "at_least",
    "balances.results.totals": "per_provider added_reads",
    "balances.views.cells": "sections",
    "balances.views.columns": "moved",
    "balances.views.failures": "failed_days",
    "balances.views.freshness": "freshness",
    "balances.views.legend": "head_title",
    "balances.views.links": "also_sorted",
    "balances.views.nothing": "nothing",
    "balances.views.notices": "notices",
    "balances.views.plots": "without",
    "balances.views.sorting": "head",
    "balances.views.sync_log": "sync_log",
    "balances.views.table": "table zero widest longest",
    "balances.views.verbs": "obey is_form",
    "dashboard.bars": "drawn",
    "dashboard.problems": "problems",
    "dashboard.strip": "health",
}


@cache
def sources() -> dict[str, ast.Module]:
    """Parse every module of the product, by its dotted name."""
    found = {}
    for path in sorted(chain.from_iterable((ROOT / app).rglob("*.py") for app in APPS)):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if "migrations" not in parts:
            name = ".".join(parts).removesuffix(".__init__")
            found[name] = ast.parse(path.read_text(), filename=str(path))
    return found


def file_of(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """List what a tree imports: module names, as deep as they are modules, and lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                deeper = f"{node.module}.{alias.name}"
                yield (deeper if deeper in sources() else str(node.module)), node.lineno


def prefixes(module: str) -> list[str]:
    """List a module and the packages around it, innermost first."""
    parts = module.split(".")
    return [".".join(parts[:n]) for n in range(len(parts), 0, -1)]


def group_of(module: str) -> str:
    """Find the longest prefix that the table names."""
    return next(prefix for prefix in prefixes(module) if prefix in ARROWS)


def may_import(importer: str, imported: str) -> bool:
    source, target = group_of(importer), group_of(imported)
    if source == target or source.startswith(f"{target}."):
        return True
    return any(prefix in ARROWS[source] for prefix in prefixes(target))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


def test_imports_point_down_only() -> None:
    upward = [
        f"{name}:{line} imports {target}"
        for name, tree in sources().items()
        for target, line in imports(tree)
        if target.partition(".")[0] in APPS and not may_import(name, target)
    ]

    assert upward == []


def test_every_module_has_a_place_in_the_table() -> None:
    homeless = [name for name in sources() if group_of(name) in {"providers", "balances"}]

    assert sorted(homeless) == ["balances", "providers", "providers.apps"]


def test_connectors_do_not_import_one_another() -> None:
    codes = ("payman", "swipelux", "payiano")
    crossing = [
        f"{name} imports {target}"
        for name, tree in sources().items()
        for target, _ in imports(tree)
        for code in codes
        if name.startswith(f"providers.connectors.{code}")
        for other in codes
        if other != code and target.startswith(f"providers.connectors.{other}")
    ]

    assert crossing == []


def test_the_floor_knows_no_django() -> None:
    pure = tuple(f"providers.{name}" for name in PURE)
    compiled = ("balances.query.compile", "balances.query.conditions")
    query = [n for n in sources() if n.startswith("balances.query") and n not in compiled]
    touching = [
        name
        for name in [*query, *(n for n in sources() if n.startswith(pure))]
        for target, _ in imports(sources()[name])
        if target.partition(".")[0] == "django"
    ]

    assert touching == []


def test_simulator_knows_nothing_of_the_product() -> None:
    foreign = [
        f"{name} imports {target}"
        for name, tree in sources().items()
        if name.startswith("providers.simulator")
        for target, _ in imports(tree)
        if target.partition(".")[0] in {*APPS, "django", "msgspec", "httpx"}
        and not target.startswith("providers.simulator")
    ]

    assert foreign == []


def test_imports_stand_at_the_top_but_for_the_listed() -> None:
    late = [
        f"{name}:{line} imports {target}"
        for name, tree in sources().items()
        for function in functions(tree)
        for target, line in imports(function)
        if not any(target == known or target.startswith(f"{known}.") for known in LATE_IMPORTS)
    ]

    assert late == []


def test_nothing_is_imported_by_star() -> None:
    starred = [
        name
        for name, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    ]

    assert starred == []


def test_no_model_signals() -> None:
    listening = [
        f"{name} imports {target}"
        for name, tree in sources().items()
        for target, _ in imports(tree)
        if target in {"django.db.models.signals", "django.dispatch"}
        or (target == "django.db.backends.signals" and name != "balances.apps")
    ]

    assert listening == []


def test_plain_sums_stay_out_of_money() -> None:
    summing = [
        f"{name}:{node.lineno}"
        for name, tree in sources().items()
        if name != "balances.fields"
        for node in ast.walk(tree)
        if (isinstance(node, ast.ImportFrom) and {a.name for a in node.names} & {"Sum", "Avg"})
        or (isinstance(node, ast.Attribute) and node.attr in {"Sum", "Avg"})
    ]

    assert summing == []


def test_only_the_listed_modules_reach_past_the_tenant() -> None:
    using = {
        name
        for name, tree in sources().items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in {"unscoped", "_base_manager"})
        or (isinstance(node, ast.Name) and node.id == "unscoped")
    }

    assert sorted(name for name in using if not set(prefixes(name)) & set(UNSCOPED)) == []


@pytest.mark.parametrize("module", sorted(sources()))
def test_file_and_functions_keep_the_budget(module: str) -> None:
    lines = len(file_of(module).read_text().splitlines())
    long = [
        f"{function.name}: {length} lines"
        for function in functions(sources()[module])
        if (length := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES
    ]

    assert lines <= FILE_LINES
    assert long == []


def test_what_is_public_says_what_it_does() -> None:
    silent = [f"{name} (module)" for name, tree in sources().items() if not ast.get_docstring(tree)]
    for name, tree in sources().items():
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                silent += [] if ast.get_docstring(node) else [f"{name}.{node.name}"]

    assert silent == []


def _names_what_follows(function: ast.FunctionDef) -> bool:
    """Tell whether callers must name all arguments but the first; a view's need not."""
    if function.name.startswith("_"):
        return True
    taken = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    return len(taken) < 2 or taken[0] == "request"


def test_public_functions_are_keyword_only_past_the_first_argument() -> None:
    positional = {
        f"{name}.{function.name}"
        for name, tree in sources().items()
        for function in tree.body
        if isinstance(function, ast.FunctionDef) and not _names_what_follows(function)
    }
    known = {f"{name}.{each}" for name, older in POSITIONAL.items() for each in older.split()}
    others = {
        each for each in positional - known if not set(prefixes(each)) & set(CALLED_BY_FRAMEWORKS)
    }

    assert others == set()


def test_tenant_owned_models_default_to_the_plain_manager() -> None:
    owned = [model for model in apps.get_models() if issubclass(model, TenantOwned)]

    assert owned
    assert [m.__name__ for m in owned if m._meta.default_manager_name != "unscoped"] == []


def test_unique_rules_and_indexes_of_tenants_rows_start_with_the_tenant() -> None:
    loose = [
        f"{model.__name__}.{rule.name}"
        for model in apps.get_models()
        if issubclass(model, TenantOwned)
        for rule in model._meta.constraints
        if isinstance(rule, models.UniqueConstraint) and _first_column(rule) != "tenant"
    ]

    assert loose == []


def _first_column(rule: models.UniqueConstraint) -> str:
    if rule.fields:
        return str(rule.fields[0])
    (first, *_) = rule.expressions
    return str(getattr(first, "name", ""))


def test_no_column_of_ours_is_a_float_or_a_plain_decimal() -> None:
    inexact = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        if model.__module__.partition(".")[0] in APPS
        for field in model._meta.get_fields()
        if isinstance(field, models.FloatField | models.DecimalField)
    ]

    assert inexact == []


def test_a_web_process_starts_without_what_it_may_never_need() -> None:
    script = (
        "import sys, dashboard.wsgi\n"
        "from django.urls import get_resolver\n"
        "len(get_resolver().reverse_dict)\n"
        "print(*sys.modules)"
    )

    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "dashboard.settings"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    assert {"openpyxl", "celery.worker", "httpx"} & set(run.stdout.split()) == set()
