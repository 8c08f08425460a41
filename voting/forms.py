"""What a reader sends to vote."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from voting.models import Vote
from voting.stamps import Stamp, StampRefused, read

CHOICES = {"ship": Vote.SHIP, "skip": Vote.SKIP, "withdraw": Vote.WITHDRAWN}


class VoteForm(forms.Form):
    """One choice about one tool. `trap` is a field that people do not see; a vote that fills it is kept, and looked at."""

    choice = forms.ChoiceField(
        choices=[("ship", "Ship it"), ("skip", "Skip it"), ("withdraw", "No vote")],
        error_messages={
            "required": "Please choose ship, skip or no vote.",
            "invalid_choice": "A vote says ship, skip or nothing: “%(value)s” is none of these.",
        },
    )
    stamp = forms.CharField(max_length=400, required=False)
    trap = forms.CharField(required=False)
    origin = forms.CharField(required=False)
    work = forms.CharField(required=False)
    next = forms.CharField(max_length=500, required=False)

    def __init__(self, *args: Any, slug: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.slug = slug
        self.read_stamp: Stamp | None = None

    def clean_stamp(self) -> str:
        try:
            self.read_stamp = read(self.cleaned_data["stamp"], self.slug)
        except StampRefused as error:
            raise ValidationError(str(error), code="stamp") from error
        return self.cleaned_data["stamp"]

    @property
    def value(self) -> int:
        return CHOICES[self.cleaned_data["choice"]]
