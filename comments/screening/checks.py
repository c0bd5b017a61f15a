"""The checks. Each looks at the draft alone and says what it finds; none decides anything."""

from __future__ import annotations

from collections.abc import Callable

from comments.screening import commenters
from comments.screening.draft import Draft
from comments.screening.findings import Finding
from comments.sites.models import SiteSettings

# Nobody writes two comments worth reading within this time.
FASTEST_SECONDS = 5

Check = Callable[[Draft, SiteSettings], Finding | None]


def closed(draft: Draft, _site: SiteSettings) -> Finding | None:
    return None if draft.takes_comments else Finding("closed")


def sanction(draft: Draft, _site: SiteSettings) -> Finding | None:
    standing = draft.standing
    if standing.measure is None:
        return None
    code = "banned" if standing.measure == "ban" else "suspended"
    return Finding(code, {"until": standing.until, "reason": standing.reason})


def commenter(draft: Draft, site: SiteSettings) -> Finding | None:
    """Whoever could write it may still correct it."""
    lacking = None if draft.is_edit else commenters.lacking(draft.standing, site.commenters)
    return Finding(lacking) if lacking else None


def empty(draft: Draft, _site: SiteSettings) -> Finding | None:
    return Finding("empty") if draft.is_blank else None


def too_long(draft: Draft, site: SiteSettings) -> Finding | None:
    if draft.length <= site.length:
        return None
    return Finding("too-long", {"length": draft.length, "most": site.length})


def too_fast(draft: Draft, _site: SiteSettings) -> Finding | None:
    since = draft.standing.seconds_since_last
    if draft.is_edit or since is None or since >= FASTEST_SECONDS:
        return None
    # A clock that was set back must not keep anybody waiting for long.
    return Finding("too-fast", {"seconds": FASTEST_SECONDS - max(0, int(since))})


def trap(draft: Draft, _site: SiteSettings) -> Finding | None:
    return Finding("trap") if draft.trap else None


def repeated(draft: Draft, _site: SiteSettings) -> Finding | None:
    same = draft.standing.same_text_as
    return Finding("repeated", {"comment": same}) if same else None


def links(draft: Draft, site: SiteSettings) -> Finding | None:
    if len(draft.links) <= site.links_allowed:
        return None
    first = draft.links[0]
    at = draft.source.find(first)
    span = (at, at + len(first)) if at >= 0 else None
    return Finding("links", {"count": len(draft.links), "allowed": site.links_allowed}, span)


def guest(draft: Draft, _site: SiteSettings) -> Finding | None:
    """Until something of theirs has been published here."""
    standing = draft.standing
    return Finding("guest") if standing.is_guest and not standing.published else None


def newcomer(draft: Draft, site: SiteSettings) -> Finding | None:
    published = draft.standing.published
    if published >= site.hold_first:
        return None
    return Finding("newcomer", {"published": published, "first": site.hold_first})


def premoderation(_draft: Draft, site: SiteSettings) -> Finding | None:
    return Finding("premoderation") if site.premoderation else None


CHECKS: tuple[Check, ...] = (
    closed,
    sanction,
    commenter,
    empty,
    too_long,
    too_fast,
    trap,
    repeated,
    links,
    guest,
    newcomer,
    premoderation,
)
