from __future__ import annotations

from flask import Flask
from werkzeug.exceptions import TooManyRequests


def test_a_flood_is_told_when_to_come_again(app: Flask) -> None:
    """The coarse limit by address counts by the minute and says nothing itself."""
    with app.test_request_context("/api/v1/comments"):
        response = app.make_response(app.handle_user_exception(TooManyRequests()))
    assert (response.status_code, response.get_json()["code"]) == (429, "too-many")
    assert response.headers["Retry-After"] == "60"
