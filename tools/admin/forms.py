"""The form behind every page an editor can save: it notices when somebody else has saved meanwhile."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.functional import cached_property

from tools import slugs
from tools.logos import redrawn_logo, validate_logo
from tools.models import Tool


class EditorForm(forms.ModelForm):
    """A form that never overwrites unseen work.

    It carries the moment its row was last saved, and each value as it was when the page was opened. When the row has
    been saved since, the form is refused once: fields the editor left alone then show what stands now, fields the editor
    changed keep what was typed, beside what stands now. Saving again is a decision, not an accident.
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    problem = ""  # what the database refused a moment ago; set by EditorAdmin

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.can_lock = bool(self.instance.pk) and hasattr(self.instance, "updated_at")
        self.initial["seen"] = self.instance.updated_at.isoformat() if self.can_lock else ""
        for name, field in self.fields.items():
            field.show_hidden_initial = self.can_lock and name != "seen" and not isinstance(field, forms.FileField)

    @cached_property
    def changed_data(self) -> list[str]:
        return [name for name in super().changed_data if name != "seen"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.problem:
            self.add_error(None, self.problem)
        if self.can_lock and self.is_bound:
            self._refuse_if_saved_meanwhile()
        return cleaned

    def _refuse_if_saved_meanwhile(self) -> None:
        current = type(self.instance)._default_manager.select_for_update().filter(pk=self.instance.pk).first()
        if current is None:
            self.add_error(None, "Somebody has deleted this meanwhile.")
        elif self.data.get(self.add_prefix("seen")) != current.updated_at.isoformat():
            self._show_both(current)

    def _show_both(self, current: Any) -> None:
        self.add_error(
            None,
            "Somebody else has saved this page since you opened it; nothing of yours was saved, nor lost. What you "
            "changed is still in the form, with what is saved now beside it. Save again to put yours in its place.",
        )
        data = self.data.copy()
        data[self.add_prefix("seen")] = current.updated_at.isoformat()
        for name, value in forms.model_to_dict(current, fields=self.fields).items():
            if isinstance(self.fields[name], forms.FileField):
                continue
            shown = "" if value is None else str(value)
            if name not in self.changed_data:
                data[self.add_prefix(name)] = shown
            elif shown != (self.data.get(self.add_prefix(name)) or "").replace("\r\n", "\n"):
                self.add_error(name, f"Saved now: “{_words_of(current, name) or 'nothing'}”.")
            data[self.add_initial_prefix(name)] = (
                shown if name not in self.changed_data else data.get(self.add_initial_prefix(name), "")
            )
        self.data = data


class ToolForm(EditorForm):
    """A tool's own columns. Its address may be left empty when it is new."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "slug" in self.fields and not self.instance.pk:
            self.fields["slug"].required = False
            self.fields["slug"].help_text = "Empty: made from the name."

    def clean_logo(self) -> Any:
        upload = self.cleaned_data["logo"]
        if not isinstance(upload, UploadedFile):
            return upload
        validate_logo(upload)
        try:
            return redrawn_logo(upload, self.instance.slug or "logo")
        except (OSError, SyntaxError, ValueError) as error:  # a picture that breaks off half-way
            raise ValidationError("A logo is a PNG, JPEG or WebP picture.") from error

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.instance.pk and "slug" in self.fields and not cleaned.get("slug") and "slug" not in self.errors:
            taken = Tool.objects.filter
            name, homepage = cleaned.get("name") or "", cleaned.get("homepage") or ""
            cleaned["slug"] = slugs.unique_slug(name, homepage, lambda slug: taken(slug=slug).exists())
        return cleaned


def _words_of(row: Any, name: str) -> str:
    display = getattr(row, f"get_{name}_display", None)
    return str(display() if display else getattr(row, name) or "")
