"""What the operator is told of an import, line by line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from urllib.parse import urlsplit

from comments.imports.plan import Group, Plan
from comments.imports.records import Reason
from comments.sites.models import Site

IDS_IN_A_LINE = 8
ADDRESSES_SHOWN = 20

WHY = {
    Reason.DELETED: "deleted in the old system",
    Reason.SPAM: "spam in the old system",
    Reason.PINGBACK: "pingbacks",
    Reason.TRACKBACK: "trackbacks",
    Reason.OTHER_KIND: "not said by people but noted by a plug-in",
    Reason.NO_ID: "without an id",
    Reason.NO_THREAD: "of a thread that is not in the file",
    Reason.DELETED_THREAD: "of a thread that was deleted in the old system",
    Reason.NO_ADDRESS: "of a thread without an address; try --key identifier or --key MAP.csv",
    Reason.NO_DATE: "without a date that can be read",
    Reason.EMPTY: "with nothing that can be seen",
    Reason.TOO_LONG: "too long",
    Reason.REPEATED: "with an id that came before in the file",
    Reason.HERE_ALREADY: "here already",
}


def preview(plan: Plan) -> Iterator[str]:
    """Which addresses become one article."""
    yield "Each block becomes one article:"
    for group in plan.groups():
        yield ""
        yield f"  {group.key} ({_counted(group.comments, 'comment')})"
        yield from _addresses(group)
    yield ""


def _addresses(group: Group) -> Iterator[str]:
    counts: Counter[str] = Counter()
    for address in group.addresses:
        counts[address.original] += address.comments
    for original, comments in counts.most_common(ADDRESSES_SHOWN):
        yield f"    {comments:6,}  {original}"
    if (rest := len(counts) - ADDRESSES_SHOWN) > 0:
        yield f"            and {_counted(rest, 'more address', 'more addresses')}"


def strangers(plan: Plan, site: Site) -> Iterator[str]:
    """Hosts on which this site has no page: comments there would wait for a page in vain."""
    own = {urlsplit(address).netloc for address in site.addresses}
    hosts = Counter(urlsplit(group.url).netloc for group in plan.groups() if group.url)
    for host, articles in hosts.most_common():
        if host not in own:
            yield (
                f"{host} ({_counted(articles, 'article')}) is no address of this site. If it has "
                f"moved, say where to: --host-map {host}=NEW"
            )


def report(plan: Plan, *, is_dry: bool) -> Iterator[str]:
    """What was read, what became of it, and everything that was left out."""
    sums = plan.sums()
    skipped = plan.skipped()
    yield f"Read {_counted(sums.read, 'comment')} in {_counted(sums.threads, 'thread')}."
    yield (
        f"{'Would import' if is_dry else 'Imported'} {sums.imported:,}: "
        f"{sums.published:,} published, {sums.waiting:,} waiting, {sums.tombstones:,} empty "
        "(deleted, but with replies)."
    )
    yield f"Skipped {sum(skipped.values()):,}."
    for reason in sorted(skipped, key=list(Reason).index):
        yield f"  {skipped[reason]:,} {WHY[reason]}"
        if reason is not Reason.HERE_ALREADY:
            yield from _listed(plan.skipped_ids(reason))
    promoted = _listed(plan.promoted_ids())
    if first := next(promoted, None):
        yield "Put at the top, since the comment above is not to be found:"
        yield first
        yield from promoted


def _listed(ids: Iterable[str]) -> Iterator[str]:
    ids = iter(ids)
    while line := ", ".join(islice(ids, IDS_IN_A_LINE)):
        yield f"    {line}"


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
