"""What every command needs: the app around it, and one sentence for what went wrong."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from alembic import command
from alembic.util import CommandError
from flask import Flask, current_app
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)
from sqlalchemy.exc import SQLAlchemyError

from comments import create_app, health, settings
from comments.db import db
from comments.errors import DomainError, Invalid
from comments.serving import BEHIND, CannotServe, unreachable
from comments.settings import Settings, WrongSettings

C = TypeVar("C", bound=Callable[..., Any])


class Refused(click.ClickException):
    """Why nothing was done, in one sentence."""

    exit_code = 2


class Commands(click.Group):
    """Commands that say what is wrong instead of showing where in the code it came up."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Invalid as error:
            faults = " ".join(f"{fault.field}: {fault.message}" for fault in error.faults)
            raise Refused(faults) from None
        except (WrongSettings, CannotServe, DomainError) as error:
            raise Refused(str(error)) from None
        except SQLAlchemyError as error:
            raise Refused(unreachable(error)) from None
        except BrokenPipeError:
            raise  # whoever reads our output has seen enough
        except OSError as error:
            raise Refused(f"{error.strerror}: {error.filename}") from None


@contextmanager
def app_context(given: Settings | None = None) -> Iterator[Flask]:
    """The app of this environment, with nothing left open afterwards."""
    app = create_app(given)
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()


def in_app(function: C) -> C:
    """Run a command inside the app, on a database that has all of its tables."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        given = settings.read()
        if given.is_new:
            raise Refused(f"There is {nothing_at(given)}")
        with app_context(given):
            if not health.is_migrated():
                raise Refused(BEHIND)
            return function(*args, **kwargs)

    return run  # type: ignore[return-value]


def nothing_at(given: Settings) -> str:
    """What to say of a place where no database is."""
    what = f"no database {given.database_path}"
    if not given.instance.is_dir():
        what = f"no instance folder at {given.instance}"
    return (
        f"nothing here: {what}; are you in the right directory, with the server's settings? "
        "What is new begins with: comments setup"
    )


def migrated() -> None:
    """Run the migrations that are missing. Raises Refused for a database of a newer release."""
    config = current_app.extensions["migrate"].migrate.get_config()
    given = settings.current()
    if given.is_new:
        given.database_path.touch(mode=0o600)  # what SQLite puts beside it is no wider
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise Refused(f"The database can't be migrated: {error}") from None


def progress() -> Progress:
    """A bar for a long work, where somebody looks."""
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
