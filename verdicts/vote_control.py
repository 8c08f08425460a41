"""The control with which a reader votes beside the readers' figure, and what it says the reader has said."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils.cache import patch_cache_control, patch_vary_headers

from tools.models import State, Tool
from voting import guests, stamps


@dataclass(frozen=True, slots=True)
class Control:
    """The vote control of one tool: what the reader says now (1, -1, or 0 for nothing), and where it stands.

    `since` names the break (“version 2”) before which the reader said so. The vote can then be renewed with one click:
    `token` and `stamp` stand in the page, which is made for this reader alone.
    """

    own: int
    path: str
    since: str = ""
    token: str = ""
    stamp: str = ""

    @property
    def words(self) -> str:
        return {1: "You say ship.", -1: "You say skip.", 0: ""}[self.own]

    @property
    def word(self) -> str:
        return "ship" if self.own == 1 else "skip"


def with_controls(request: HttpRequest, tools: Sequence[Tool]) -> None:
    """Give published tools their vote controls. One or two queries for a reader who is known, else none."""
    open_ = [tool for tool in tools if tool.state == State.PUBLISHED]
    own = guests.own_votes(request, [tool.pk for tool in open_])
    nonce = stamps.new_nonce()
    for tool in open_:
        said = own.get(tool.pk)
        control = Control(said.value if said else 0, request.path)
        if said and said.era < getattr(tool, "vote_era", 0):
            label = getattr(tool, "vote_era_label", "")
            control = Control(said.value, request.path, label, get_token(request), stamps.stamp(tool.slug, nonce))
        tool.vote_control = control  # type: ignore[attr-defined]


def for_its_reader(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Keep a page that shows a reader's own votes out of shared caches."""
    if guests.is_known(request):
        patch_cache_control(response, private=True)
        patch_vary_headers(response, ["Cookie"])
    return response
