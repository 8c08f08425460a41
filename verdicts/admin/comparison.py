"""Comparisons and personas."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from tools.admin.asking import BOTH, ReasonForm, ask
from tools.admin.base import HistoryAdmin, do_each
from tools.admin.forms import EditorForm
from verdicts.models import Comparison, Reviewer


class ComparisonForm(EditorForm):
    """The pair may be given in either order; it is kept in one."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        first, second = cleaned.get("first"), cleaned.get("second")
        if first and second and first.pk > second.pk:
            cleaned["first"], cleaned["second"] = second, first
            cleaned["ship_first_if"], cleaned["ship_second_if"] = (
                cleaned.get("ship_second_if", ""),
                cleaned.get("ship_first_if", ""),
            )
        return cleaned


@admin.register(Comparison)
class ComparisonAdmin(HistoryAdmin):
    form = ComparisonForm
    list_display = ["__str__", "headline", "published_at", "featured_on", "updated_at"]
    list_filter = [("published_at", admin.EmptyFieldListFilter), "featured_on"]
    list_select_related = ["first", "second"]
    search_fields = ["first__name", "second__name", "headline"]
    autocomplete_fields = ["first", "second"]
    readonly_fields = ["published_at", "updated_at"]
    actions = ["publish", "unpublish"]
    fieldsets = [
        (None, {"fields": [("first", "second"), "headline", "standfirst"]}),
        ("Advice", {"fields": ["ship_first_if", "ship_second_if", "ship_neither_if"]}),
        ("Publication", {"fields": ["featured_on", ("published_at", "updated_at")]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Comparison | None = None) -> list[str]:
        return [*self.readonly_fields, "first", "second"] if obj else self.readonly_fields

    def has_delete_permission(self, request: HttpRequest, obj: Comparison | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.is_published)

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("verdicts.publish_comparison")

    @admin.action(
        description="Publish",
        description_plural="Publish the selected comparisons",
        permissions=["publish"],
        location=BOTH,
    )
    def publish(self, request: HttpRequest, queryset: QuerySet[Comparison]) -> None:
        do_each(request, queryset.select_related("first", "second"), Comparison.publish, "published")

    @admin.action(
        description="Unpublish …",
        description_plural="Unpublish the selected comparisons …",
        permissions=["publish"],
        location=BOTH,
    )
    def unpublish(self, request: HttpRequest, queryset: QuerySet[Comparison]) -> HttpResponse | None:
        rows = queryset.published().select_related("first", "second")

        def act(answers: dict[str, Any]) -> None:
            do_each(request, rows, lambda comparison: take_down(comparison, answers["reason"]), "unpublished")

        title = "The texts of these comparisons will leave their pages. Why?"
        return ask(self, request, rows, action="unpublish", title=title, form_class=ReasonForm, act=act)


@admin.register(Reviewer)
class ReviewerAdmin(HistoryAdmin):
    list_display = ["name", "lens", "responsible_editor", "position", "is_active"]
    list_select_related = ["responsible_editor"]
    search_fields = ["name", "slug"]
    ordering = ["position", "name"]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "responsible_editor":
            kwargs["queryset"] = db_field.related_model.objects.filter(is_staff=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


def take_down(comparison: Comparison, reason: str) -> None:
    comparison._change_reason = reason
    comparison.unpublish()
