"""The server that comes along: many threads in one process, and no start that is half right."""

from __future__ import annotations

import fcntl
import gc
import resource
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import MPServer
from sqlalchemy.exc import SQLAlchemyError

from comments import create_app, health, logs
from comments.db import db
from comments.logs import log
from comments.settings import Settings, read
from comments.widget import live, watching
from comments.working import Crew

# An event stream keeps a thread to itself, and so many are left for all other requests.
THREADS = live.ROOM + 64
# Granian accepts no more connections than this, and idle ones count.
CONNECTIONS = 2048
# Each of them is an open file, and so is what a request opens besides.
FILES = 2 * CONNECTIONS
KILL_SECONDS = 3
# So many new objects, and so many such searches, before young and older ones are searched again.
GARBAGE = (10_000, 20, 20)

BEHIND = "The database has not all of its tables yet; run: comments migrate"

# The few lines that granian logs itself go the way of ours.
GRANIAN_LOGS = {
    "formatters": {},
    "handlers": {},
    "loggers": {"_granian": {"handlers": [], "propagate": True}},
}


class CannotServe(Exception):
    """Why nothing was started; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to listen, and with how many processes."""

    host: str
    port: int
    workers: int = 1


def serve(place: Place) -> None:
    """Serve until a signal comes. Raises CannotServe or WrongSettings, with nothing started."""
    settings = read()
    app = create_app(settings)
    address = _free(place)
    with app.app_context(), _alone(settings, place.workers):
        _check_database()
        _allow_files()
        logs.configure()
        log.info("serving", url=settings.url, address=address, port=place.port)
        _granian(address, place).serve(target_loader=_loaded, wrap_loader=False)
        log.info("stopped")


def _free(place: Place) -> str:
    """The IP address to listen on. Granian would share a port that is taken without a word."""
    try:
        family, _, _, _, name = socket.getaddrinfo(
            place.host, place.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(name)
    except OSError as error:
        raise CannotServe(
            f"Can't listen on {place.host} port {place.port} ({error.strerror}); "
            "stop what does, or choose another: comments serve --port NUMBER"
        ) from None
    return str(name[0])


@contextmanager
def _alone(settings: Settings, workers: int) -> Iterator[None]:
    """SQLite is served by one process, the only one, since writers queue inside it."""
    if not settings.is_sqlite:
        yield
        return
    if workers > 1:
        raise CannotServe("SQLite is served by one process; for more of them use PostgreSQL")
    path = Path(f"{db.engine.url.database}.lock")
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotServe(
                f"Another comments serve has this database ({path} is locked); stop it first"
            ) from None
        yield


def _check_database() -> None:
    try:
        is_migrated = health.is_migrated()
    except SQLAlchemyError as error:
        raise CannotServe(unreachable(error)) from None
    if not is_migrated:
        raise CannotServe(BEHIND)
    db.engine.dispose()  # no connection may live on in the processes that are started


def _allow_files() -> None:
    """A shell and systemd allow 1,024 unless one asks for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def unreachable(error: SQLAlchemyError) -> str:
    """One line about a database that does not answer."""
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    return f"The database can't be reached ({reason}); see COMMENTS_DATABASE_URL"


def _granian(address: str, place: Place) -> MPServer:
    server = MPServer(
        "comments",
        address=address,
        port=place.port,
        interface=Interfaces.WSGI,
        workers=place.workers,
        blocking_threads=THREADS,
        http=HTTPModes.http1,
        websockets=False,
        backpressure=CONNECTIONS,
        log_level=LogLevels.error,
        log_dictconfig=GRANIAN_LOGS,
        respawn_failed_workers=True,
        workers_kill_timeout=KILL_SECONDS,
    )

    @server.on_shutdown
    def forgive() -> None:
        """A signal to the whole group may end a process before granian asks it to, in order."""
        if server.interrupt_signal:
            server.interrupt_children.clear()

    return server


def _loaded() -> Flask:
    """The app of a process that serves; the process may be a fresh one, without our logging."""
    logs.configure()
    app = create_app()
    hub = watching.hub_of(app)
    hub.room = live.ROOM
    _spare_what_is_loaded()
    crew = Crew(app)
    crew.start()
    _when_asked_to_end(hub.end, crew.stop)
    return app


def _spare_what_is_loaded() -> None:
    """Modules and tables stay to the end: the search for rings of garbage need not look at them
    each time, nor as often as is right for a program that holds nothing."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)


def _when_asked_to_end(*acts: Callable[[], None]) -> None:
    """Do this when the process is to end, beside what granian does.

    It takes the signals for itself once the app is loaded, and waits for every answer under way.
    The number of each signal comes through this pipe as well.
    """
    inlet, outlet = socket.socketpair()
    outlet.setblocking(False)
    signal.set_wakeup_fd(outlet.detach())

    def wait() -> None:
        while True:
            if inlet.recv(1)[0] in (signal.SIGTERM, signal.SIGINT):
                for act in acts:
                    act()

    threading.Thread(target=wait, name="ending", daemon=True).start()
