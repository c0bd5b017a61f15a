"""Whether this installation is fit to serve."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import timedelta
from smtplib import SMTPException
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from comments import clock, health, mail, outbox, serving
from comments.accounts.oidc import providers
from comments.db import db
from comments.doctor.findings import Finding, fail, ok, warn
from comments.errors import DomainError
from comments.settings import Settings
from comments.sites.models import Site
from comments.threads.models import Decision

LISTED = 50
# Two clocks of one service may differ by so much.
DRIFT = timedelta(minutes=1)
# Whoever works looks at least as often.
PATIENCE = timedelta(minutes=10)
MOMENT = "%Y-%m-%d %H:%M:%S UTC"


def examine(settings: Settings) -> Iterator[Finding]:
    """Everything that can be seen from here; needs the app's context."""
    yield _secret(settings)
    yield _address(settings)
    yield _proxies(settings)
    yield _mail(settings)
    yield from _providers(settings)
    try:
        yield from _database(settings)
    except SQLAlchemyError as error:
        yield fail("database", serving.unreachable(error))


def _secret(settings: Settings) -> Finding:
    if settings.secret_key is not None:
        return ok("secret", "comes from COMMENTS_SECRET_KEY")
    path = settings.secret_path
    if not path.exists():
        return warn("secret", f"there is none at {path} yet; the first start makes it")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        return fail("secret", f"others on this machine can read {path}; run: chmod 600 {path}")
    return ok("secret", f"is kept in {path}")


def _address(settings: Settings) -> Finding:
    if settings.is_local:
        return warn("address", f"{settings.url} is this machine only; set COMMENTS_URL to publish")
    return ok("address", settings.url)


def _proxies(settings: Settings) -> Finding:
    if any(network.prefixlen == 0 for network in settings.trusted_proxies):
        return fail("proxies", "COMMENTS_TRUSTED_PROXIES trusts everybody; name your proxy only")
    if settings.is_https and not settings.trusted_proxies:
        return warn(
            "proxies",
            "what speaks https for this service hides where readers come from, so they share "
            "their limits; set COMMENTS_TRUSTED_PROXIES to its address, such as 127.0.0.1",
        )
    trusted = ", ".join(map(str, settings.trusted_proxies)) or "none"
    return ok("proxies", f"trusted: {trusted}")


def _mail(settings: Settings) -> Finding:
    if settings.smtp_url is None:
        folder = settings.instance / "mail"
        return warn("mail", f"is kept in {folder} and reaches nobody; set COMMENTS_SMTP_URL")
    address = urlsplit(settings.smtp_url.get_secret_value())
    try:
        mail.connected(address).quit()
    except (SMTPException, OSError) as error:
        return fail("mail", f"{address.hostname} can't be used: {error}; see COMMENTS_SMTP_URL")
    return ok("mail", f"{address.hostname} takes it, from {settings.sender}")


def _providers(settings: Settings) -> Iterator[Finding]:
    for key, provider in settings.oidc.items():
        try:
            providers.keys(provider)
        except DomainError as error:
            why = error.details["why"]
            yield fail(f"provider {key}", f"{provider.issuer} lets nobody in: {why}")
        else:
            back = f"{settings.url}/sign-in/with/{key}/callback"
            yield ok(f"provider {key}", f"answers; it must know the redirect URI {back}")


def _letters() -> Finding:
    dead = len(outbox.page(outbox.dead(mail.QUEUE), None, LISTED).rows)
    if not dead:
        return ok("letters", "none failed")
    many = f"{dead} or more" if dead == LISTED else str(dead)
    return warn("letters", f"{many} could not be sent; see: comments mail list")


def _work() -> Finding:
    since = outbox.overdue(clock.now(), PATIENCE)
    if since is None:
        return ok("work", "nothing waits to be sent or told")
    return fail("work", f"nobody sends what waits since {since:{MOMENT}}; run: comments work")


def _database(settings: Settings) -> Iterator[Finding]:
    name = db.engine.url.render_as_string(hide_password=True)
    if not health.is_migrated():
        yield fail("database", f"{name}: {serving.BEHIND}")
        return
    yield ok("database", f"{name} answers and has all of its tables")
    yield _sqlite() if settings.is_sqlite else _postgresql()
    yield _letters()
    yield _work()
    yield _clock()
    yield from _sites()


def _sqlite() -> Finding:
    with db.engine.connect() as connection:
        journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
        synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
    if (journal, synchronous) == ("wal", 2):
        return ok("durability", "SQLite writes ahead, and waits for the disk")
    return fail(
        "durability",
        f"SQLite uses journal_mode={journal} and synchronous={synchronous}, not wal and 2 (full); "
        "a network file system can't hold this database",
    )


def _postgresql() -> Finding:
    wanted = {"server_encoding": "UTF8", "fsync": "on", "full_page_writes": "on"}
    with db.engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in wanted}
        waits = connection.exec_driver_sql("SHOW synchronous_commit").scalar_one()
    wrong = [f"{name} is {found[name]}" for name in wanted if found[name] != wanted[name]]
    if waits == "off":
        wrong.append("synchronous_commit is off")
    if wrong:
        return fail("durability", f"PostgreSQL may lose comments: {', '.join(wrong)}")
    return ok("durability", "PostgreSQL waits for the disk")


def _clock() -> Finding:
    now = clock.now()
    newest_first = sa.select(Decision.created_at).order_by(Decision.id.desc())
    latest = db.session.scalar(newest_first.limit(1))
    if latest and latest > now + DRIFT:
        return fail(
            "clock", f"it shows {now:{MOMENT}}, but something was decided at {latest:{MOMENT}}"
        )
    return ok("clock", f"it shows {now:{MOMENT}}")


def _sites() -> Iterator[Finding]:
    sites = db.session.scalars(sa.select(Site).order_by(Site.key)).all()
    if not sites:
        yield warn("sites", "there is none yet; run: comments setup")
    for site in sites:
        if site.addresses:
            yield ok(f"site {site.key}", f"comments on {', '.join(site.addresses)}")
        else:
            yield warn(
                f"site {site.key}",
                f"comments nowhere; run: comments site origin add {site.key} https://…",
            )
