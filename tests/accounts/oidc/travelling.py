"""To a provider and back as a browser goes: by a form, a page that leads on, and an address."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import forms
from tests.conftest import HOST


def set_out(browser: FlaskClient, key: str = "acme", query: str = "") -> str:
    """Press the button; the answer is the provider's address that the page leads on to."""
    token = forms.csrf_of(browser, "/sign-in")
    return onward(browser.post(f"/sign-in/with/{key}{query}", data={"csrf_token": token}))


def onward(page: TestResponse) -> str:
    assert page.status_code == 200, page.text
    found = re.search(r'<meta http-equiv="refresh" content="0;url=([^"]+)">', page.text)
    assert found, page.text
    return html.unescape(found[1])


def come_back(browser: FlaskClient, location: str) -> TestResponse:
    """Follow the provider's redirect, and let the page that it leads to send its form."""
    assert location.startswith(f"{HOST}/")
    page = browser.get(location.removeprefix(HOST))
    assert page.status_code == 200, page.text
    action = re.search(r'action="([^"]+)" data-returned', page.text)
    assert action, page.text
    hidden = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
    return browser.post(
        html.unescape(action[1]), data={name: html.unescape(value) for name, value in hidden}
    )


def asked(url: str) -> dict[str, str]:
    """What stands in the query of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
