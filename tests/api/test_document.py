from __future__ import annotations

from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator

from comments.api import document
from comments.api.calls import CALLS
from tests.api.conftest import Call


def test_the_document_is_valid_and_served(call: Call) -> None:
    response = call("GET", "/openapi.json")
    assert response.status_code == 200
    assert response.headers["Cache-Control"].startswith("public")
    assert list(OpenAPIV31SpecValidator(response.json).iter_errors()) == []


def test_every_call_is_in_it_and_nothing_else(app: Flask) -> None:
    routes = {
        (document.path_of(rule), document.method_of(rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
    }
    found = document.document(app.url_map)
    described = {(path, method) for path, calls in found["paths"].items() for method in calls}
    assert routes == described
    assert len(CALLS) == len(routes)


def test_names_are_plain_and_the_trap_is_no_secret_told(call: Call) -> None:
    """Two classes of one name would be told apart by the path of their module."""
    found = call("GET", "/openapi.json").json
    assert not [name for name in found["components"]["schemas"] if "__" in name]
    assert "website" not in call("GET", "/openapi.json").text


def test_it_says_whose_token_each_call_takes(call: Call) -> None:
    paths = call("GET", "/openapi.json").json["paths"]
    assert paths["/api/v1/comments"]["get"]["security"] == []
    assert paths["/api/v1/comments"]["post"]["security"] == [{"bearer": []}]
    assert paths["/api/v1/articles/{key}"]["put"]["security"] == [{"siteKey": []}]
