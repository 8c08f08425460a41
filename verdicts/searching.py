"""How often one network may search: a search is the dearest page there is, and no page of it is kept."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from voting.guarding import Throttle
from voting.network import client_address, network_of

OF_A_NETWORK = Throttle("search", "600/m")  # a lecture hall that looks something up


def too_many(request: HttpRequest) -> HttpResponse | None:
    """Return the answer to a search too many; None for a search that may go on, and for a page that is none."""
    if not request.GET.get("q", "").strip():
        return None
    seconds = OF_A_NETWORK.wait(network_of(client_address(request)))
    if not seconds:
        return None
    response = render(request, "429.html", status=429)
    response["Retry-After"], response["Cache-Control"] = str(seconds), "no-store"
    return response
