"""Every answer that the API gives to any test or browser is held against the document."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Flask, Response, request
from jsonschema.exceptions import ValidationError
from openapi_schema_validator import OAS31Validator, oas31_format_checker
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Rule

from comments.api import document

PROBLEM = {"$ref": "#/components/schemas/Problem"}


def watch(app: Flask) -> list[str]:
    """Where answers from now on differ from the document; a list that grows."""
    broken: list[str] = []

    def hold(response: Response) -> Response:
        try:
            _check(app, response)
        except (AssertionError, ValidationError) as fault:
            broken.append(f"{request.method} {request.path}: {str(fault).splitlines()[0]}")
        return response

    app.after_request(hold)
    return broken


def _check(app: Flask, response: Response) -> None:
    if not request.path.startswith("/api/") or request.method == "OPTIONS":
        return
    rule = _rule(app)
    if rule is None:
        assert response.status_code in (404, 405, 413, 429)
        _check_body(app, PROBLEM, response)
        return
    content = _answer(app, rule, response).get("content")
    if content is None or request.method == "HEAD":
        return
    assert response.mimetype in content, f"{response.mimetype} is not in the document"
    _check_body(app, content[response.mimetype]["schema"], response)


def _rule(app: Flask) -> Rule | None:
    try:
        rule, _arguments = app.url_map.bind("").match(
            request.path, request.method, return_rule=True
        )
    except (NotFound, MethodNotAllowed):
        return None
    return rule


def _answer(app: Flask, rule: Rule, response: Response) -> Any:
    found = document.document(app.url_map)
    operation = found["paths"][document.path_of(rule)][document.method_of(rule)]
    status = str(response.status_code)
    assert status in operation["responses"], f"{status} is not in the document"
    answer = operation["responses"][status]
    return found["components"]["responses"]["Refusal"] if "$ref" in answer else answer


def _check_body(app: Flask, schema: dict[str, Any], response: Response) -> None:
    if response.mimetype == "text/html":
        assert response.get_data()
        return
    _validator(app, schema["$ref"]).validate(response.get_json())


@cache
def _validator(app: Flask, ref: str) -> OAS31Validator:
    components = document.document(app.url_map)["components"]
    return OAS31Validator(
        {"$ref": ref, "components": components}, format_checker=oas31_format_checker
    )
