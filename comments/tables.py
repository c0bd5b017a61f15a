"""Every table, in one place, so that none is missing when the database is made or compared."""

from comments import audit, limits, outbox
from comments.accounts import models as accounts
from comments.accounts.factors import models as factors
from comments.hooks import models as hooks
from comments.moderation import models as moderation
from comments.notifications import models as notifications
from comments.sites import models as sites
from comments.sites.sso import models as sso
from comments.threads import models as threads

MODULES = (
    *(audit, limits, outbox, accounts, factors, sites, sso),
    *(threads, moderation, notifications, hooks),
)
