"""Form fields that tidy what is typed, and a text area that shows its Markdown."""

import re
from collections.abc import Callable

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget, AutocompleteSelect
from django.db import models
from django.urls import reverse_lazy

from tools.text import clean_line, clean_text


class MarkdownWidget(AdminTextareaWidget):
    """A text area with a live preview; without script it is just the text area."""

    def __init__(self, attrs: dict | None = None) -> None:
        preview = {
            "class": "vLargeTextField markdown",
            "data-preview-url": reverse_lazy("admin:markdown_preview"),
            "rows": 8,
        }
        super().__init__({**preview, **(attrs or {})})

    class Media:
        js = ["admin_site/preview.js"]


class PatientAutocomplete(AutocompleteSelect):
    """Django's, except that a forged key shows as nothing chosen; Django's own looks it up and breaks."""

    def optgroups(self, name: str, value: list, attr: dict | None = None) -> list:
        return super().optgroups(name, [key if re.fullmatch(r"[0-9]{1,18}", str(key)) else "" for key in value], attr)


class TidyField(forms.CharField):
    """Text without invisible characters. NUL bytes are left in, so that the form refuses them in words."""

    tidy: Callable[[str], str] = staticmethod(clean_line)

    def to_python(self, value: object) -> str:
        text = super().to_python(value)
        return text if "\x00" in text else self.tidy(text)

    def has_changed(self, initial: object, data: object) -> bool:
        return super().has_changed(self.to_python(initial), data)


class LineField(TidyField):
    """One line of text."""


class MarkdownField(TidyField):
    """Paragraphs of Markdown; a browser's line ends are not a change."""

    tidy = staticmethod(clean_text)


OVERRIDES = {
    models.SlugField: {"form_class": forms.SlugField, "widget": AdminTextInputWidget},
    models.CharField: {"form_class": LineField, "widget": AdminTextInputWidget},
    models.TextField: {"form_class": MarkdownField, "widget": MarkdownWidget},
}
