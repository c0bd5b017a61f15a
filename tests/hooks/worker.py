"""A worker in a process of its own that may talk to a receiver on this machine, until it is killed.

Given: the instance folder, the database or nothing, and the file of whose certificate counts.
"""

from __future__ import annotations

import ssl
import sys

from comments import working
from comments.hooks import delivering
from comments.outward import Reach
from comments.working import Chore, Crew, IsOver
from tests import servers


def main(instance: str, database_url: str, cafile: str) -> None:
    reach = Reach(lambda address: address.is_loopback, ssl.create_default_context(cafile=cafile))

    def deliver(is_over: IsOver) -> None:
        delivering.deliver(is_over, reach)

    with servers.inside(instance, database_url) as app:
        hooks = Chore(deliver, 0.1, threads=2)
        told = Chore(working.chores["events"].act, 0.1)
        working.chores.clear()
        working.chores.update(events=told, hooks=hooks)
        crew = Crew(app)
        crew.start()
        crew.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
