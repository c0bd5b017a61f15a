"""What is said of people's roles."""

from __future__ import annotations

from flask_babel import gettext as _

from comments.sites.models import Role


def powers(role: Role) -> str:
    """What a role is called, and what it lets somebody do."""
    return {
        Role.OWNER: _("Owner: everything, and makes other owners"),
        Role.ADMIN: _("Admin: moderates, and changes settings, members and keys"),
        Role.MODERATOR: _("Moderator: decides on comments, articles and sanctions"),
        Role.STAFF: _("Staff: writes with a badge, and nothing waits"),
    }[role]
