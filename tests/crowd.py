"""Many people at the same moment, each in a thread with a session of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from flask import Flask

from comments.db import db

T = TypeVar("T")


def at_once(app: Flask, acts: list[Callable[[], T]]) -> list[T | Exception]:
    """Do all of these as nearly at once as threads can; what each answered or raised, in order."""
    results: list[T | Exception | None] = [None] * len(acts)
    gate = threading.Barrier(len(acts))

    def run(place: int) -> None:
        with app.app_context():
            gate.wait()
            try:
                results[place] = acts[place]()
            except Exception as error:
                results[place] = error
            finally:
                db.session.remove()

    crowd = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    db.session.rollback()
    db.session.expire_all()
    return [result for result in results if result is not None]
