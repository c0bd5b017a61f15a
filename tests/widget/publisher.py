"""A publisher's web site on another site than the service's, with pages and headers as asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from werkzeug.wrappers import Request, Response

from tests import live

LAYOUT = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">{head}</head>
<body><main><h1>{title}</h1>{body}</main></body></html>"""
STYLE = """<style>
body { margin: 0; font: 17px/1.6 Georgia, serif; color: #222; background: #fff; }
main { max-width: 46rem; margin: 0 auto; padding: 1rem; }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #15171a; } }
</style>"""


@dataclass
class Publisher:
    url: str
    service: str
    pages: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)

    def page(
        self,
        body: str = "",
        *,
        path: str = "/tides",
        head: str = STYLE,
        script: str = "",
        **headers: str,
    ) -> str:
        """Put up a page, by default an article with an empty slot; the answer is its address.

        Headers are given as `Content_Security_Policy="…"`.
        """
        script = script or f'<script async src="{self.service}/embed.js"></script>'
        html = LAYOUT.format(title="Tides", head=head + script, body=body or slot())
        self.pages[path] = (html, {name.replace("_", "-"): v for name, v in headers.items()})
        return self.url + path

    def answer(self, environ: dict[str, Any], start: Any) -> Any:
        path = Request(environ).path
        html, headers = self.pages.get(path, ("<!doctype html><title>None</title>", {}))
        response = Response(html, 200 if path in self.pages else 404, mimetype="text/html")
        response.headers.update(headers)
        return response(environ, start)


def slot(article: str = "tides", site: str = "gazette", **attributes: str) -> str:
    """The embed code of an article."""
    more = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return (
        f'<section data-comments data-site="{site}" data-article="{article}"{more}>'
        "No comments yet...</section>"
    )


@contextmanager
def serving(service: str) -> Iterator[Publisher]:
    publisher = Publisher("", service)
    with live.serving(publisher.answer, "localhost") as url:
        publisher.url = url
        yield publisher
