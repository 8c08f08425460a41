"""The tool's page and list."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from import_export.admin import ExportMixin
from import_export.forms import ExportForm

from tools.admin.asking import BOTH, DiscontinueForm, ReasonForm, ask
from tools.admin.base import HistoryAdmin, do_each
from tools.admin.exporting import FORMATS, ToolResource
from tools.admin.forms import ToolForm
from tools.admin.parts import FactInline, FormerSlugInline, PriceInline
from tools.models import Check, Fact, State, Tool


class NeedsWork(admin.SimpleListFilter):
    """What an editor may look for on a free afternoon."""

    title = "needs work"
    parameter_name = "work"
    NEEDS = {
        "unchecked": ("Never checked", Q(check_method=Check.UNCHECKED)),
        "undescribed": ("No description", Q(description="")),
        "no-tagline": ("No tagline", Q(tagline="")),
        "no-logo": ("No logo", Q(logo="")),
        "no-facts": ("No facts", ~Exists(Fact.objects.filter(tool=OuterRef("pk")))),
    }

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [(key, label) for key, (label, _) in self.NEEDS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Tool]) -> QuerySet[Tool]:
        return queryset.filter(self.NEEDS[self.value()][1]) if self.value() in self.NEEDS else queryset


class ToolAdmin(ExportMixin, HistoryAdmin):
    form = ToolForm
    list_display = ["name", "category", "state", "vendor", "latest_version", "check_method", "updated_at"]
    list_filter = ["state", NeedsWork, "category", "check_method", "is_sample"]
    list_select_related = ["category"]
    search_fields = ["name", "slug", "vendor", "former_slugs__slug"]
    search_help_text = "Name, vendor, or an address it has or had."
    autocomplete_fields = ["category", "successor"]
    actions = ["publish", "return_to_draft", "discontinue"]
    inlines = [PriceInline, FactInline, FormerSlugInline]
    resource_classes = [ToolResource]
    formats = FORMATS
    export_form_class = ExportForm
    fieldsets = [
        (None, {"fields": ["name", "slug", "category", "tagline", "description", "logo"]}),
        ("What it is", {"fields": ["vendor", ("homepage", "repository", "documentation"), ("licence", "entry")]}),
        ("Latest version", {"fields": [("latest_version", "released_on")]}),
        (
            "How we know",
            {
                "fields": [("check_method", "checked_on"), "source_url"],
                "description": "Speaks for the columns above; facts and prices carry their own.",
            },
        ),
        (
            "State",
            {"fields": [("state", "published_at"), ("discontinued_on", "successor"), ("created_at", "updated_at")]},
        ),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Tool | None = None) -> list[str]:
        dates = ["state", "published_at", "created_at", "updated_at"]
        return dates if obj and obj.is_discontinued else [*dates, "discontinued_on", "successor"]

    def has_delete_permission(self, request: HttpRequest, obj: Tool | None = None) -> bool:
        """What readers have seen is kept: only a draft that was never published can go."""
        return super().has_delete_permission(request, obj) and not (obj and obj.is_public)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, term: str) -> tuple[QuerySet, bool]:
        """Find former addresses without a join that repeats tools."""
        found, _ = super().get_search_results(request, queryset, term)
        return (queryset.filter(pk__in=found.order_by().values("pk")), False) if term else (found, False)

    def save_model(self, request: HttpRequest, obj: Tool, form: ToolForm, change: bool) -> None:
        """Save what changed; a new address is a move, after which the old one still leads here."""
        if change and not form.changed_data:
            return
        obj._history_user = request.user
        obj.settle_state()
        if change and "slug" in form.changed_data:
            moved_to, obj.slug = obj.slug, Tool.objects.values_list("slug", flat=True).get(pk=obj.pk)
            obj.rename_slug(moved_to)
        else:
            obj.save()

    def save_formset(self, request: HttpRequest, form: ToolForm, formset: Any, change: bool) -> None:
        """Facts and prices are part of the page that two editors may have open, so saving them counts as saving it."""
        super().save_formset(request, form, formset, change)
        if change and formset.has_changed() and formset.get_default_prefix() in {"facts", "prices"}:
            Tool.objects.filter(pk=form.instance.pk).update(updated_at=timezone.now())

    @admin.action(
        description="Publish", description_plural="Publish the selected tools", permissions=["change"], location=BOTH
    )
    def publish(self, request: HttpRequest, queryset: QuerySet[Tool]) -> None:
        do_each(request, queryset.exclude(state=State.PUBLISHED), Tool.publish, "published")

    @admin.action(
        description="Return to draft …",
        description_plural="Return the selected tools to draft …",
        permissions=["change"],
        location=BOTH,
    )
    def return_to_draft(self, request: HttpRequest, queryset: QuerySet[Tool]) -> HttpResponse | None:
        rows = queryset.filter(state__in=[State.PUBLISHED, State.DISCONTINUED])

        def act(answers: dict[str, Any]) -> None:
            do_each(request, rows, lambda tool: move(tool, State.DRAFT, answers), "returned to draft")

        title = "Readers will no longer see these tools. Why?"
        return ask(self, request, rows, action="return_to_draft", title=title, form_class=ReasonForm, act=act)

    @admin.action(
        description="Discontinue …",
        description_plural="Discontinue the selected tools …",
        permissions=["change"],
        location=BOTH,
    )
    def discontinue(self, request: HttpRequest, queryset: QuerySet[Tool]) -> HttpResponse | None:
        rows = queryset.exclude(state=State.DISCONTINUED)

        def act(answers: dict[str, Any]) -> None:
            do_each(request, rows, lambda tool: move(tool, State.DISCONTINUED, answers), "discontinued")

        title = "These tools have ended. Since when, and why do we say so?"
        return ask(self, request, rows, action="discontinue", title=title, form_class=DiscontinueForm, act=act)


def move(tool: Tool, state: str, answers: dict[str, Any]) -> None:
    """Bring a tool into a state by what an editor answered."""
    day, successor = answers.get("discontinued_on"), answers.get("successor")
    tool.move(state, reason=answers["reason"], discontinued_on=day, successor=successor)
