"""Actions that ask for a reason before they act."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib.admin import ActionLocation, ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.widgets import AdminDateWidget
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from tools.admin.fields import LineField
from tools.models import Tool

BOTH = [ActionLocation.CHANGE_LIST, ActionLocation.CHANGE_FORM]


class ReasonForm(forms.Form):
    """Why."""

    # 100 characters is what the history keeps.
    reason = LineField(max_length=100, widget=forms.TextInput(attrs={"class": "vTextField"}))


class DiscontinueForm(ReasonForm):
    """Why, since when, and what to use instead."""

    discontinued_on = forms.DateField(label="Ended on", widget=AdminDateWidget)
    successor = forms.ModelChoiceField(Tool.objects.none(), required=False, empty_label="None")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["successor"].queryset = Tool.objects.public()

    def clean_discontinued_on(self) -> Any:
        day = self.cleaned_data["discontinued_on"]
        if day > timezone.localdate():
            raise forms.ValidationError("A tool has ended when it has ended: not a day in the future.")
        return day


def ask(
    page: ModelAdmin,
    request: HttpRequest,
    rows: QuerySet,
    *,
    action: str,
    title: str,
    form_class: type[forms.Form],
    act: Callable[[dict[str, Any]], None],
    explain: Sequence[str] = (),
) -> HttpResponse | None:
    """Show a page that asks; once it is answered, act on the answers and return None.

    `explain` says in paragraphs what will happen. It posts back to the list or form it came from, naming the action again, as Django's own "delete selected" does.
    """
    form = form_class(request.POST) if "answered" in request.POST else form_class()
    if form.is_bound and form.is_valid():
        act(form.cleaned_data)
        return None
    on_form = request.POST.get(f"{ActionLocation.CHANGE_FORM.value}-action") == action
    context = {
        **page.admin_site.each_context(request),
        "title": title,
        "opts": page.opts,
        "rows": rows,
        "explain": explain,
        "form": form,
        "media": page.media + form.media,
        "checkbox": ACTION_CHECKBOX_NAME,
        "action_name": f"{ActionLocation.CHANGE_FORM.value}-action" if on_form else "action",
        "action": action,
    }
    return TemplateResponse(request, "admin/ask.html", context)
