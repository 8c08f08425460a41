"""What readers may send us."""

import zoneinfo
from typing import Any

from django import forms
from django.utils import timezone

from newsletter import addresses
from newsletter.models import Subscriber, Topic
from tools.models import Category
from voting.guarding import GuardedForm


class SubscribeForm(GuardedForm):
    """One address. Its errors never repeat what was typed."""

    email = forms.CharField(max_length=1000, error_messages={"required": "Type your e-mail address."})

    def clean_email(self) -> addresses.Address:
        try:
            return addresses.parse(self.cleaned_data["email"])
        except addresses.Refused as error:
            raise forms.ValidationError(str(error)) from error


class PreferencesForm(forms.ModelForm):
    """Topics, how often, a pause, and the time zone."""

    chosen = forms.MultipleChoiceField(required=False, label="Topics", widget=forms.CheckboxSelectMultiple)
    tz = forms.CharField(max_length=64, label="Time zone")

    class Meta:
        model = Subscriber
        fields = ["frequency", "tz", "paused_until"]
        labels = {"frequency": "How often", "paused_until": "Pause until"}
        widgets = {"frequency": forms.RadioSelect, "paused_until": forms.DateInput(attrs={"type": "date"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shelves = list(Category.objects.order_by("position", "slug"))
        self.bits = Topic.objects.of(shelves)
        choices = [(str(self.bits[shelf.pk]), shelf.name) for shelf in shelves if shelf.pk in self.bits]
        self.fields["chosen"].choices = choices  # type: ignore[attr-defined]
        topics = self.instance.topics
        self.initial["chosen"] = [bit for bit, _ in choices if not topics or topics >> int(bit) & 1]

    def clean_tz(self) -> str:
        zone = self.cleaned_data["tz"].strip()
        if zone not in zoneinfo.available_timezones():
            raise forms.ValidationError("We do not know that time zone. It looks like Europe/Berlin.")
        return zone

    def clean_paused_until(self) -> Any:
        day = self.cleaned_data["paused_until"]
        today = timezone.localdate()
        if day and day <= today:
            return None
        if day and (day - today).days > 366:
            raise forms.ValidationError("A pause lasts a year at most.")
        return day

    def save(self, commit: bool = True) -> Subscriber:
        """All topics ticked, or none, is all of them: also those that are still to come."""
        bits = [int(bit) for bit in self.cleaned_data["chosen"]]
        everything = len(bits) in (0, len(self.fields["chosen"].choices))  # type: ignore[attr-defined]
        self.instance.topics = 0 if everything else sum(1 << bit for bit in bits)
        return super().save(commit)
