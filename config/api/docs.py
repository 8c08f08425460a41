"""The documentation page: made from the OpenAPI document, with nothing that runs in the browser."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from config.api.document import parsed

# Rows of the sample site, so that whoever copies a line there sees it answer.
SAMPLES = {
    "/categories/": {"slug": "coding-assistants"},
    "/comparisons/": {"slug": "claude-files-api-vs-smolvlm2-turbo"},
    "/reviewers/": {"slug": "skeptic"},
    "/tools/": {"slug": "claude-code"},
    "/verdicts/": {"tool": "claude-code", "reviewer": "skeptic"},
}


@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    context = {
        "version": parsed()["info"]["version"],
        "operations": _operations(),
        "site_url": settings.SITE_URL,
        "reads": settings.API_READS_PER_MINUTE,
        "canonical_url": settings.SITE_URL + request.path,
    }
    return render(request, "api_docs.html", context)


def _operations() -> list[dict[str, Any]]:
    """Return what can be asked, with its parameters, in the order of the document."""
    return [
        {
            "id": operation["operationId"],
            "method": method.upper(),
            "path": path,
            "sample": _sample(path),
            "text": operation.get("description", ""),
            "parameters": [it for it in operation.get("parameters", []) if it["in"] == "query"],
        }
        for path, methods in parsed()["paths"].items()
        for method, operation in methods.items()
    ]


def _sample(path: str) -> str:
    """Return the path with an example in place of each name in braces."""
    named = next((values for part, values in SAMPLES.items() if part in path), {})
    return path.format(**named)
