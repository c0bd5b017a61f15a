"""Whether the comments can appear on a publisher's page, and what keeps them from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from comments import addresses
from comments.doctor import policies
from comments.doctor.findings import Finding, fail, ok, warn
from comments.doctor.pages import Attributes, Page
from comments.doctor.policies import Asked

SLOT = '<section data-comments data-site="KEY" data-article="ID">No comments yet...</section>'


def examine(page: Page, service: str, sites: Mapping[str, list[str]]) -> Iterator[Finding]:
    """`service` is our own address, `sites` the web addresses of every site by its key."""
    yield from _script(page, service)
    if page.slots or page.counts:
        yield from dict.fromkeys(_site(page, each, sites) for each in page.slots + page.counts)
        yield from (_article(page, each) for each in page.slots)
    else:
        yield fail("slot", f"there is none in the page's HTML; add: {SLOT}")
    yield from _policies(page, service)
    yield from _surroundings(page)


def _script(page: Page, service: str) -> Iterator[Finding]:
    wanted = f"{service}/embed.js"
    found = _embeds(page)
    if any(script["src"] == wanted for script in found):
        yield ok("script", wanted)
    elif found:
        yield fail("script", _of_another(found[0]["src"], service))
    else:
        yield fail("script", f'is missing; add: <script async src="{wanted}"></script>')


def _of_another(script: str, service: str) -> str:
    other = script.partition("/embed.js")[0]
    return (
        f"{script} is not of {service}; if it is this service that the page should use, "
        f"set COMMENTS_URL={other}, else load {service}/embed.js"
    )


def _embeds(page: Page) -> list[Attributes]:
    return [it for it in page.scripts if urlsplit(it["src"]).path.endswith("/embed.js")]


def _site(page: Page, slot: Attributes, sites: Mapping[str, list[str]]) -> Finding:
    key, origin = slot.get("data-site", ""), addresses.origin(page.url)
    if not key:
        return fail("site", 'the slot or count names none; add data-site="KEY"')
    if key not in sites:
        return fail("site", f"there is none with the key {key!r}; see: comments site list")
    if origin not in sites[key]:
        return fail(
            "site", f"{key} may not appear here; run: comments site origin add {key} {origin}"
        )
    return ok("site", f"{key} may appear on {origin}")


def _article(page: Page, slot: Attributes) -> Finding:
    if article := slot.get("data-article"):
        return ok("article", article)
    if page.canonical:
        return ok(
            "article", f"the slot gives no id, so it is the canonical address {page.canonical}"
        )
    return warn(
        "article",
        "the slot gives no id and the page no canonical address, so each way to write the "
        'address is a thread; add data-article="ID" or <link rel="canonical" href="…">',
    )


def _policies(page: Page, service: str) -> Iterator[Finding]:
    origin = addresses.origin(page.url)
    script = next(iter(_embeds(page)), {"src": f"{service}/embed.js"})
    wanted = [
        (policies.SCRIPTS, Asked(script["src"], origin, script.get("nonce"))),
        (policies.CONNECTIONS, Asked(f"{service}/embed/thread", origin)),
    ]
    found = [policy for text in page.policies for policy in policies.parse(text)]
    refused = [
        directives
        for directives, asked in wanted
        if not all(policies.allows(policy, directives, asked) for policy in found)
    ]
    for directives in refused:
        yield fail(
            "policy", f"the page's Content-Security-Policy lacks: {directives[-1]} {service}"
        )
    if not refused:
        yield ok("policy", "the Content-Security-Policy lets the comments in")


def _surroundings(page: Page) -> Iterator[Finding]:
    if page.opener_policy.startswith("same-origin") and "popups" not in page.opener_policy:
        yield warn(
            "sign-in",
            "the page's Cross-Origin-Opener-Policy keeps our window from answering, so people "
            "leave the page to sign in and come back",
        )
    if page.slots and not page.has_noscript_link:
        yield warn("noscript", "nothing leads to the comments without JavaScript")
