"""The OpenAPI document, built from the routes, forms and shapes that the calls really use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode
from werkzeug.routing import Map, Rule

import comments
from comments.addresses import LONGEST
from comments.api.asking import key_pattern
from comments.api.calls import CALLS, Call, Who
from comments.api.shapes import Problem

Json = dict[str, Any]

PROBLEM, HTML = "application/problem+json", "text/html"
PLACES = {
    "id": {"type": "string", "pattern": "^[0-9]{1,19}$"},
    "key": {"type": "string", "minLength": 1, "maxLength": LONGEST},
}
SECURITY: dict[Who, list[Json]] = {
    Who.ANYBODY: [],
    Who.READER: [{"bearer": []}],
    Who.STAFF: [{"bearer": []}],
    Who.PUBLISHER: [{"siteKey": []}],
}


@cache
def document(routes: Map) -> Json:
    schemas = _schemas()
    paths: dict[str, Json] = {}
    for rule in routes.iter_rules():
        blueprint, _dot, name = rule.endpoint.partition(".")
        if blueprint == "api":
            paths.setdefault(path_of(rule), {})[method_of(rule)] = _operation(name, rule, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Comments", "version": comments.__version__},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {"Refusal": _refusal()},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "siteKey": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def path_of(rule: Rule) -> str:
    return re.sub(r"<(?:[^>]*:)?(\w+)>", r"{\1}", rule.rule)


def method_of(rule: Rule) -> str:
    (method,) = (rule.methods or set()) - {"HEAD", "OPTIONS"}
    return method.lower()


def _schemas() -> Json:
    """Every form as it is sent, every shape as it is answered."""
    kinds: list[tuple[type, JsonSchemaMode]] = [(Problem, "serialization")]
    for call in CALLS.values():
        kinds += [(kind, "validation") for kind in (call.query, call.body) if kind]
        kinds += [(kind, "serialization") for kind in call.answers.values() if kind]
    inputs: list[tuple[type, JsonSchemaMode, TypeAdapter[Any]]] = [
        (kind, mode, TypeAdapter(kind)) for kind, mode in dict.fromkeys(kinds)
    ]
    _refs, found = TypeAdapter.json_schemas(inputs, ref_template="#/components/schemas/{model}")
    definitions: Json = found["$defs"]
    return definitions


def _operation(name: str, rule: Rule, schemas: Json) -> Json:
    call = CALLS[name]
    operation: Json = {
        "operationId": name,
        "summary": call.summary,
        "security": SECURITY[call.who],
        "parameters": list(_parameters(call, rule, schemas)),
        "responses": _responses(call),
    }
    if call.body:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _ref(call.body)}},
        }
    return operation


def _parameters(call: Call, rule: Rule, schemas: Json) -> Iterator[Json]:
    for name in sorted(rule.arguments):
        yield {"name": name, "in": "path", "required": True, "schema": PLACES[name]}
    if call.query:
        form = schemas[call.query.__name__]
        for name, schema in form["properties"].items():
            required = name in form.get("required", ())
            yield {"name": name, "in": "query", "required": required, "schema": schema}
    if call.key:
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "description": call.key.summary,
            "schema": {"type": "string", "pattern": f"^{key_pattern(call.key.least)}$"},
        }


def _responses(call: Call) -> Json:
    found: Json = {
        str(status): _answer(status, kind, has_html=call.has_html)
        for status, kind in call.answers.items()
    }
    refusal = {"$ref": "#/components/responses/Refusal"}
    return found | {str(status): refusal for status in sorted(call.refused_with)}


def _answer(status: int, kind: type | None, *, has_html: bool) -> Json:
    answer: Json = {"description": HTTPStatus(status).phrase}
    if kind:
        answer["content"] = {"application/json": {"schema": _ref(kind)}}
    if kind and has_html:
        answer["content"][HTML] = {"schema": {"type": "string"}}
    return answer


def _refusal() -> Json:
    return {
        "description": "Refused, and why",
        "content": {
            PROBLEM: {"schema": _ref(Problem)},
            HTML: {"schema": {"type": "string"}},
        },
    }


def _ref(kind: type) -> Json:
    return {"$ref": f"#/components/schemas/{kind.__name__}"}
