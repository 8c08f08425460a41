"""The documentation page: made from the OpenAPI document, with nothing that runs in the browser."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from config.api.document import parsed
from config.api.samples import as_curl, as_python


@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    context = {
        "version": parsed()["info"]["version"],
        "operations": _operations(),
        "site_url": settings.SITE_URL,
        "reads": settings.API_READS_PER_MINUTE,
        "writes": settings.API_WRITES_PER_MINUTE,
        "canonical_url": settings.SITE_URL + request.path,
    }
    return render(request, "api_docs.html", context)


def _operations() -> list[dict[str, Any]]:
    """Return what can be asked, with its parameters, in the order of the document."""
    return [
        _told(path, method.upper(), operation)
        for path, methods in parsed()["paths"].items()
        for method, operation in methods.items()
    ]


def _told(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    name = operation["operationId"]
    is_private = {"session": []} in operation["security"]
    return {
        "id": name,
        "method": method,
        "path": path,
        "curl": as_curl(name, method, path, settings.SITE_URL, is_private=is_private),
        "python": as_python(name, method, path),
        "text": operation.get("description", ""),
        "parameters": [
            {"name": it["name"], "description": _words(it["schema"] | {k: it[k] for k in ("description",) if k in it})}
            for it in operation.get("parameters", [])
            if it["in"] == "query"
        ],
        "fields": _fields(operation),
    }


def _fields(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the fields of the body that is sent along."""
    if "requestBody" not in operation:
        return []
    reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    schema = parsed()["components"]["schemas"][reference.rpartition("/")[2]]
    required = schema.get("required", [])
    return [
        {"name": name, "description": _words(it), "is_required": name in required}
        for name, it in schema["properties"].items()
    ]


def _words(schema: dict[str, Any]) -> str:
    """Return what a field may hold: what it says of itself, and its choices."""
    several = [schema, *schema.get("oneOf", []), *schema.get("allOf", [])]
    kinds = [parsed()["components"]["schemas"][it["$ref"].rpartition("/")[2]] for it in several if "$ref" in it]
    choices = [choice for it in [schema, *kinds] for choice in it.get("enum", []) if choice]
    told = [schema.get("description", "").rstrip(".")] if schema.get("description") else []
    if choices:
        told.append(f"One of {', '.join(choices)}")
    elif schema.get("format") == "date":
        told.append("A day, such as 2026-11-24")
    elif not told:
        told.append(f"Text of {schema['maxLength']} characters at most" if "maxLength" in schema else "Text")
    return ". ".join(told) + "."
