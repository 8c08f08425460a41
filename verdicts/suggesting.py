"""Suggestions while a name is being typed: for our own search box, and for those of browsers."""

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from tools import search
from tools.models import Tool
from tools.text import clean_line
from voting.guarding import Throttle
from voting.network import client_address, network_of

KEPT_SECONDS = 300
MOST_LETTERS = 60
OF_A_NETWORK = Throttle("suggest", "1200/m")  # a lecture hall that types


@require_safe
def suggest(request: HttpRequest) -> JsonResponse:
    """Return what was typed, then names, what the tools do, and their addresses: the format of OpenSearch suggestions.

    Source: OpenSearch Suggestions 1.1, https://github.com/dewitt/opensearch.
    """
    if seconds := OF_A_NETWORK.wait(network_of(client_address(request))):
        refusal = JsonResponse({"detail": "Too many suggestions at once."}, status=429)
        refusal["Retry-After"], refusal["Cache-Control"] = str(seconds), "no-store"
        return refusal
    typed = clean_line(request.GET.get("q", ""))[:MOST_LETTERS]
    keys = search.suggest(typed).keys
    by_pk = Tool.objects.public().only("name", "slug", "tagline").in_bulk(keys)
    tools = [by_pk[key] for key in keys if key in by_pk]
    columns = [[tool.name for tool in tools], [tool.tagline for tool in tools]]
    urls = [settings.SITE_URL + tool.get_absolute_url() for tool in tools]
    answer = JsonResponse([typed, *columns, urls], safe=False, content_type="application/x-suggestions+json")
    answer["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    return answer
