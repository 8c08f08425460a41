"""Pages as they are for everybody, and what a reader has of their own put in.

A page is made without regard to who asks for it: what a template knows of its reader is that there is one. The places of
the vote controls stay open, and are filled for each reader. So the same page serves everyone for as long as it would be
made of the same rows (`tools.tracing`), whoever has voted included.
"""

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from tools.freshness import Subject, kept_showing
from tools.tracing import Traced
from verdicts.scored import ScoredTool
from verdicts.vote_control import Votable, controls_of, for_its_reader, votable

MOST_CHARACTERS = 16_000_000  # in each process
_NOBODY = HttpRequest()
_PLACE = f"<vote-{secrets.token_hex(16)} {{}}>"  # nothing that a page quotes can say this
_PLACES = re.compile(_PLACE.format("([0-9]+)"))


@dataclass(frozen=True, slots=True)
class MadePage:
    """A page around its vote controls: a piece of HTML before, between and after each of them."""

    pieces: tuple[str, ...]
    tools: tuple[Votable, ...]
    subjects: frozenset[Subject]

    @property
    def size(self) -> int:
        return sum(map(len, self.pieces))


Made = MadePage | HttpResponse
pages: Traced[Made] = Traced(MOST_CHARACTERS, lambda made: made.size if isinstance(made, MadePage) else None)


def answer(request: HttpRequest, make: Callable[[], Made]) -> HttpResponse:
    """Return the page at an address for its reader; an answer of another kind, as to a former address, as it is.

    `make` may go by the address, the rows it asks for and the day, and by nothing else of the request.
    """
    made = pages.made((request.path, request.META.get("QUERY_STRING", "")), make)
    if isinstance(made, HttpResponse):
        return made
    return filled(request, made)


def filled(request: HttpRequest, made: MadePage) -> HttpResponse:
    """Return a page with the vote controls of its reader."""
    controls = controls_of(request, list(made.tools))
    html = [made.pieces[0]]
    for tool, piece in zip(made.tools, made.pieces[1:], strict=True):
        html += [controls[tool.pk], piece]
    return for_its_reader(request, kept_showing(HttpResponse("".join(html)), made.subjects))


def made_page(
    template: str, context: dict[str, Any], subjects: frozenset[Subject], with_controls: Sequence[ScoredTool] = ()
) -> MadePage:
    """Return a page of a template, with places for the vote controls of some tools that readers can vote on."""
    open_ = {tool.pk: found for tool in with_controls if (found := votable(tool))}
    for tool in with_controls:
        tool.vote_control = mark_safe(_PLACE.format(tool.pk)) if tool.pk in open_ else ""  # noqa: S308
    html, *rest = _PLACES.split(render_to_string(template, context, request=_NOBODY))
    places, pieces = rest[::2], rest[1::2]
    return MadePage((html, *pieces), tuple(open_[int(pk)] for pk in places), subjects)
