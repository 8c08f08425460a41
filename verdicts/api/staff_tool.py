"""The catalogue for staff: tools in every state, made and changed by the rules of the admin."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tools import slugs
from tools.api.catalogue import CheckedRepresentation, PageLink
from tools.api.errors import Unacceptable
from tools.api.params import Body, DayField, LineField, NamesField, PageQuery, Query, SlugField, TextField, fields_of
from tools.api.views import DetailView, ListView
from tools.models import Category, Check, Entry, State, Tool
from verdicts.api.staff import OfStaff, VersionField, check_version, writing

VIEW = [["tools.view_tool"], ["tools.change_tool"]]
TEXTS = ["name", "tagline", "description", "vendor", "homepage", "repository", "documentation", "licence", "entry"]
COLUMNS = [*TEXTS, "slug", "category", "latest_version", "released_on", "check_method", "checked_on", "source_url"]


class StaffToolRepresentation(CheckedRepresentation):
    """A tool as its editors see it."""

    slug = serializers.CharField()
    name = serializers.CharField()
    category = serializers.CharField(source="category.slug")
    tagline = serializers.CharField()
    description = serializers.CharField(help_text="Markdown.")
    vendor = serializers.CharField()
    homepage = serializers.CharField()
    repository = serializers.CharField()
    documentation = serializers.CharField()
    licence = serializers.CharField()
    entry = serializers.ChoiceField(Entry.choices, allow_blank=True)
    latest_version = serializers.CharField()
    released_on = serializers.DateField(allow_null=True)
    state = serializers.ChoiceField(State.choices)
    published_at = serializers.DateTimeField(allow_null=True)
    discontinued_on = serializers.DateField(allow_null=True)
    successor = serializers.CharField(source="successor.slug", default=None, allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    version = serializers.SerializerMethodField(help_text="Send it along with a change.")
    page_url = PageLink()

    def get_version(self, tool: Tool) -> str:
        return version_of(tool)


def version_of(tool: Tool) -> str:
    return tool.updated_at.isoformat()


class ToolBody(Body):
    """The columns of a tool. Its state has an address of its own; a logo is put up in the admin."""

    slug = SlugField(required=False, help_text="A new one moves the tool; the old one keeps leading there.")
    name = LineField(max_length=120, required=False)
    category = SlugField(required=False)
    tagline = LineField(max_length=160, required=False, allow_blank=True)
    description = TextField(max_length=6_000, required=False, allow_blank=True, help_text="Markdown.")
    vendor = LineField(max_length=120, required=False, allow_blank=True)
    homepage = LineField(max_length=500, required=False, allow_blank=True)
    repository = LineField(max_length=500, required=False, allow_blank=True)
    documentation = LineField(max_length=500, required=False, allow_blank=True)
    licence = LineField(max_length=80, required=False, allow_blank=True)
    entry = serializers.ChoiceField(Entry.choices, required=False, allow_blank=True)
    latest_version = LineField(max_length=60, required=False, allow_blank=True)
    released_on = DayField(required=False, allow_null=True)
    check_method = serializers.ChoiceField(Check.choices, required=False)
    checked_on = DayField(required=False, allow_null=True)
    source_url = LineField(max_length=500, required=False, allow_blank=True)


class NewToolBody(ToolBody):
    """A tool that is not there yet. It begins as a draft; without a slug it gets one from its name."""

    name = LineField(max_length=120)
    category = SlugField()


class ToolChangeBody(ToolBody):
    """What is to be another than it is. What is left out stays."""

    version = VersionField()


class ToolStateBody(Body):
    """Where a tool is to be. Leaving the site and being discontinued need a reason."""

    version = VersionField()
    state = serializers.ChoiceField(State.choices)
    reason = LineField(max_length=100, required=False, allow_blank=True, help_text="Kept in the tool's history.")
    discontinued_on = DayField(required=False, allow_null=True, help_text="The day it ended.")
    successor = SlugField(required=False, allow_null=True, help_text="What to use instead.")


class StaffToolQuery(Query):
    fields = NamesField(fields_of(StaffToolRepresentation), required=False, help_text="Only these, by commas.")


class StaffToolsQuery(PageQuery):
    state = serializers.ChoiceField(State.choices, required=False)
    category = SlugField(required=False)
    updated_since = serializers.DateTimeField(required=False)
    fields = NamesField(fields_of(StaffToolRepresentation), required=False, help_text="Only these, by commas.")


def all_tools() -> QuerySet[Tool]:
    return Tool.objects.select_related("category", "successor")


class StaffToolsView(OfStaff, ListView):
    """Every tool, drafts too."""

    name: Any = {"GET": "staff_tools_list", "POST": "staff_tools_make"}
    representation = StaffToolRepresentation
    query_class = StaffToolsQuery
    bodies: ClassVar[dict[str, type[Body]]] = {"POST": NewToolBody}
    answers: ClassVar[dict[str, Any]] = {"POST": {"201": StaffToolRepresentation}}
    needs: ClassVar[dict[str, Any]] = {"GET": VIEW, "HEAD": VIEW, "POST": [["tools.add_tool"]]}

    def rows(self) -> QuerySet[Tool]:
        columns = {"category": "category__slug", "state": "state", "updated_since": "updated_at__gte"}
        wanted = {column: self.asked[name] for name, column in columns.items() if name in self.asked}
        return all_tools().filter(**wanted).order_by("slug", "pk")

    def post(self, request: Request) -> Response:
        """Make a tool. It is a draft until it is published."""
        content = columns_of(self.sent())
        with writing():
            tool = Tool(**content)
            if not tool.slug:
                taken = Tool.objects.filter
                tool.slug = slugs.unique_slug(tool.name, tool.homepage, lambda slug: taken(slug=slug).exists())
            save(tool, request.user)
            self.log(tool, "Added.", is_new=True)
        return Response(self.represented(tool), status=201)


class StaffToolView(OfStaff, DetailView):
    """One tool in any state."""

    name: Any = {"GET": "staff_tools_read", "PATCH": "staff_tools_change"}
    representation = StaffToolRepresentation
    query_class = StaffToolQuery
    bodies: ClassVar[dict[str, type[Body]]] = {"PATCH": ToolChangeBody}
    answers: ClassVar[dict[str, Any]] = {"PATCH": {"200": StaffToolRepresentation}}
    needs: ClassVar[dict[str, Any]] = {"GET": VIEW, "HEAD": VIEW, "PATCH": [["tools.change_tool"]]}

    def found(self) -> Tool:
        return get_object_or_404(all_tools(), slug=self.kwargs["slug"])

    def patch(self, request: Request, slug: str) -> Response:
        """Change some columns."""
        sent = self.sent()
        with writing():
            tool = locked(slug, sent.pop("version"))
            content = {name: value for name, value in columns_of(sent).items() if getattr(tool, name) != value}
            moved_to = content.pop("slug", slug)
            for name, value in content.items():
                setattr(tool, name, value)
            if content or moved_to != slug:
                tool.slug = moved_to
                tool.full_clean(exclude=["logo"])
                tool.slug = slug
                save(tool, request.user)
                tool.rename_slug(moved_to)
                self.log(tool, f"Changed {', '.join(sorted({*content, *(['slug'] if moved_to != slug else [])}))}.")
        return Response(self.represented(tool))


class StaffToolStateView(OfStaff, DetailView):
    """Whether a tool is a draft, on offer or discontinued."""

    name: Any = {"PUT": "staff_tools_state"}
    http_method_names = ("put", "options")
    representation = StaffToolRepresentation
    bodies: ClassVar[dict[str, type[Body]]] = {"PUT": ToolStateBody}
    answers: ClassVar[dict[str, Any]] = {"PUT": {"200": StaffToolRepresentation}}
    needs: ClassVar[dict[str, Any]] = {"PUT": [["tools.change_tool"]]}

    def put(self, request: Request, slug: str) -> Response:
        """Publish a tool, return it to draft, or discontinue it."""
        sent = self.sent()
        with writing():
            tool = locked(slug, sent["version"])
            if sent["state"] != tool.state:
                tool._history_user = request.user  # type: ignore[attr-defined]
                self._move(tool, sent)
                self.log(tool, f"{tool.get_state_display()}. {sent.get('reason', '')}".strip())
        return Response(self.represented(tool))

    def _move(self, tool: Tool, sent: dict[str, Any]) -> None:
        """Do what the admin's actions do, and ask for what they ask for."""
        state = sent["state"]
        if state == State.PUBLISHED:
            return tool.publish()
        problems = {} if sent.get("reason") else {"reason": "Say why."}
        day, successor = None, None
        if state == State.DISCONTINUED:
            day = sent.get("discontinued_on")
            if day is None or day > timezone.localdate():
                problems["discontinued_on"] = "Say on which day it ended: not one in the future."
            if sent.get("successor"):
                successor = Tool.objects.public().filter(slug=sent["successor"]).first()
                if successor is None:
                    problems["successor"] = "No such tool is on the site."
        if problems:
            raise Unacceptable(problems)
        return tool.move(state, reason=sent["reason"], discontinued_on=day, successor=successor)


def columns_of(sent: dict[str, Any]) -> dict[str, Any]:
    """Return what was sent with the category itself in place of its slug. Raises Unacceptable for an unknown one."""
    if "category" not in sent:
        return sent
    shelf = Category.objects.filter(slug=sent["category"]).first()
    if shelf is None:
        raise Unacceptable({"category": "No such category."})
    return sent | {"category": shelf}


def locked(slug: str, version: str) -> Tool:
    """Return a tool that nobody else can save meanwhile. Raises Http404, and Conflict for a stale version."""
    tool = Tool.objects.select_for_update().filter(slug=slug).first()
    if tool is None:
        raise Http404
    check_version(version, version_of(tool))
    return tool


def save(tool: Tool, user: Any) -> None:
    tool._history_user = user  # type: ignore[attr-defined]
    tool.settle_state()
    tool.full_clean(exclude=["logo"])
    tool.save()
