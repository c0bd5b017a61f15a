"""`comments import`: what an operator brings along."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from comments import audit, clock
from comments.accounts.models import Way
from comments.console import in_app, progress
from comments.db import transaction
from comments.imports import formats, loading, places, staging, telling
from comments.imports.loading import Goal
from comments.imports.places import Placing
from comments.imports.plan import Plan
from comments.imports.records import Record
from comments.sites import queries

F = TypeVar("F", bound=Callable[..., Any])

OPTIONS = (
    click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path)),
    click.option("--site", "site_key", metavar="KEY", required=True, help="The site to import to."),
    click.option("--dry-run", is_flag=True, help="Show what would happen and import nothing."),
    click.option(
        "--key",
        metavar="url|identifier|MAP.csv",
        default="url",
        show_default=True,
        help="What names an article: its address, the id in the file, or a table of "
        "address-or-identifier,article-id.",
    ),
    click.option("--host-map", metavar="OLD=NEW", multiple=True, help="A host that has moved."),
    click.option("--drop-query", is_flag=True, help="Addresses differ before the ? only."),
)


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for on the command line."""

    file: Path
    site_key: str
    dry_run: bool
    key: str
    host_map: tuple[str, ...]
    drop_query: bool

    def placing(self) -> Placing:
        """Raises Refused for a map that can't be read."""
        placing = Placing(
            by_identifier=self.key == "identifier",
            drops_query=self.drop_query,
            hosts=places.host_map(self.host_map),
        )
        if self.key in ("url", "identifier"):
            return placing
        return placing.with_table(Path(self.key))


def _with_options(function: F) -> F:
    for option in reversed(OPTIONS):
        function = option(function)
    return function


@click.group("import")
def importing() -> None:
    """Bring comments along from another system; again, to bring what is new."""


@importing.command("disqus")
@_with_options
@in_app
def import_disqus(**options: Any) -> None:
    """Import a Disqus export: .xml, .xml.gz or a .zip."""
    _run(Way.DISQUS, Order(**options))


@importing.command("wordpress")
@_with_options
@in_app
def import_wordpress(**options: Any) -> None:
    """Import the comments of a WordPress export: .xml, .xml.gz or a .zip."""
    _run(Way.WORDPRESS, Order(**options))


def _run(named: Way, order: Order) -> None:
    export = formats.recognised(order.file, named)
    goal = Goal(queries.by_key(order.site_key), export.way, clock.now())
    click.echo(f"{order.file.name} is {export.format}.")
    with staging.staged(_counting(export.records()), order.placing()) as plan:
        loading.recognise(plan, goal)
        if order.dry_run:
            _tell(telling.preview(plan))
        _tell(telling.strangers(plan, goal.site))
        if not order.dry_run:
            _load(plan, goal, order.file.name)
        _tell(telling.report(plan, is_dry=order.dry_run))


def _load(plan: Plan, goal: Goal, file: str) -> None:
    sums = plan.sums()
    with progress() as bar:
        task = bar.add_task("Importing", total=sums.imported)
        for done in loading.load(plan, goal):
            bar.advance(task, done)
    if sums.imported:
        record = partial(audit.record, "import", now=goal.now, by_id=None, site_id=goal.site.id)
        transaction(lambda: record(source=goal.way, file=file, comments=sums.imported))


def _counting(records: Iterable[Record]) -> Iterator[Record]:
    with progress() as bar:
        yield from bar.track(records, description="Reading")


def _tell(lines: Iterator[str]) -> None:
    """Print what may hold foreign words: without the signs that a terminal obeys."""
    for line in lines:
        click.echo("".join(char if char.isprintable() else "�" for char in line))
