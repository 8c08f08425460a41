"""The catalogue in the admin. `verdicts.admin` adds the panel to the tool's page."""

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from tools.admin.base import EditorAdmin, HistoryAdmin
from tools.admin.tool import ToolAdmin
from tools.models import Category, Fact, FactKind, Price, Tool

admin.site.register(Tool, ToolAdmin)


@admin.register(Category)
class CategoryAdmin(EditorAdmin):
    list_display = ["name", "slug", "description", "position", "tool_count"]
    search_fields = ["name", "slug"]
    ordering = ["position", "name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        return super().get_queryset(request).annotate(tools_here=Count("tools"))

    @admin.display(description="tools", ordering="tools_here")
    def tool_count(self, category: Category) -> int:
        return category.tools_here


@admin.register(FactKind)
class FactKindAdmin(EditorAdmin):
    list_display = ["label", "slug", "help", "position"]
    search_fields = ["label", "slug"]


class PartAdmin(HistoryAdmin):
    """Prices and facts are added on their tool's page; here they are found, and their past is read."""

    list_select_related = ["tool"]
    list_filter = ["check_method"]
    date_hierarchy = "checked_on"
    search_fields = ["tool__name", "tool__slug"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Fact | Price | None = None) -> list[str]:
        return ["tool", "kind"] if self.model is Fact else ["tool"]


@admin.register(Fact)
class FactAdmin(PartAdmin):
    list_display = ["tool", "kind", "words", "check_method", "checked_on"]
    list_select_related = ["tool", "kind"]
    list_filter = ["check_method", "answer", "kind"]
    fields = ["tool", "kind", ("answer", "text"), ("check_method", "checked_on"), "source_url"]


@admin.register(Price)
class PriceAdmin(PartAdmin):
    list_display = ["tool", "plan", "words", "starts_on", "check_method", "checked_on"]
    list_filter = ["check_method", "is_offered", "period", "currency"]
    fields = [
        "tool", "plan", ("amount", "currency"), ("unit", "period"), ("starts_on", "is_offered"),
        ("check_method", "checked_on"), "source_url",
    ]  # fmt: skip
