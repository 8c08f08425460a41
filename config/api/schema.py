"""The OpenAPI document: what a view declares about itself, told by drf-spectacular."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from config.api.errors import ErrorRepresentation
from config.api.samples import SAMPLES, Sample
from tools import slugs
from tools.api.params import Body
from tools.api.views import DetailView, ListView, ReadView, Representation

REFUSALS = {
    "400": "The request makes no sense; `errors` names each parameter or field.",
    "401": "The token is unknown, expired or revoked.",
    "403": "Not allowed to this caller.",
    "404": "Nothing here that readers may see.",
    "406": "Only JSON is spoken here.",
    "409": "Somebody else has saved the same thing meanwhile.",
    "415": "The body has to be JSON.",
    "422": "It reads as it should, but breaks a rule; `errors` names the parameters or fields.",
    "428": "Very many ask just now: the solution of `work` has to come along.",
    "429": "Too many requests; `Retry-After` says when to ask again.",
    "500": "A fault of ours.",
    "503": "The database is away.",
}
# As `tools.slugs.is_valid` has it: a slug never has `vs` for a word, and some are reserved.
SLUG = rf"^(?!({'|'.join(sorted(slugs.RESERVED))})$)(?!vs(-|$))(?!.*-vs(-|$))[a-z0-9]+(-[a-z0-9]+)*$"
EXAMPLES = Path(__file__).parent / "examples.json"


class TokenScheme(OpenApiAuthenticationExtension):
    """How a program says who it acts for."""

    target_class = "voting.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class NamesSchema(OpenApiSerializerFieldExtension):
    """The names that there are, so that whoever reads the description need not guess."""

    target_class = "tools.api.params.NamesField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {"type": "string", "maxLength": 600, "pattern": self.target.pattern}


class StrictSchema(OpenApiSerializerFieldExtension):
    """Text with its pattern, where there is one."""

    target_class = "tools.api.params.StrictField"
    match_subclasses = True
    priority = -1

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        field = self.target
        least = {} if field.allow_blank else {"minLength": 1}
        told = {"maxLength": field.max_length, "pattern": field.pattern}
        return {"type": "string", **least, **{name: value for name, value in told.items() if value}}


class CellsSchema(OpenApiSerializerFieldExtension):
    """A list some of whose places are empty."""

    target_class = "verdicts.api.comparison.CellsField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        cell = auto_schema.resolve_serializer(self.target.child, direction)
        return {"type": "array", "items": {"oneOf": [cell.ref, {"type": "null"}]}}


class DaySchema(OpenApiSerializerFieldExtension):
    """A day, with the months that have 31."""

    target_class = "tools.api.params.DayField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {"type": "string", "format": "date", "pattern": self.target.PATTERN}


class SlugSchema(OpenApiSerializerFieldExtension):
    """What a slug looks like."""

    target_class = "tools.api.params.SlugField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {"type": "string", "maxLength": slugs.MAX_LENGTH, "pattern": SLUG}


class SessionScheme(OpenApiAuthenticationExtension):
    """How a browser says who it is: with the header that names the CSRF token, where something is changed."""

    target_class = "voting.authentication.BrowserAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "session",
            "description": "The cookie of a signed-in reader. What changes something needs the header `X-CSRFToken`, too: "
            "its value comes with that header of the answer to `GET /api/v1/votes/`. "
            "The cookie is called `__Host-session` on a site with https.",
        }


class ApiSchema(AutoSchema):
    """Reads what our views say of themselves, so that nothing is said twice."""

    view: Any

    def get_operation_id(self) -> str:
        names = self.view.name
        return names[self.method] if isinstance(names, dict) else names

    def get_tags(self) -> list[str]:
        return [self.view.tag]

    def get_auth(self) -> list[dict[str, Any]]:
        """Nobody has to say who they are, except where they must."""
        return super().get_auth() + ([] if self.view.is_closed else [{}])

    def get_override_parameters(self) -> list[Any]:
        if self.method != "GET":
            return []
        return [self.view.query_class] if self.view.query_class._declared_fields else []

    def get_filter_backends(self) -> list[Any]:
        return []

    def _get_paginator(self) -> Any:
        from config.api.paging import CursorPages

        return CursorPages() if isinstance(self.view, ListView) and self.method == "GET" else None

    def _get_pagination_parameters(self) -> list[Any]:
        return []

    def _is_list_view(self, serializer: Any = None) -> bool:
        return isinstance(self.view, ListView) and self.method == "GET"

    def get_request_serializer(self) -> Any:
        return self.view.bodies.get(self.method)

    def get_response_serializers(self) -> Any:
        if isinstance(self.view, ReadView) and self.method == "GET":
            return {"200": self.view.representation}
        return getattr(self.view, "answers", {}).get(self.method, {})

    def _get_serializer_name(self, serializer: Any, direction: Any, bypass_extensions: bool = False) -> str:
        return super()._get_serializer_name(serializer, direction, bypass_extensions).removesuffix("Representation")

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        if isinstance(self.view, ReadView) and self.view.is_kept and self.method == "GET":
            bodies["304"] = {"description": "Unchanged since the answer whose ETag or date was sent along."}
            if isinstance(self.view, DetailView) and "{" in self.path:
                bodies["301"] = {"description": "It has another address now, in `Location`."}
        codes = {"400", "401", "406", "429", "500", "503"}
        if self._get_paginator():
            codes.add("422")
        if "{" in self.path:
            codes.add("404")
        if self.method != "GET" or self.view.is_closed:
            codes |= {"403"}
        if self.method in {"POST", "PUT", "PATCH"}:
            codes |= {"415", "422"}
        if self.method == "POST" and not self.view.is_closed:
            codes.add("428")
        if self.method != "GET" and getattr(self.view, "can_conflict", False):
            codes |= {"409"}
        for code in sorted(codes):
            told = OpenApiResponse(ErrorRepresentation, description=REFUSALS[code])
            bodies[code] = self._get_response_for_code(told, code)
        return dict(sorted(bodies.items()))


def with_examples(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Add what the sample site answers, and say which properties a sparse answer may lack."""
    for operations in result["paths"].values():
        for operation in operations.values():
            if example := examples().get(operation["operationId"]):
                _exemplify(operation, example)
    schemas = result["components"]["schemas"]
    for body in _below(Body):
        if body.__name__ in schemas:
            schemas[body.__name__]["additionalProperties"] = False
    for representation in _sparse(Representation):
        schema = schemas.get(representation.__name__.removesuffix("Representation"))
        if schema and "required" in schema:
            schema["required"] = [name for name in schema["required"] if name in representation.ALWAYS]
            if not schema["required"]:
                del schema["required"]
    return result


def _exemplify(operation: dict[str, Any], example: dict[str, Any]) -> None:
    """Give an operation one example of its names, its body and its answer."""
    names = SAMPLES.get(operation["operationId"], Sample()).names
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            parameter["example"] = names[parameter["name"]]
    for code in ("200", "201", "202"):
        content = operation["responses"].get(code, {}).get("content", {}).get("application/json")
        if content:
            content["examples"] = {"sample": {"summary": example["request"], "value": example["answer"]}}
    if example["body"]:
        operation["requestBody"]["content"]["application/json"]["example"] = example["body"]


def _below(kind: type) -> list[type]:
    return [below for child in list[type](kind.__subclasses__()) for below in [child, *_below(child)]]


def _sparse(root: type) -> list[Any]:
    """Return the representations whose fields callers may choose."""
    found: list[Any] = []
    kind: type
    for kind in root.__subclasses__():
        found += ([kind] if kind in _outermost() else []) + _sparse(kind)
    return found


def _outermost() -> set[Any]:
    kinds: set[Any] = set()
    todo: list[type] = [ReadView]
    while todo:
        view = todo.pop()
        todo += view.__subclasses__()
        if "fields" in getattr(view, "query_class").__dict__.get("_declared_fields", {}):  # noqa: B009
            kinds.add(view.representation)  # type: ignore[attr-defined]
    return kinds


@cache
def examples() -> dict[str, Any]:
    return json.loads(EXAMPLES.read_text(encoding="utf-8")) if EXAMPLES.exists() else {}


__all__ = ["ApiSchema", "OpenApiParameter", "with_examples"]
