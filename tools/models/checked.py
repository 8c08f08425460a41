"""How we know what we say."""

from typing import Any

from django.db import models
from django.db.models import Q

from tools.text import validate_web_address


class Check(models.TextChoices):
    """How a fact was checked. Only `READ` may ever be called verified."""

    UNCHECKED = "unchecked", "Not checked"
    CLAIMED = "claimed", "As the vendor states"
    ALIVE = "alive", "Link answers"
    DIFFED = "diffed", "Compared by a program"
    READ = "read", "Read by a person"


class WebAddressField(models.URLField):
    """An http(s) address of up to 500 characters."""

    default_validators = [validate_web_address]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 500)
        super().__init__(*args, **kwargs)


class Checked(models.Model):
    """A statement with how it was checked, when, and where it can be read."""

    check_method = models.CharField("how checked", max_length=9, choices=Check, default=Check.UNCHECKED)
    checked_on = models.DateField(null=True, blank=True)
    source_url = WebAddressField("source", blank=True)

    class Meta:
        abstract = True

    @property
    def is_verified(self) -> bool:
        """Whether a person read the source: the only thing the word "verified" may mean."""
        return self.check_method == Check.READ

    @property
    def is_unchecked(self) -> bool:
        return self.check_method == Check.UNCHECKED


def checked_constraints(name: str) -> list[models.BaseConstraint]:
    """Return the constraints of a `Checked` table: known methods, a date if and only if checked, a source if read."""
    return [
        models.CheckConstraint(condition=Q(check_method__in=Check.values), name=f"{name}_check_is_known"),
        models.CheckConstraint(
            condition=Q(check_method=Check.UNCHECKED, checked_on=None)
            | (~Q(check_method=Check.UNCHECKED) & Q(checked_on__isnull=False)),
            name=f"{name}_is_dated_if_checked",
            violation_error_message="A check needs its date, and a date needs how it was checked.",
        ),
        models.CheckConstraint(
            condition=~Q(check_method=Check.READ) | ~Q(source_url=""),
            name=f"{name}_has_source_if_read",
            violation_error_message="What a person has read needs the address where it was read.",
        ),
    ]


def web_address_constraint(field: str, name: str) -> models.CheckConstraint:
    """Return the constraint that a field is empty or an http(s) address."""
    return models.CheckConstraint(
        condition=Q(**{field: ""})
        | Q(**{f"{field}__startswith": "http://"})
        | Q(**{f"{field}__startswith": "https://"}),
        name=name,
        violation_error_message="An address starts with http:// or https://.",
    )
