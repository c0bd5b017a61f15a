"""Which format a file has, and whether that is the one that the operator named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from comments.accounts.models import Way
from comments.imports import disqus, documents, wordpress
from comments.imports.files import Refused
from comments.imports.records import Record


@dataclass(frozen=True, slots=True)
class Export:
    """A recognised file. `way` is what its comments remember as their origin."""

    path: Path
    way: Way
    format: str

    def records(self) -> Iterator[Record]:
        if self.way is Way.DISQUS:
            return disqus.read(self.path)
        return wordpress.read(self.path)


def recognised(path: Path, named: Way) -> Export:
    """The export in this file. Raises Refused when it is another than the one that was named."""
    root = documents.root(path)
    if root.name == "disqus":
        export = Export(path, Way.DISQUS, "a Disqus export")
    elif root.name != "rss":
        raise Refused(
            f"{path.name} is neither a Disqus nor a WordPress export: it begins with <{root.name}>."
        )
    elif any("disqus.com" in namespace for namespace in root.namespaces):
        # It counts as both: Disqus takes it in, but made it of WordPress' format.
        return Export(path, Way.WORDPRESS, "Disqus' import format, a dialect of WordPress' WXR")
    else:
        export = Export(path, Way.WORDPRESS, "a WordPress export (WXR)")
    if export.way is not named:
        raise Refused(
            f"{path.name} is {export.format}. Use: comments import {export.way.value} FILE"
        )
    return export
