"""The tool's page with the panel on it."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from tools.admin.asking import BOTH
from tools.admin.parts import FactInline, FormerSlugInline, PriceInline
from tools.admin.tool import ToolAdmin
from tools.models import Tool
from verdicts.admin import era, work
from verdicts.admin.filters import MissingPersona, PanelFilter, Voted
from verdicts.admin.panel import PanelInline
from verdicts.models import EditConflict, Verdict


class PanelToolAdmin(ToolAdmin):
    list_display = [
        "name",
        "category",
        "state",
        "panel",
        "drafts",
        "vendor",
        "latest_version",
        "check_method",
        "updated_at",
    ]
    list_filter = [ToolAdmin.list_filter[0], PanelFilter, MissingPersona, *ToolAdmin.list_filter[1:], Voted]
    actions = [*ToolAdmin.actions, "declare_era"]
    inlines = [PanelInline, PriceInline, FactInline, FormerSlugInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tool]:
        return work.with_panel_size(super().get_queryset(request))

    @admin.display(description="verdicts", ordering="panel_size")
    def panel(self, tool: Tool) -> int:
        return tool.panel_size

    @admin.display(description="drafts", ordering="panel_drafts")
    def drafts(self, tool: Tool) -> int:
        return tool.panel_drafts

    def has_delete_permission(self, request: HttpRequest, obj: Tool | None = None) -> bool:
        """A tool with a text that readers have seen stays."""
        return super().has_delete_permission(request, obj) and not (
            obj and Verdict.objects.ever_published().filter(tool=obj).exists()
        )

    def changeform_view(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """An edit that came between our check and our write is a conflict like any other: the second run finds it."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except EditConflict:
            request.save_problem = "Somebody else saved a verdict at the same moment, so nothing was saved."
            return super().changeform_view(request, *args, **kwargs)

    @admin.action(
        description="Declare an era …",
        description_plural="Declare an era of the selected tools …",
        permissions=["change"],
        location=BOTH,
    )
    def declare_era(self, request: HttpRequest, queryset: QuerySet[Tool]) -> HttpResponse | None:
        return era.declare_era(self, request, queryset)
