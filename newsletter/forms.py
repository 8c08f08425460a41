"""What readers may send us."""

import zoneinfo
from functools import lru_cache
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.safestring import SafeString

from newsletter import addresses
from newsletter.models import Subscriber, Topic
from tools.models import Category
from voting.guarding import GuardedForm


@lru_cache(maxsize=1)
def zones() -> set[str]:
    return zoneinfo.available_timezones()


def zone_or_none(name: str) -> str | None:
    """Return the name if it is a time zone's."""
    return name if name in zones() else None


class AddressField(forms.CharField):
    """One address. Its errors never repeat what was typed."""

    def __init__(self) -> None:
        super().__init__(max_length=1000, error_messages={"required": "Type your e-mail address."})

    def clean(self, value: Any) -> Any:
        try:
            return addresses.parse(super().clean(value))
        except addresses.Refused as error:
            raise forms.ValidationError(str(error)) from error


class SubscribeForm(GuardedForm):
    """An address that asks for the mail, or to follow something in it.

    The pages of the site are kept for all readers, so the form at their foot has no stamp. Sent without script it comes
    back as a page that has one, to be pressed once more.
    """

    email = AddressField()

    @property
    def comes_from_a_kept_page(self) -> bool:
        return self.is_bound and not {self.STAMP, self.TRAP} & {name for name, value in self.data.items() if value}

    def come_back(self) -> bool:
        """Prepare the form to be pressed once more. False when the address has to be mended first."""
        self.errors.pop("__all__", None)
        return not self.errors

    def guard(self) -> SafeString:
        """Who comes from a kept page has had time to read: the second press may be quick."""
        if not self.comes_from_a_kept_page:
            return super().guard()
        return self.guard_with(self.new_stamp(age=self.YOUNGEST_SECONDS))


class MoveForm(forms.Form):
    """The address that the mail shall go to from now on."""

    email = AddressField()


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
        zone = zone_or_none(self.cleaned_data["tz"].strip())
        if zone is None:
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
