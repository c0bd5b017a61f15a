"""Comments and moderation for publishers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask_migrate import Migrate

from comments import (  # noqa: F401
    answers,
    changes,
    cors,
    i18n,
    logs,
    metrics,
    outbox,
    resources,
    routing,
    security,
    tables,
)
from comments.db import db, engine_options, watch
from comments.json_provider import OrjsonProvider
from comments.settings import Settings, read

__version__ = "0.1.0"


class _Service(Flask):
    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Nothing here is a coroutine, so nobody looks at every function in every request."""
        return func


def create_app(settings: Settings | None = None) -> Flask:
    """The service. Raises WrongSettings when the environment is half-configured."""
    settings = settings or read()
    if settings.is_sqlite:
        settings.instance.mkdir(parents=True, exist_ok=True)
    app = _Service(
        __name__,
        template_folder=resources.TEMPLATES,
        instance_path=str(settings.instance),
        static_url_path="/assets",
    )
    app.json = OrjsonProvider(app)
    app.extensions["comments"] = settings
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings.database_url)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    _extensions(app)
    _blueprints(app)
    _handlers()
    _front(app, settings)
    return app


def _extensions(app: Flask) -> None:
    from comments.accounts import login
    from comments.sites import queries as sites
    from comments.widget import watching

    db.init_app(app)
    with app.app_context():
        watch(db.engine)
    changes.init_app(app)
    outbox.init_app(app)
    Migrate(app, db, directory=resources.MIGRATIONS, render_as_batch=True)
    logs.init_app(app)
    metrics.init_app(app)
    i18n.init_app(app)
    routing.init_app(app)
    security.init_app(app)
    cors.init_app(app, sites.knows_origin)
    login.init_app(app)
    answers.init_app(app)
    watching.init_app(app)


def _blueprints(app: Flask) -> None:
    from comments.accounts.factors.views import factors
    from comments.accounts.oidc.views import oidc
    from comments.accounts.views import accounts
    from comments.api.views import api
    from comments.health import health
    from comments.hooks.views import hooks
    from comments.moderation.views import moderation
    from comments.notifications.feed.views import reply_feed
    from comments.notifications.push.views import push
    from comments.notifications.unsent.views import unsent
    from comments.notifications.views import notifications
    from comments.sites.guests.views import guests
    from comments.sites.invitations.views import invitations
    from comments.sites.sso.views import sso
    from comments.sites.views import sites
    from comments.sites.yours.views import yours
    from comments.threads.views import threads
    from comments.widget.views import widget

    for blueprint in (
        *(health, accounts, factors, oidc, sites, guests, invitations, sso, yours),
        *(threads, moderation, notifications, reply_feed, push, unsent, hooks, widget, api),
    ):
        app.register_blueprint(blueprint)


def _handlers() -> None:
    """Who hears which signal."""
    from comments import events, retention, sending
    from comments.accounts import letters
    from comments.accounts import retention as people
    from comments.accounts.factors import listening as factors
    from comments.hooks import delivering, sweeping
    from comments.hooks import listening as hooks
    from comments.moderation import listening as moderation
    from comments.notifications import bundling, hearing, reminders, waiting
    from comments.notifications import letters as notices
    from comments.notifications import listening as notifications
    from comments.notifications import retention as told
    from comments.notifications.push import announcing
    from comments.notifications.push import delivering as pushing
    from comments.sites import listening as sites
    from comments.sites.guests import letters as guests
    from comments.sites.invitations import letters as invitations
    from comments.sites.sso import jwks
    from comments.threads import idle
    from comments.threads import leaving as threads
    from comments.threads import retention as texts

    for domain in (
        *(events, sending, retention, letters, factors, people, sites, guests, invitations, jwks),
        *(threads, texts, idle, moderation),
        *(notifications, hearing, bundling, notices, waiting, reminders, told),
        *(announcing, pushing),
        *(hooks, delivering, sweeping),
    ):
        domain.connect()


def _front(app: Flask, settings: Settings) -> None:
    """What is answered before Flask is asked."""
    from comments.api.forms import ArticlesQuery, CommentsQuery, CountsQuery
    from comments.forms import Form
    from comments.threads.forms import FeedQuery, LatelyQuery
    from comments.widget.asking import reader
    from comments.widget.forms import FragmentQuery
    from comments.widget.lane import Lane, Told
    from comments.widget.versions import Versions

    forms: dict[str, type[Form]] = {
        "/embed/thread": FragmentQuery,
        "/embed/articles": LatelyQuery,
        "/feeds/atom": FeedQuery,
        "/feeds/rss": FeedQuery,
        "/api/v1/articles": ArticlesQuery,
        "/api/v1/comments": CommentsQuery,
        "/api/v1/counts": CountsQuery,
    }
    with app.app_context():
        versions = app.extensions["versions"] = Versions(db.engine)
    readers = {path: reader(path, form) for path, form in forms.items()}
    lane = app.extensions["lane"] = Lane(
        app.wsgi_app,
        readers if settings.cache_mib else {},
        lambda asked: versions.stamp(asked.site, asked.article),
        settings.cache_mib * 2**20,
    )
    app.extensions["metrics"].add(Told(lane))
    app.wsgi_app = lane  # type: ignore[method-assign]
