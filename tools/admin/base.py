"""What every admin page of ours has in common."""

import re
from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.http import Http404, HttpRequest, HttpResponse
from simple_history.admin import SimpleHistoryAdmin
from simple_history.models import HistoricalChanges

from tools.admin.differences import marked_changes
from tools.admin.fields import OVERRIDES, PatientAutocomplete
from tools.admin.forms import EditorForm

REFUSED = "Somebody else saved at the same moment, so nothing was saved. Look again, then save."


class EditorAdmin(admin.ModelAdmin):
    """Lists of a constant price, tidy text, and no page that breaks when two people save at once."""

    form = EditorForm
    formfield_overrides = OVERRIDES
    list_per_page = 50
    show_full_result_count = False
    save_on_top = True

    def formfield_for_foreignkey(self, db_field: models.ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", PatientAutocomplete(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"problem": getattr(request, "save_problem", "")})

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = [(name, dict(options)) for name, options in super().get_fieldsets(request, obj)]
        fields = [name for name in fieldsets[0][1]["fields"] if name != "seen"]
        may_save = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        fieldsets[0][1]["fields"] = [*fields, "seen"] if may_save and "seen" in self.form.declared_fields else fields
        return fieldsets

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the page again, with what was typed, when the database refuses what the forms let through.

        That takes a second editor saving between our check and our write. All is rolled back by then, so a second run
        meets what the other has written, and the forms say so in their own words.
        """
        try:
            return super().changeform_view(request, *args, **kwargs)
        except (IntegrityError, ValidationError) as error:
            words = " ".join(error.messages) if isinstance(error, ValidationError) else REFUSED
            request.save_problem = words
            return super().changeform_view(request, *args, **kwargs)


class HistoryAdmin(SimpleHistoryAdmin, EditorAdmin):
    """History as a list of differences. Going back is done by writing, so that the rules of saving hold."""

    object_history_list_template = "admin/history_list.html"
    history_list_per_page = 50

    def get_urls(self) -> list:
        return super(SimpleHistoryAdmin, self).get_urls()  # without the page that reverts

    def revert_disabled(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict | None = None) -> HttpResponse:
        if not re.fullmatch(r"\d{1,18}", object_id, re.ASCII):
            raise Http404
        return super().history_view(request, object_id, extra_context)

    def set_history_delta_changes(
        self, request: HttpRequest, historical_records: Iterable[HistoricalChanges], foreign_keys_are_objs: bool = True
    ) -> None:
        newer = None
        for record in historical_records:
            if newer is not None:
                newer.differences = list(self._differences(record, newer))
            newer = record

    def _differences(self, old: HistoricalChanges, new: HistoricalChanges) -> Iterable[tuple[str, str]]:
        for change in new.diff_against(old, foreign_keys_are_objs=True).changes:
            label = self.opts.get_field(change.field).verbose_name
            yield label, marked_changes(*("" if v is None else str(v) for v in (change.old, change.new)))


def do_each(request: HttpRequest, rows: models.QuerySet, act: Any, done: str) -> None:
    """Run a verb on each row, each on its own, and tell the editor how many worked and why the others did not."""
    worked = 0
    for row in rows:
        try:
            with transaction.atomic():
                act(row)
            worked += 1
        except ValidationError as error:
            messages.error(request, f"{row}: {words_of(error, row)}")
        except IntegrityError:
            messages.error(request, f"{row}: {REFUSED}")
    if worked:
        messages.success(request, f"{worked} {done}.")


def words_of(error: ValidationError, row: models.Model) -> str:
    """Return the words of a model's refusal, field by field."""
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    labels = {field.name: str(field.verbose_name).capitalize() for field in row._meta.get_fields() if field.concrete}
    return " ".join(
        f"{labels[k]}: {' '.join(v)}" if k in labels else " ".join(v) for k, v in error.message_dict.items()
    )
