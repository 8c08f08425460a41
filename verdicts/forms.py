"""Input from readers' addresses."""

from typing import Any, cast

from django import forms
from django.utils.html import format_html

from tools.models import Category, Entry, Tool
from tools.models.asked import MOST_WORDS
from tools.models.checked import WebAddressField
from tools.text import clean_line
from verdicts.facets import FRESHNESS, OPEN_SOURCE
from verdicts.queries import PANEL_RESULTS, SORTS
from voting.guarding import GuardedForm


class BrowseForm(forms.Form):
    """Filters of the catalogue. What it does not know is ignored, so that an old link still shows something."""

    q = forms.CharField(max_length=100, required=False, strip=True)
    category = forms.ModelChoiceField(Category.objects.none(), to_field_name="slug", required=False)
    entry = forms.ChoiceField(choices=Entry.choices, required=False)
    licence = forms.CharField(max_length=80, required=False)
    open = forms.ChoiceField(choices=list(OPEN_SOURCE.items()), required=False)
    panel = forms.ChoiceField(choices=list(PANEL_RESULTS.items()), required=False)
    tested = forms.ChoiceField(choices=list(FRESHNESS.items()), required=False)
    sort = forms.ChoiceField(choices=list(SORTS.items()), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ModelChoiceField, self.fields["category"]).queryset = Category.objects.all()

    def known(self) -> dict[str, object]:
        """Return the inputs that make sense; the others count as not given."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class Line(forms.CharField):
    """Words of a reader in one line, without invisible characters. A NUL is left in, so that the form refuses it."""

    def to_python(self, value: object) -> str:
        text = str(super().to_python(value) or "")
        return text if "\x00" in text else clean_line(text)


def _address(label: str, help_text: str) -> forms.URLField:
    return forms.URLField(
        label=label,
        help_text=help_text,
        required=False,
        max_length=MOST_WORDS,
        assume_scheme="https",
        validators=WebAddressField.default_validators,
        error_messages={"invalid": "That is no address. One looks like https://example.org/page."},
    )


class ReportForm(GuardedForm):
    """What is right instead of what a page says."""

    claim = Line(
        label="What is right?",
        max_length=MOST_WORDS,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say what is right."},
    )
    source = _address("Where can we read it?", "Optional. The vendor’s own page helps most.")


class RequestForm(GuardedForm):
    """A tool to be judged."""

    name = Line(label="Name of the tool", max_length=120, error_messages={"required": "Say what the tool is called."})
    homepage = _address("Its address", "Optional.")
    why = Line(
        label="Why should it be here?",
        max_length=MOST_WORDS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Optional. Shown with the request.",
    )

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        here = Tool.objects.public().filter(name__iexact=name).first()
        if here:
            words = format_html('<a href="{}">{} is on the site</a> already.', here.get_absolute_url(), here.name)
            raise forms.ValidationError(words)
        return name
