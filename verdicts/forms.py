"""Input from readers' addresses."""

from typing import Any, cast

from django import forms

from tools.models import Category, Entry
from verdicts.facets import FRESHNESS, OPEN_SOURCE
from verdicts.queries import PANEL_RESULTS, SORTS


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
