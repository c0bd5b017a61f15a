"""Every event, one line each. Handlers run in the same transaction and only change rows."""

from blinker import Namespace

_events = Namespace()

account_closed = _events.signal("account-closed")  # sender: the User; erase: bool; now
