"""What ARCHITECTURE.md says and a machine can see."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import comments

PACKAGE = Path(comments.__file__).parent

# Each may import those before it, and itself, but for those who don't know each other.
ORDER = ["accounts", "sites", "screening", "threads", "moderation", "notifications"]
ORDER += ["hooks", "imports", "widget", "api"]
APART = {("widget", "api"), ("api", "widget"), ("hooks", "notifications"), ("imports", "hooks")}
ABOVE_ALL = {"demo"}
# What puts everything together, or looks at all of it.
ASSEMBLY = {"__init__", "tables", "cli", "commands", "doctor", "serving"}
ASKING = {"views", "login", "security", "i18n", "logs", "answers", "cors", "metrics"}
# Only these words of Flask know who asks.
REQUEST = {"request", "session", "current_user", "g"}

MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def imports(path: Path) -> Iterator[str]:
    """Every module that this one names, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def domain_of(module: str) -> str | None:
    parts = module.split(".")
    inside = parts[1:] if parts[0] == "comments" else []
    return inside[0] if inside and inside[0] in {*ORDER, *ABOVE_ALL} else None


def may_import(importer: str, imported: str) -> bool:
    if importer in ABOVE_ALL or importer == imported:
        return True
    if imported in ABOVE_ALL or (importer, imported) in APART:
        return False
    return ORDER.index(imported) < ORDER.index(importer)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_domains_import_one_way(path: Path) -> None:
    own = name_of(path).split(".")[0]
    found = {domain for module in imports(path) if (domain := domain_of(module))}
    if own in {*ORDER, *ABOVE_ALL}:
        wrong = {domain for domain in found if not may_import(own, domain)}
    else:
        wrong = set() if own in ASSEMBLY else found
    assert not wrong


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_views_know_the_request(path: Path) -> None:
    names = {
        alias.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module in ("flask", "flask_login")
        for alias in node.names
    }
    if path.stem not in ASKING:
        assert not names & REQUEST


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_the_transaction_commits(path: Path) -> None:
    commits = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "commit"
    ]
    if name_of(path) != "db":
        assert not commits


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_markup_knows_the_cleaners(path: Path) -> None:
    cleaners = {module.split(".")[0] for module in imports(path)} & {"bleach", "nh3", "markdown_it"}
    assert name_of(path) == "markup" or not cleaners


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_status_changes_in_one_place(path: Path) -> None:
    set_here = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Attribute)
        and target.attr == "status"
        and isinstance(target.value, ast.Name)
        and target.value.id == "comment"
    ]
    assert name_of(path) == "threads.status" or not set_here


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_screening_is_pure(path: Path) -> None:
    if name_of(path).startswith("screening"):
        found = set(imports(path))
        assert not found & {"comments.db", "comments.clock", "sqlalchemy", "flask"}


def test_templates_mark_nothing_safe() -> None:
    templates = Path(comments.__file__).parent.parent / "templates"
    marked = [
        path.relative_to(templates)
        for path in templates.rglob("*.html")
        if "|safe" in (text := path.read_text().replace(" ", "")) or "autoescapefalse" in text
    ]
    assert not marked


def test_styles_use_logical_properties_only() -> None:
    """A page that is written from the right must come out mirrored."""
    physical = ("margin-left", "margin-right", "padding-left", "padding-right", "border-left")
    physical += ("border-right", "text-align: left", "text-align: right", "float: left")
    physical += ("float: right", "\n  left:", "\n  right:")
    wrong = {
        (path.name, word)
        for path in PACKAGE.rglob("*.css")
        for word in physical
        if word in path.read_text()
    }
    assert not wrong
