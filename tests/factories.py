"""People, sites and talk for tests, made as plainly as possible and committed at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from comments import changes, clock, mail, names
from comments.accounts import closing, sessions, tokens, vouched
from comments.accounts.factors.models import Passkey
from comments.accounts.models import Identity, Kind, Session, User, Way
from comments.accounts.vouched import Vouched
from comments.db import db, transaction
from comments.outbox import Outgoing
from comments.screening.draft import Standing
from comments.screening.findings import Finding
from comments.screening.policy import Outcome, Verdict
from comments.sites import keys
from comments.sites.invitations import inviting
from comments.sites.invitations.forms import NewInvitation
from comments.sites.models import Invitation, Membership, Origin, Role, Site, SiteSettings
from comments.sites.yours import addressing
from comments.threads import articles, posting, status, voting, writing
from comments.threads.models import Act, Article, Comment, State, Status
from tests import sent


def user(name: str, **fields: Any) -> User:
    return transaction(lambda: person(name, **fields))


def person(name: str, email: str | None = None, **fields: Any) -> User:
    """Somebody, made within a transaction."""
    fields |= {"email": email, "email_key": email}
    row = User(name=name, name_key=names.key(name), created_at=clock.now(), **fields)
    db.session.add(row)
    db.session.flush()
    return row


def site(key: str, *, origins: tuple[str, ...] = (), **settings: Any) -> Site:
    return transaction(lambda: founded(key, origins, **settings))


def founded(key: str, origins: tuple[str, ...] = (), **settings: Any) -> Site:
    """A site, made within a transaction."""
    row = Site(
        key=key,
        name=key.replace("-", " ").title(),
        values=SiteSettings(**{"hold_first": 0, **settings}).model_dump(),
        created_at=clock.now(),
    )
    row.origins = [Origin(address=origin) for origin in origins]
    db.session.add(row)
    db.session.flush()
    return row


def settle(site: Site, **settings: Any) -> None:
    """Change settings of a site."""

    def act() -> None:
        site.values = {**site.values, **settings}
        site.version += 1
        changes.site(site.id)

    transaction(act)


def member(site: Site, user: User, role: Role) -> Membership:
    return transaction(lambda: joined(site, user, role))


def joined(site: Site, user: User, role: Role) -> Membership:
    """A membership, made within a transaction."""
    row = Membership(site_id=site.id, user_id=user.id, role=role, created_at=clock.now())
    db.session.add(row)
    return row


def invite(site: Site, role: Role = Role.STAFF, email: str | None = None) -> str:
    """The token of a link of the operator's."""
    form = NewInvitation(invited_as=role, email=email)
    return transaction(lambda: inviting.invite(site, form, None, clock.now()))


def unsent(
    site: Site, to: User, kind: str = "notifications", words: str = "550 5.1.1 Nobody here"
) -> int:
    """The number of a letter that a mail server refused."""

    def act() -> int:
        mail.add(kind, {"person": to.id, "site": site.id}, to.id, clock.now(), site_id=site.id)
        row = db.session.scalars(sa.select(Outgoing).order_by(Outgoing.id.desc())).first()
        assert row
        row.words, row.died_at, row.tries = words, clock.now(), 2
        return row.id

    return transaction(act)


def invitation(site: Site) -> Invitation:
    """One that somebody may still accept."""
    invite(site)
    return db.session.scalars(sa.select(Invitation).where(Invitation.site_id == site.id)).one()


def article(site: Site, key: str, *, state: State = State.OPEN, **fields: Any) -> Article:
    def act() -> Article:
        row = Article(site_id=site.id, key=key, state=state, created_at=clock.now(), **fields)
        db.session.add(row)
        return row

    return transaction(act)


def set_state(article: Article, state: State, by: User) -> None:
    transaction(
        lambda: articles.set_state(db.session.get_one(Article, article.id), state, by, clock.now())
    )


def alias(article: Article, url: str) -> None:
    """Let this address find the article."""
    transaction(lambda: articles.add_alias(article, url))


def comment(
    article: Article,
    author: User,
    body: str = "A thought.",
    *,
    parent: Comment | None = None,
    to: Status = Status.PUBLISHED,
    findings: tuple[Finding, ...] = (),
    at: datetime | None = None,
) -> Comment:
    now = at or clock.now()

    def act() -> Comment:
        text = writing.written(body)
        place = writing.Place(status.locked(article.id), parent, author)
        first = to if to is not Status.WITHDRAWN else Status.PUBLISHED
        row = writing.add(place, text, first, now)
        draft = writing.draft(text, Standing())
        writing.add_revision(row, text, draft, Verdict(Outcome.HOLD, None, findings), now)
        status.move(row, first, _posted(), now)
        if to is Status.WITHDRAWN:
            status.move(row, to, status.Why(Act.WITHDRAW, author), now)
        return row

    return transaction(act)


def many(article: Article, author: User, count: int, **fields: Any) -> list[Comment]:
    """Comments a minute apart, the last of them now."""
    now = clock.now()
    return [
        comment(article, author, f"Number {n}.", at=now - timedelta(minutes=count - n), **fields)
        for n in range(1, count + 1)
    ]


def line(article: Article, author: User, count: int) -> list[Comment]:
    """Comments that answer each other."""
    made = [comment(article, author, "Number 1.")]
    for n in range(2, count + 1):
        made.append(comment(article, author, f"Number {n}.", parent=made[-1]))
    return made


def vote(comment: Comment, value: int, by: User) -> None:
    transaction(lambda: voting.vote(comment, value, by, clock.now()))


def bearer(user: User, site: Site, origin: str | None = None) -> str:
    scope = sessions.Scope(Kind.BEARER, site.id, origin or site.addresses[0])
    return transaction(lambda: sessions.begin(user, scope, clock.now()))


def api_token(user: User) -> str:
    return transaction(lambda: sessions.begin(user, sessions.Scope(Kind.API), clock.now()))


def end_sessions(user: User) -> None:
    transaction(lambda: sessions.end_all(user))


def cookie_token(user: User) -> str:
    return transaction(lambda: sessions.begin(user, sessions.COOKIE, clock.now()))


def reader_of(site: Site, name: str = "Ann") -> User:
    """Somebody whom the publisher signs in."""
    said = Vouched(f"id of {name}", name)
    return transaction(lambda: vouched.met(site.id, said, clock.now()))


def yours(reader: User, site: Site) -> str:
    """Where the widget leads a reader of the publisher's to what is kept of them."""
    session = sessions.find(bearer(reader, site), frozenset({Kind.BEARER}), clock.now())
    assert session
    return urlsplit(addressing.address(session, clock.now()) or "").path


def site_key(site: Site) -> str:
    """The key of a publisher's own program."""
    return transaction(lambda: keys.make(site, "cms", None, clock.now()))


def _posted() -> status.Why:
    return status.Why(Act.POST)


def restate(comment: Comment, to: Status, **why: Any) -> None:
    """Move a comment as a moderator or its author would."""
    act = Act.WITHDRAW if to is Status.WITHDRAWN else Act.REJECT

    def go() -> None:
        status.locked(comment.article_id)
        status.move(
            db.session.get_one(Comment, comment.id), to, status.Why(act, **why), clock.now()
        )

    transaction(go)


def edit(comment: Comment, body: str) -> None:
    """Give a comment another text, as its author would."""
    text = writing.written(body)
    site = db.session.get_one(Site, comment.site_id)
    author = db.session.get_one(User, comment.author_id)
    transaction(
        lambda: posting.edit(
            site, db.session.get_one(Comment, comment.id), author, text, clock.now()
        )
    )


def plans_of(act: Any, verbs: tuple[str, ...] = ("SELECT", "WITH")) -> list[str]:
    """The lines of the plans of all that `act` asks, planned as for large tables."""
    seen: list[tuple[str, Any]] = []

    def note(statement: str, parameters: Any) -> None:
        if statement.lstrip().startswith(verbs):
            seen.append((statement, parameters))

    with sent.noted(note):
        act()
    connection = db.session.connection()
    if connection.dialect.name == "sqlite":
        return [
            str(row[-1])
            for statement, parameters in seen
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    # A test's table fits on a page, which PostgreSQL rightly reads whole, and sorts: not here.
    # Nor as some passing autovacuum has it. This is taken back with the transaction.
    connection.exec_driver_sql("UPDATE pg_class SET reltuples = -1 WHERE relkind IN ('r', 'i')")
    connection.exec_driver_sql("DELETE FROM pg_statistic")
    for way in ("seqscan", "bitmapscan", "sort"):
        connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
    return [
        str(row[0])
        for statement, parameters in seen
        for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
    ]


def passkey(user: User) -> Passkey:
    """A passkey of this person, which no authenticator has."""

    def act() -> Passkey:
        row = Passkey(user_id=user.id, name="Laptop", credential_id="none", sign_count=0)
        row.public_key, row.handle, row.created_at = b"", b"", clock.now()
        db.session.add(row)
        return row

    return transaction(act)


def session(user: User) -> Session:
    """A browser where this person is signed in."""
    token = cookie_token(user)
    return db.session.scalars(
        sa.select(Session).where(Session.token_hash == tokens.hashed(token))
    ).one()


def way(user: User, issuer: str, subject: str = "a-subject") -> Identity:
    """Let this person be known by a provider."""
    row = Identity(
        user_id=user.id, way=Way.OIDC, issuer=issuer, subject=subject, created_at=clock.now()
    )
    transaction(lambda: db.session.add(row))
    return row


def newest() -> Comment:
    return db.session.scalars(sa.select(Comment).order_by(Comment.id.desc()).limit(1)).one()


def earlier() -> None:
    """Let every comment be a minute older, so that the next is not too fast."""

    def act() -> None:
        for row in db.session.scalars(sa.select(Comment)):
            row.created_at -= timedelta(minutes=1)

    transaction(act)


def close(user: User, *, erase: bool = False) -> None:
    """Let somebody leave."""
    transaction(lambda: closing.close(user, erase=erase, now=clock.now()))
