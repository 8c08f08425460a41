"""The parts of a tool's page: prices, facts, and the addresses it had."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminDateWidget, AdminURLFieldWidget
from django.http import HttpRequest

from tools.admin.fields import OVERRIDES, LineField
from tools.admin.rows import RowForm, Rows, RowsInline
from tools.models import Fact, FactKind, FormerSlug, Price


class FactForm(RowForm):
    text = LineField(required=False, max_length=200, widget=forms.TextInput(attrs={"class": "vTextField"}))

    class Meta:
        model = Fact
        fields = ["answer", "text", "check_method", "checked_on", "source_url"]
        widgets = {"checked_on": AdminDateWidget, "source_url": AdminURLFieldWidget}

    @property
    def is_new(self) -> bool:
        return self.instance.pk is None


class FactRows(Rows):
    """One row per kind of fact, answered or not."""

    form_class = FactForm
    marker = "answer"

    @classmethod
    def get_default_prefix(cls) -> str:
        return "facts"

    def rows(self) -> list[tuple[Any, Fact]]:
        answered = {}
        if self.instance.pk:
            answered = {fact.kind_id: fact for fact in Fact.objects.filter(tool=self.instance).select_related("kind")}
        return [
            (kind.pk, answered.get(kind.pk) or Fact(tool=self.instance, kind=kind)) for kind in FactKind.objects.all()
        ]

    def save_row(self, form: FactForm) -> Fact:
        form.instance.tool = self.instance
        return form.save()


class FactInline(RowsInline):
    model = Fact
    rows_class = FactRows
    fields = ["answer"]
    template = "admin/facts.html"


class PriceInline(admin.TabularInline):
    model = Price
    extra = 1
    formfield_overrides = OVERRIDES
    show_change_link = True
    fields = [
        "plan", "amount", "currency", "unit", "period", "starts_on", "is_offered",
        "check_method", "checked_on", "source_url",
    ]  # fmt: skip


class FormerSlugInline(admin.TabularInline):
    """Read-only: an old address comes from renaming, and leads here for good."""

    model = FormerSlug
    extra = 0
    fields = readonly_fields = ["slug", "until"]
    verbose_name_plural = "Former addresses, which lead here"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission
