"""Declaring that a tool is no longer what earlier votes were about."""

from typing import Any

from django import forms
from django.contrib.admin import ModelAdmin
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from tools.admin.asking import ask
from tools.admin.base import do_each
from tools.admin.fields import LineField
from tools.models import Tool
from verdicts.scoring import FEW_VOTES
from voting import eras
from voting.models import Tally

WHAT_IT_DOES = (
    "Votes from then on belong to the new era. The readers’ number rests on them alone as soon as there are {few}; until "
    "then it is of all votes and says that most or part of them are from before. Earlier votes stay listed beside it.",
    "Each reader who voted before is asked on the tool’s page whether they would still say so, and can renew the vote "
    "with one click.",
    "An era is public and cannot be taken back. Declare one for a new major version or a new price, never to shed votes.",
)


class EraForm(forms.Form):
    """What has changed, and since when."""

    label = LineField(
        label="What has changed",
        max_length=60,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text="As it reads after “since”: version 2, the price change.",
    )
    starts_at = forms.SplitDateTimeField(
        label="Since when", required=False, widget=AdminSplitDateTime, help_text="UTC. Empty for this moment."
    )


def declare_era(page: ModelAdmin, request: HttpRequest, tools: QuerySet[Tool]) -> HttpResponse | None:
    """Ask what has changed about some tools, say what an era does, and declare it."""

    def act(answers: dict[str, Any]) -> None:
        def declare(tool: Tool) -> None:
            try:
                era = eras.declare(tool, answers["label"], starts_at=answers["starts_at"])
            except ValueError as error:
                raise ValidationError(str(error)) from error
            page.log_change(request, tool, f"Declared an era: {era.label}, since {era.starts_at:%Y-%m-%d %H:%M} UTC.")

        do_each(request, tools, declare, "began a new era" if len(tools) == 1 else "began new eras")

    counted = {tally.tool_id: tally.ships + tally.skips for tally in Tally.objects.filter(tool__in=tools)}
    now = "; ".join(f"{tool}: {counted.get(tool.pk, 0):,} counted votes so far" for tool in tools)
    explain = [f"{now}.", *(text.format(few=FEW_VOTES) for text in WHAT_IT_DOES)]
    title = "A new era begins for these tools. What has changed?"
    return ask(page, request, tools, action="declare_era", title=title, form_class=EraForm, act=act, explain=explain)
