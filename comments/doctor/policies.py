"""Content security policies, as far as they decide whether the comments can load."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

Policy = dict[str, list[str]]

# The directives that decide, the most special first.
SCRIPTS = ("script-src-elem", "script-src")
CONNECTIONS = ("connect-src",)

DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Asked:
    """An address that a page wants, from which origin, with the nonce of its tag if it has one."""

    url: str
    page_origin: str
    nonce: str | None = None


def parse(text: str) -> list[Policy]:
    """Every policy in a header or meta element; each is to be met."""
    return [policy for part in text.split(",") if (policy := _one(part))]


def _one(text: str) -> Policy:
    policy: Policy = {}
    for directive in text.split(";"):
        name, *sources = directive.split() or [""]
        if name:
            policy.setdefault(name.lower(), sources)
    return policy


def allows(policy: Policy, directives: tuple[str, ...], asked: Asked) -> bool:
    """Whether the first of the directives that the policy has lets this address in."""
    governing = [policy[name] for name in (*directives, "default-src") if name in policy]
    if not governing:
        return True
    sources = governing[0]
    if asked.nonce and f"'nonce-{asked.nonce}'" in sources:
        return True
    return "'strict-dynamic'" not in sources and any(_matches(it, asked) for it in sources)


def _matches(source: str, asked: Asked) -> bool:
    wanted = urlsplit(asked.url)
    if source == "*":
        return True
    if source == "'self'":
        return asked.url.startswith(asked.page_origin + "/")
    if source.endswith(":") and "/" not in source:
        return source[:-1].lower() == wanted.scheme
    if source.startswith("'"):
        return False
    given = urlsplit(source if "//" in source else f"{wanted.scheme}://{source}")
    return (
        given.scheme in (wanted.scheme, "http")
        and _host_matches(given.netloc.lower(), wanted.netloc, wanted.scheme)
        and _path_matches(given.path, wanted.path)
    )


def _host_matches(pattern: str, netloc: str, scheme: str) -> bool:
    host, _, port = pattern.partition(":")
    name, _, wanted_port = netloc.partition(":")
    usual = str(DEFAULT_PORTS[scheme])
    if port != "*" and (port or usual) != (wanted_port or usual):
        return False
    return name.endswith(host[1:]) if host.startswith("*.") else name == host


def _path_matches(path: str, wanted: str) -> bool:
    if path in ("", "/"):
        return True
    return wanted.startswith(path) if path.endswith("/") else wanted == path
