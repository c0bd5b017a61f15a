"""Every answer of the API that a test sees is held against the document."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Flask
from openapi_schema_validator import OAS31Validator, oas31_format_checker
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from comments.api import document

PROBLEM = "application/problem+json"


def check(app: Flask, response: TestResponse) -> None:
    request = response.request
    if not request.path.startswith("/api/") or request.method == "OPTIONS":
        return
    rule = _rule(app, response)
    if rule is None:
        assert response.status_code in (404, 405, 413, 429)
        _check_body(app, {"$ref": "#/components/schemas/Problem"}, response)
        return
    answer = _answer(app, rule, response)
    content = answer.get("content")
    if content is None or request.method == "HEAD":
        assert not response.data
        return
    assert response.mimetype in content, f"{response.mimetype} is not in the document"
    _check_body(app, content[response.mimetype]["schema"], response)


def _rule(app: Flask, response: TestResponse) -> Rule | None:
    path, method = response.request.path, response.request.method
    try:
        rule, _arguments = app.url_map.bind("").match(path, method, return_rule=True)
    except (NotFound, MethodNotAllowed):
        return None
    return rule


def _answer(app: Flask, rule: Rule, response: TestResponse) -> Any:
    found = document.document(app.url_map)
    operation = found["paths"][document.path_of(rule)][document.method_of(rule)]
    status = str(response.status_code)
    assert status in operation["responses"], f"{status} is not in the document"
    answer = operation["responses"][status]
    return found["components"]["responses"]["Refusal"] if "$ref" in answer else answer


def _check_body(app: Flask, schema: dict[str, Any], response: TestResponse) -> None:
    if response.mimetype == "text/html":
        assert response.text
        return
    _validator(app, schema["$ref"]).validate(response.json)


@cache
def _validator(app: Flask, ref: str) -> OAS31Validator:
    components = document.document(app.url_map)["components"]
    return OAS31Validator(
        {"$ref": ref, "components": components}, format_checker=oas31_format_checker
    )
