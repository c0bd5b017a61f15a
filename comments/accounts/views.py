"""Pages for people: coming in, going out, and what is theirs."""

from flask import Blueprint

accounts = Blueprint("accounts", __name__)
