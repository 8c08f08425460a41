"""A caller's own votes: to list, to set, to take back; by the same rules as the control beside the readers' figure."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from django.middleware.csrf import get_token
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, Throttled
from rest_framework.request import Request
from rest_framework.response import Response

from tools.api.catalogue import PageLink
from tools.api.errors import Conflict
from tools.api.params import Body, NamesField, PageQuery, Query, fields_of
from tools.api.views import PRIVATE, ApiView, DetailView, ListView, Representation
from tools.models import State, Tool
from verdicts import queries
from verdicts.api.scores import CommunityRepresentation
from verdicts.vote import ENDED, OF_A_NETWORK, OF_A_VOTER, TOO_MANY, WORDS
from voting import alert, guests, stamps
from voting.authentication import BrowserAuthentication, TokenAuthentication
from voting.casting import VoterGone, cast
from voting.forms import CHOICES
from voting.models import Vote, Voter
from voting.my_data import owner_of
from voting.network import client_address, network_of
from voting.origins import Origin

SAID = [("ship", "Ship it"), ("skip", "Skip it")]
READ_ONLY = "This token may only read. Make one that may vote on your account's page of tokens."


class VoteRepresentation(Representation):
    """What the caller says about one tool, and what readers say of it now."""

    ALWAYS = ("tool",)

    tool = serializers.CharField(source="tool.slug")
    name = serializers.CharField(source="tool.name")
    choice = serializers.ChoiceField(SAID, allow_null=True, help_text="Null once it has been taken back.")
    changed_at = serializers.DateTimeField(allow_null=True)
    community = CommunityRepresentation(
        source="tool.community", help_text="The readers' figure, as the site prints it."
    )
    page_url = PageLink(source="tool.get_absolute_url")


class VoteBody(Body):
    """What the caller says."""

    choice = serializers.ChoiceField(SAID)


class VoteQuery(Query):
    fields = NamesField(fields_of(VoteRepresentation), required=False, help_text="Only these, by commas.")


class VotesQuery(PageQuery):
    fields = NamesField(fields_of(VoteRepresentation), required=False, help_text="Only these, by commas.")


class OfTheCaller(ApiView):
    """Who asks: the account of a token or a session, or the guest of a cookie."""

    authentication_classes = [TokenAuthentication, BrowserAuthentication]
    cache_control: ClassVar[dict[str, Any]] = PRIVATE
    is_kept = False

    def voter(self) -> Voter | None:
        """Return whose votes the caller may see; None for somebody who has not voted yet."""
        if self.request.auth is not None:
            return Voter.objects.filter(account=self.request.user.pk).first()
        return owner_of(self.request._request)

    def own_votes(self) -> QuerySet[Vote]:
        said = Vote.objects.filter(voter=self.voter()).exclude(value=Vote.WITHDRAWN).exclude(tool__state=State.DRAFT)
        return said.select_related("tool").order_by("-changed_at", "-pk")

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Give a browser the token that its next vote has to show."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        if request.method == "GET" and answer.status_code < 400 and request.auth is None:
            answer["X-CSRFToken"] = get_token(request._request)
        return answer


def with_figures(votes: list[Vote]) -> list[Vote]:
    """Give votes the figures of their tools, in one query."""
    tools = queries.with_figures(Tool.objects.filter(pk__in=[vote.tool_id for vote in votes]))
    known = {tool.pk: tool for tool in queries.scored(tools)}
    for vote in votes:
        vote.tool = known[vote.tool_id]
        vote.choice = {1: "ship", -1: "skip"}.get(vote.value)  # type: ignore[attr-defined]
    return votes


class VotesView(OfTheCaller, ListView):
    """The caller's own votes, the newest first. Whoever has not voted has none."""

    name, tag = "votes_list", "votes"
    representation = VoteRepresentation
    query_class = VotesQuery

    def rows(self) -> QuerySet[Vote]:
        return self.own_votes()

    def prepared(self, page: list[Any]) -> list[Any]:
        return with_figures(page)


class VoteView(OfTheCaller, DetailView):
    """What the caller says about one tool."""

    name: Any = {"GET": "votes_read", "PUT": "votes_set", "DELETE": "votes_withdraw"}
    tag = "votes"
    representation = VoteRepresentation
    query_class = VoteQuery
    bodies: ClassVar[dict[str, type[Body]]] = {"PUT": VoteBody}
    answers: ClassVar[dict[str, Any]] = {it: {"200": VoteRepresentation} for it in ("PUT", "DELETE")}
    can_conflict = True

    def found(self) -> Vote:
        vote = self.own_votes().filter(tool__slug=self.kwargs["slug"]).first()
        if vote is None:
            raise Http404
        return with_figures([vote])[0]

    def put(self, request: Request, slug: str) -> Response:
        """Say ship or skip about a tool. Saying it twice is saying it once. A guest's first vote sets the cookie."""
        return self._set(CHOICES[self.sent()["choice"]])

    def delete(self, request: Request, slug: str) -> Response:
        """Take the vote back. Taking back what is not there changes nothing."""
        return self._set(Vote.WITHDRAWN)

    def _set(self, value: int) -> Response:
        tool = self._tool()
        address = client_address(self.request._request)
        if wait := OF_A_NETWORK.wait(network_of(address)):
            raise Throttled(wait, TOO_MANY)
        if value == Vote.WITHDRAWN and self._is_nobody():
            return Response(self._representation_of(Voter(), tool, value))
        voter, guest = self._voter_to_be()
        if wait := OF_A_VOTER.wait(str(voter.pk)):
            raise Throttled(wait, TOO_MANY)
        try:
            cast(voter, tool, value, origin=self._origin(tool, address))
        except VoterGone as error:
            raise Conflict("This account is no more.") from error
        answer = Response(self._representation_of(voter, tool, value))
        if guest:
            guests.set_cookie(answer, guest)
        return answer

    def _tool(self) -> Tool:
        """Return the tool to vote on. Raises PermissionDenied for a token that may not, Http404 and Conflict."""
        token: Any = self.request.auth
        if token is not None and not token.may_vote:
            raise PermissionDenied(READ_ONLY)
        tool = Tool.objects.named(self.kwargs["slug"]).exclude(state=State.DRAFT).first()
        if tool is None:
            raise Http404
        if tool.state == State.DISCONTINUED:
            raise Conflict(ENDED.format(tool=tool.name), code="discontinued")
        return tool

    def _origin(self, tool: Tool, address: str) -> Origin:
        """Under alert a program's vote waits for the next pass, as one of a browser without scripts does."""
        waits = alert.is_on(tool.pk) and alert.can_wait()
        return Origin(address, self.request.headers.get("User-Agent", ""), waits=waits)

    def _is_nobody(self) -> bool:
        """Whether the caller has never voted: a guest is not made by taking nothing back."""
        return self.request.auth is None and guests.voter_of(self.request._request) is None

    def _voter_to_be(self) -> tuple[Voter, str | None]:
        if self.request.auth is not None:
            return Voter.objects.get_or_create(account_id=self.request.user.pk)[0], None
        return guests.voter_to_be(self.request._request, stamps.new_nonce())

    def _representation_of(self, voter: Voter, tool: Tool, value: int) -> Any:
        vote = Vote.objects.filter(voter=voter.merged_into_id or voter.pk, tool=tool).first()
        said = vote if vote and WORDS[vote.value] != "withdraw" else Vote(tool=tool, value=value)
        said.changed_at = vote.changed_at if vote else None
        return self.represented(with_figures([said])[0])
