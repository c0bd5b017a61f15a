"""Every event, one line each. Handlers run in the same transaction and only change rows.

A handler may refuse by raising a domain error: then nothing of the whole act is done. Handlers are
connected in `comments/__init__.py`.
"""

from blinker import Namespace

_events = Namespace()

# Sender: the User. `session`: the new Session; `now`.
signed_in = _events.signal("signed-in")

# Sender: the User, whose name or badges are drawn otherwise from now on. `now`.
redrawn = _events.signal("redrawn")

# Sender: the User. `act`: what became of which second factor; `by_id`: who did it, nobody for the
# command line; `now`.
factor_changed = _events.signal("factor-changed")

# Sender: the User, not yet emptied. `erase`: whether the texts of their comments go too; `now`.
account_closed = _events.signal("account-closed")

# Sender: the User, who wants a copy of everything about them. Each handler answers a dict of
# sections, ready for JSON: {"comments": [...], "reports": [...]}.
data_wanted = _events.signal("data-wanted")
