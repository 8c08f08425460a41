"""Forms that stand for something: one per fact kind, one per persona. Django's formsets number theirs instead.

A numbered form means another thing as soon as somebody else has added a row; a named one keeps its meaning.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.forms import Media
from django.forms.utils import ErrorList
from django.http import HttpRequest
from django.utils.functional import cached_property


class RowForm(forms.ModelForm):
    """One row. What nobody touched is neither checked nor saved, whatever has happened to it meanwhile."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, empty_permitted=True, use_required_attribute=False, **kwargs)
        for field in self.fields.values():
            # With its value when the page was opened, a field knows whether this editor changed it.
            field.show_hidden_initial = not field.widget.is_hidden


class Rows:
    """What the admin asks of a formset, over named forms. Subclasses say which rows there are and how one is saved."""

    form_class: type[RowForm]
    request: HttpRequest
    can_write = False
    marker = ""  # a field that every posted row has
    initial_forms: list = []
    extra_forms: list = []
    empty_form = forms.Form()

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        instance: Any = None,
        prefix: str = "",
        queryset: QuerySet | None = None,
        save_as_new: bool = False,
    ) -> None:
        self.data, self.files, self.instance, self.prefix = data, files, instance, prefix
        self.is_bound = data is not None
        self.new_objects: list[Model] = []
        self.changed_objects: list[tuple[Model, list[str]]] = []
        self.deleted_objects: list[Model] = []

    @classmethod
    def get_default_prefix(cls) -> str:
        raise NotImplementedError

    def rows(self) -> list[tuple[Any, Any]]:
        """Return (key, row) pairs, read now: the tool is locked by the time they are needed."""
        raise NotImplementedError

    def save_row(self, form: Any) -> Model | None:
        raise NotImplementedError

    def make_form(self, key: Any, row: Any, data: Any) -> Any:
        return self.form_class(data, self.files if data else None, instance=row, prefix=f"{self.prefix}-{key}")

    @cached_property
    def found(self) -> list[tuple[Any, Any]]:
        return self.rows()

    @cached_property
    def bound(self) -> dict[Any, Any]:
        """The forms that were posted, by key."""
        if not (self.is_bound and self.can_write):
            return {}
        return {
            key: self.make_form(key, row, self.data)
            for key, row in self.found
            if f"{self.prefix}-{key}-{self.marker}" in self.data
        }

    @property
    def touched(self) -> list[Any]:
        return [form for form in self.bound.values() if form.has_changed()]

    @cached_property
    def forms(self) -> list[Any]:
        """The forms to show: what was typed where something was, else what stands now."""
        typed = {key: form for key, form in self.bound.items() if form.has_changed()}
        return [typed.get(key) or self.make_form(key, row, None) for key, row in self.found]

    def get_queryset(self) -> list:
        return []

    @property
    def media(self) -> Media:
        return self.forms[0].media if self.forms else Media()

    @property
    def errors(self) -> list[Any]:
        return [form.errors for form in self.touched]

    def non_form_errors(self) -> Any:
        return ErrorList()

    def is_valid(self) -> bool:
        return not any(self.errors)

    def has_changed(self) -> bool:
        return bool(self.touched)

    def is_multipart(self) -> bool:
        return False

    def save(self, commit: bool = True) -> None:
        for form in self.touched:
            is_new = form.is_new
            if saved := self.save_row(form):
                if is_new:
                    self.new_objects.append(saved)
                else:
                    self.changed_objects.append((saved, form.changed_data))


class RowsInline(admin.StackedInline):
    """An inline made of `Rows`."""

    rows_class: type[Rows]
    extra = 0

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        can_write = self.has_add_permission(request, obj) and self.has_change_permission(request, obj)
        return type(self.rows_class.__name__, (self.rows_class,), {"request": request, "can_write": can_write})
