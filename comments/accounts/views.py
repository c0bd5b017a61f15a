"""Pages for people: coming in, going out, and what is theirs."""

from __future__ import annotations

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from comments.accounts import login

accounts = Blueprint("accounts", __name__)


@accounts.post("/sign-out")
def sign_out() -> Response:
    login.sign_out()
    return redirect("/", 303)
