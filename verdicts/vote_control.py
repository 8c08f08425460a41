"""The control with which a reader votes beside the readers' figure, and what it says the reader has said."""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.cache import patch_cache_control, patch_vary_headers

from tools.models import State, Tool
from tools.models.tool import Named
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


class Votable(NamedTuple):
    """A tool that readers can vote on, as far as its control goes."""

    pk: int
    named: Named
    era: int
    era_label: str


def votable(tool: Tool) -> Votable | None:
    """Return what the control of a tool needs to know; None where nobody can vote."""
    if tool.state != State.PUBLISHED:
        return None
    return Votable(tool.pk, tool.named, getattr(tool, "vote_era", 0), getattr(tool, "vote_era_label", ""))


def controls_of(request: HttpRequest, tools: list[Votable]) -> dict[int, str]:
    """Return the HTML of the controls of some tools, by key. One or two queries for a reader who is known, else none."""
    own = guests.own_votes(request, [tool.pk for tool in tools])
    nonce = stamps.new_nonce() if own else ""
    made = {}
    for tool in tools:
        said = own.get(tool.pk)
        if said and said.era < tool.era:
            stamp = stamps.stamp(tool.named.slug, nonce)
            made[tool.pk] = _html(
                tool.named, Control(said.value, request.path, tool.era_label, get_token(request), stamp)
            )
        else:
            control = Control(said.value if said else 0, request.path)
            made[tool.pk] = (_html if settings.DEBUG else _html_at_hand)(tool.named, control)
    return made


def _html(tool: Named, control: Control) -> str:
    return render_to_string("components/vote_control.html", {"tool": tool, "control": control})


_html_at_hand = lru_cache(maxsize=2_000)(_html)  # of readers who said nothing, or the same, about the same tool


def for_its_reader(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Keep a page that shows a reader's own votes out of shared caches."""
    if guests.is_known(request):
        patch_cache_control(response, private=True)
        patch_vary_headers(response, ["Cookie"])
    return response
