"""What a provider may answer that is not believed, each with a sentence and nothing half made."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import ECKey, OctKey, RSAKey
from werkzeug.test import TestResponse
from werkzeug.wrappers import Request, Response

from comments import clock, outward
from comments.accounts.models import Identity, User
from comments.accounts.oidc import login, providers
from comments.db import db
from comments.settings import Provider
from tests import forms, oidc_provider
from tests.accounts.oidc import liar as liars
from tests.accounts.oidc.liar import KEY, Liar, said
from tests.accounts.oidc.travelling import come_back, onward, set_out
from tests.conftest import HOST, Cast

STRANGE = RSAKey.generate_key(2048, {"kid": "one"})
UNRELIED = "can&#39;t be relied on"
UNREACHED = "can&#39;t be reached"


@pytest.fixture(scope="module")
def new_liar() -> Iterator[Callable[[], Liar]]:
    with liars.serving() as make:
        yield make


@pytest.fixture
def liar(app: Flask, new_liar: Callable[[], Liar]) -> Iterator[Liar]:
    made = new_liar()
    with oidc_provider.offered(app, acme=oidc_provider.configured("Acme", made.url)):
        yield made


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    return app.test_client()


def tried(browser: FlaskClient, liar: Liar, **more: str) -> TestResponse:
    return come_back(browser, liar.lets_in(set_out(browser), **more))


def pressed(browser: FlaskClient) -> TestResponse:
    """The button, where it leads to nothing."""
    token = forms.csrf_of(browser, "/sign-in")
    return browser.post("/sign-in/with/acme?next=/mine", data={"csrf_token": token})


def is_refused(answer: TestResponse, status: int, words: str) -> None:
    """On the sign-in page, with a sentence, and nothing was made."""
    assert answer.status_code == status, answer.text
    assert words in answer.text
    assert 'action="/sign-in' in answer.text
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(User)) == 0
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Identity)) == 0


def test_an_honest_answer_is_believed(browser: FlaskClient, liar: Liar) -> None:
    """Or nothing below would be worth anything."""
    answer = tried(browser, liar, iss=liar.url, session_state="x", scope="openid")
    assert (answer.status_code, answer.location) == (303, "/sign-up/with/acme?next=/")
    (asked,) = liar.visited("/token")
    body = {name: each[0] for name, each in parse_qs(asked.get_data(as_text=True)).items()}
    assert body["redirect_uri"] == f"{HOST}/sign-in/with/acme/callback"
    assert liars.challenge(body["code_verifier"]) == liar.seen["code_challenge"]
    assert asked.authorization is not None
    assert (asked.authorization.username, asked.authorization.password) == ("comments", "shh")
    assert not any("Cookie" in each.headers for each in liar.visits)


def test_a_secret_goes_in_the_form_where_that_is_taken(browser: FlaskClient, liar: Liar) -> None:
    """What is special in it needs no agreement on how to write it there."""
    liar.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    assert tried(browser, liar).status_code == 303
    (asked,) = liar.visited("/token")
    assert "client_secret=shh" in asked.get_data(as_text=True)
    assert asked.authorization is None


NOW = int(time.time())
WRONG_CLAIMS: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://accounts.example"},
    "no issuer": {"iss": None},
    "another audience": {"aud": "somebody-else"},
    "another audience, for our sake": {"aud": "somebody-else", "azp": "comments"},
    "others as well, and not for us": {"aud": ["comments", "other"], "azp": "other"},
    "others as well, for nobody": {"aud": ["comments", "other"]},
    "no audience": {"aud": None},
    "another nonce": {"nonce": "x" * 43},
    "no nonce": {"nonce": None},
    "over": {"exp": NOW - 3600, "iat": NOW - 7200},
    "never over": {"exp": None},
    "not yet made": {"iat": NOW + 3600},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a number for a subject": {"sub": 7},
    "a long subject": {"sub": "x" * 256},
    "a broken subject": {"sub": "a\0b"},
    "another access token": {"at_hash": "x" * 22},
}


@pytest.mark.parametrize("claims", WRONG_CLAIMS.values(), ids=WRONG_CLAIMS)
def test_a_token_for_others_or_of_others_is_refused(
    browser: FlaskClient, liar: Liar, claims: dict[str, Any]
) -> None:
    liar.claims = claims
    is_refused(tried(browser, liar), 502, UNRELIED)


def by_a_stranger(liar: Liar) -> None:
    liar.signs_with = STRANGE


def by_our_secret(liar: Liar) -> None:
    liar.signs_with, liar.header = OctKey.import_key("shh" * 20), {"alg": "HS256", "kid": "one"}
    liar.keys = [OctKey.import_key("shh" * 20, {"kid": "one"}), KEY]


def by_the_public_key(liar: Liar) -> None:
    pem = KEY.as_pem(private=False)
    liar.signs_with = OctKey.import_key(pem.replace(b"-----", b"====="))
    liar.header = {"alg": "HS256", "kid": "one"}


def by_nobody(liar: Liar) -> None:
    liar.signs_with, liar.header = OctKey.import_key("x" * 40), {"alg": "none"}


def by_another_kind(liar: Liar) -> None:
    liar.signs_with = ECKey.generate_key("P-256", {"kid": "one"})
    liar.header = {"alg": "ES256", "kid": "one"}


def by_a_key_of_its_own(liar: Liar) -> None:
    jwk = STRANGE.as_dict(private=False)
    liar.signs_with, liar.header = STRANGE, {"alg": "RS256", "kid": "two", "jwk": jwk}


def by_something_critical(liar: Liar) -> None:
    liar.header = {"alg": "RS256", "kid": "one", "crit": ["more"], "more": 1}


FORGERIES = (
    by_a_stranger, by_our_secret, by_the_public_key, by_nobody, by_another_kind,
    by_a_key_of_its_own, by_something_critical,
)  # fmt: skip


@pytest.mark.parametrize("forge", FORGERIES)
def test_a_forged_token_is_refused(
    browser: FlaskClient, liar: Liar, forge: Callable[[Liar], None]
) -> None:
    forge(liar)
    is_refused(tried(browser, liar), 502, UNRELIED)


@pytest.mark.parametrize(
    "token",
    [
        {"id_token": None}, {"id_token": 7}, {"id_token": "a.b.c"}, {"id_token": "x" * 9000},
        {"error": "invalid_grant"}, {"error": {"no": "text"}}, {"expires_in": "soon"},
    ],
)  # fmt: skip
def test_an_answer_without_a_token_is_refused(
    browser: FlaskClient, liar: Liar, token: dict[str, Any]
) -> None:
    liar.token = token
    is_refused(tried(browser, liar), 502, UNRELIED)


BROKEN: dict[str, tuple[Callable[[Request], Response], int]] = {
    "no JSON": (lambda _r: Response("hello"), 502),
    "a list": (lambda _r: said([1]), 502),
    "too deep": (lambda _r: Response("[" * 60_000), 502),
    "not in Unicode": (lambda _r: Response(b"\xff\xfe\xff"), 502),
    "too much": (lambda _r: Response(b'"' + b"x" * outward.MOST), 503),
    "a redirect": (lambda _r: Response("", 302, {"Location": "http://127.0.0.1:1/"}), 503),
    "an error": (lambda _r: Response("{}", 500), 503),
    "too many": (lambda _r: Response("{}", 429), 503),
}


@pytest.mark.parametrize(("answer", "status"), BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
def test_a_broken_answer_is_refused(
    browser: FlaskClient,
    liar: Liar,
    path: str,
    answer: Callable[[Request], Response],
    status: int,
) -> None:
    liar.answers[path] = answer
    answered = pressed(browser) if path.startswith("/.well") else tried(browser, liar)
    if path == "/token" and answered.status_code == 502:
        status = 502  # whatever is no token
    is_refused(answered, status, UNRELIED if status == 502 else UNREACHED)


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://accounts.example"}, {"issuer": None}, {"token_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"}, {"authorization_endpoint": "/authorize"},
        {"authorization_endpoint": "https://accounts.example/\"><script>"}, {"jwks_uri": 7},
        {"jwks_uri": "file:///etc/passwd"}, {"token_endpoint": "https://user:word@acme.example/"},
    ],
)  # fmt: skip
def test_a_provider_that_describes_itself_wrongly_is_refused(
    browser: FlaskClient, liar: Liar, metadata: dict[str, Any]
) -> None:
    liar.metadata = metadata
    answer = pressed(browser)
    if "script" in str(metadata):
        assert "<script>" not in answer.text.replace('<script src="/assets/', "")
    else:
        is_refused(answer, 502, UNRELIED)


@pytest.mark.parametrize("place", ["jwks_uri", "token_endpoint", "userinfo_endpoint"])
@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1:1/x", "https://169.254.169.254/x", "http://10.0.0.1/x", "http://[::1]:1/x"],
)
def test_a_provider_leads_nowhere_else(
    browser: FlaskClient, liar: Liar, place: str, url: str
) -> None:
    liar.metadata = {place: url}
    is_refused(tried(browser, liar), 503, UNREACHED)


def test_a_private_host_is_asked_where_the_operator_named_it() -> None:
    """And only that one, and never what no machine answers at."""
    inside = Provider(
        name="Inside", issuer="https://login.inside.example", client_id="c", client_secret="s"
    )
    own = providers._reach(inside, "https://login.inside.example/token")
    for text, allowed in [("10.1.2.3", True), ("127.0.0.1", True), ("169.254.169.254", False)]:
        assert own.allows(outward.ipaddress.ip_address(text)) is allowed
    other = providers._reach(inside, "https://elsewhere.example/keys")
    assert not other.allows(outward.ipaddress.ip_address("10.1.2.3"))
    assert (own.scheme, other.scheme) == ("https", "https")


def test_a_provider_that_is_down_is_told_of(app: Flask, browser: FlaskClient, cast: Cast) -> None:
    gone = oidc_provider.configured("Acme", "http://127.0.0.1:1")
    with oidc_provider.offered(app, acme=gone):
        answer = pressed(browser)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert UNREACHED in answer.text
    assert "/sign-up?next=/mine" in answer.text


def test_a_provider_that_does_not_answer_holds_up_only_so_many(
    browser: FlaskClient, liar: Liar
) -> None:
    for _ in range(providers.AT_ONCE):
        assert providers._turns.acquire(blocking=False)
    try:
        is_refused(pressed(browser), 503, UNREACHED)
    finally:
        for _ in range(providers.AT_ONCE):
            providers._turns.release()
    assert liar.visits == []


def test_nobody_holds_a_connection_while_a_provider_is_asked(
    app: Flask, browser: FlaskClient, liar: Liar, cast: Cast
) -> None:
    held: list[int] = []
    pool: Any = db.engine.pool

    def honest(path: str) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            held.append(pool.checkedout())
            own = {"/keys": liar._keys, "/token": liar._token}
            return own.get(path, liar._metadata)(request)

        return answer

    for path in ("/.well-known/openid-configuration", "/keys", "/token"):
        liar.answers[path] = honest(path)
    db.session.remove()
    before = pool.checkedout()
    location = liar.lets_in(set_out(browser, query="?site=gazette"))
    db.session.remove()
    assert come_back(browser, location).status_code == 303
    assert held == [before] * 3


# State


@pytest.mark.parametrize(
    "query",
    ["", "?code=a-code", "?code=a-code&state=", f"?code=a-code&state={'x' * 43}", "?error=%3Cb%3E"],
)
def test_a_way_back_from_nowhere_is_refused(browser: FlaskClient, liar: Liar, query: str) -> None:
    set_out(browser)
    is_refused(
        come_back(browser, f"{HOST}/sign-in/with/acme/callback{query}"), 403, "Please begin again."
    )
    assert liar.visited("/token") == []


def test_a_way_back_in_another_browser_is_refused(
    app: Flask, browser: FlaskClient, liar: Liar
) -> None:
    """Or somebody could sign others in as themselves."""
    location = liar.lets_in(set_out(browser))
    is_refused(come_back(app.test_client(), location), 403, "Please begin again.")
    assert liar.visited("/token") == []


def test_a_way_back_by_another_provider_is_refused(
    app: Flask, browser: FlaskClient, liar: Liar, provider: oidc_provider.Running
) -> None:
    both = {
        "acme": oidc_provider.configured("Acme", liar.url),
        "other": oidc_provider.configured("Other", provider.issuer),
    }
    with oidc_provider.offered(app, **both):
        location = liar.lets_in(set_out(browser)).replace("/acme/", "/other/")
        is_refused(come_back(browser, location), 403, "Please begin again.")


def test_a_journey_takes_a_quarter_of_an_hour_at_most(
    browser: FlaskClient, liar: Liar, frozen: Any
) -> None:
    location = liar.lets_in(set_out(browser))
    clock.freeze(frozen + timedelta(minutes=16))
    is_refused(come_back(browser, location), 403, "took too long")


def test_another_issuer_may_not_answer(browser: FlaskClient, liar: Liar) -> None:
    is_refused(tried(browser, liar, iss="https://accounts.example"), 502, UNRELIED)


def test_a_provider_that_promised_to_name_itself_must(browser: FlaskClient, liar: Liar) -> None:
    liar.metadata = {"authorization_response_iss_parameter_supported": True}
    is_refused(tried(browser, liar), 502, UNRELIED)


def test_an_error_of_the_provider_is_told_without_its_words(
    browser: FlaskClient, liar: Liar
) -> None:
    answer = tried(browser, liar, error="server_error", error_description="Call 555-0100!")
    is_refused(answer, 502, UNRELIED)
    assert "555" not in answer.text


def test_a_form_from_elsewhere_sets_nobody_out(browser: FlaskClient, liar: Liar) -> None:
    assert browser.post("/sign-in/with/acme").status_code == 403
    assert liar.visits == []


def test_a_provider_that_is_not_offered_is_nowhere(browser: FlaskClient, liar: Liar) -> None:
    token = forms.csrf_of(browser, "/sign-in")
    for path in ("/sign-in/with/other", "/sign-in/with/other/callback", "/sign-up/with/other"):
        assert browser.post(path, data={"csrf_token": token}).status_code == 404


def test_nobody_becomes_somebody_without_having_been_there(
    browser: FlaskClient, liar: Liar
) -> None:
    token = forms.csrf_of(browser, "/sign-in")
    answer = browser.post("/sign-up/with/acme", data={"csrf_token": token, "name": "Sly"})
    is_refused(answer, 403, "Please begin again.")


def test_asking_a_provider_is_limited(browser: FlaskClient, liar: Liar, frozen: Any) -> None:
    for _ in range(login.ASKED.times):
        set_out(browser)
    answer = pressed(browser)
    is_refused(answer, 429, "Too many tries.")
    assert int(answer.headers["Retry-After"]) > 0


# What is remembered of a provider


def test_a_provider_is_asked_who_it_is_once(browser: FlaskClient, liar: Liar) -> None:
    for _ in range(3):
        assert tried(browser, liar).status_code == 303
    assert len(liar.visited("/.well-known/openid-configuration")) == 1
    assert len(liar.visited("/keys")) == 1


def test_a_new_key_is_looked_for_but_not_at_every_token(
    browser: FlaskClient, liar: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tried(browser, liar).status_code == 303
    new = RSAKey.generate_key(2048, {"kid": "two"})
    liar.keys, liar.signs_with, liar.header = [new], new, {"alg": "RS256", "kid": "two"}
    assert tried(browser, liar).status_code == 502
    assert len(liar.visited("/keys")) == 1
    monkeypatch.setattr(providers, "SOONEST", -1.0)
    assert tried(browser, liar).status_code == 303
    assert len(liar.visited("/keys")) == 2


def test_keys_for_other_purposes_are_passed_over(browser: FlaskClient, liar: Liar) -> None:
    odd: list[Any] = [
        None, 7, {}, {"kty": "RSA"}, {"kty": ["RSA"]}, {"kty": "OKP", "crv": "X25519", "x": "AA"},
        {**KEY.as_dict(private=False), "use": "enc"}, {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {**STRANGE.as_dict(private=True)},
    ]  # fmt: skip
    mine = KEY.as_dict(private=False)
    liar.answers["/keys"] = lambda _request: said({"keys": [*odd, mine]})
    assert tried(browser, liar).status_code == 303


# What else is told of somebody


def test_name_and_address_come_from_where_the_provider_tells_them(
    browser: FlaskClient, liar: Liar
) -> None:
    liar.claims = {"name": None}
    liar.metadata = {"userinfo_endpoint": f"{liar.url}/me"}
    told = {"sub": "wren", "name": "Jenny", "email": "j@example.com", "email_verified": True}
    liar.answers["/me"] = lambda _request: said(told)
    page = browser.get(tried(browser, liar).location).text
    assert 'value="Jenny"' in page
    assert "j@example.com" in page
    (asked,) = liar.visited("/me")
    assert asked.headers["Authorization"] == "Bearer at"


def test_an_address_and_its_confirmation_are_not_put_together(
    browser: FlaskClient, liar: Liar
) -> None:
    liar.claims = {"email": "j@example.com", "email_verified": True, "name": None}
    liar.metadata = {"userinfo_endpoint": f"{liar.url}/me"}
    liar.answers["/me"] = lambda _request: said({"sub": "wren", "email": "other@example.com"})
    page = browser.get(tried(browser, liar).location).text
    assert "@example.com" not in page


def test_what_is_told_of_somebody_else_is_refused(browser: FlaskClient, liar: Liar) -> None:
    liar.metadata = {"userinfo_endpoint": f"{liar.url}/me"}
    liar.answers["/me"] = lambda _request: said({"sub": "robin", "name": "Robin"})
    is_refused(tried(browser, liar), 502, UNRELIED)


def test_nothing_that_a_provider_tells_is_markup(browser: FlaskClient, liar: Liar) -> None:
    liar.claims = {"name": "<b>W</b>", "email": '"<i>"@example.com', "email_verified": True}
    page = browser.get(tried(browser, liar).location).text
    assert "<b>" not in page
    assert "<i>" not in page


def test_no_secret_is_logged(
    browser: FlaskClient, liar: Liar, capsys: pytest.CaptureFixture[str]
) -> None:
    liar.claims = {"nonce": "other"}
    tried(browser, liar)
    logged = capsys.readouterr().err
    why = [json.loads(line) for line in logged.splitlines() if "provider failed" in line]
    assert [each["why"] for each in why] == ["ID token: InvalidClaimError nonce"]
    for secret in ("a-code", "shh", liar.seen["state"], liar.seen["nonce"]):
        assert not re.search(rf"\b{re.escape(secret)}\b", logged)


def test_a_faulty_page_is_refused_while_linking_too(
    as_: Callable[[User | None], FlaskClient], cast: Cast, liar: Liar
) -> None:
    browser = as_(cast.rae)
    url = onward(forms.send(browser, "/account/ways/with/acme"))
    liar.claims = {"nonce": "other"}
    answer = come_back(browser, liar.lets_in(url))
    assert answer.status_code == 502
    assert UNRELIED in answer.text
    assert "Ways to sign in" in answer.text
