"""What may stand behind the question mark. Anything else is refused, with a hint."""

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from tools import slugs
from tools.text import VISIBLE, clean_line, clean_text

LARGEST_PAGE = 100


class StrictField(serializers.CharField):
    """Text, and nothing that would have to be made into text: no numbers, and no more than the description allows.

    `pattern` stands in the description, too.
    """

    def __init__(self, *, pattern: str = "", **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)
        self.pattern = pattern

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        if self.pattern and not re.search(self.pattern, data) and not (self.allow_blank and not data):
            raise serializers.ValidationError("This does not look as it should.", code="invalid")
        return super().to_internal_value(data)


class LineField(StrictField):
    """One line, tidied as the admin tidies it."""

    tidy: Callable[[str], str] = staticmethod(clean_line)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"pattern": "" if kwargs.get("allow_blank") else VISIBLE} | kwargs)

    def to_internal_value(self, data: Any) -> str:
        return self.tidy(super().to_internal_value(data))


class TextField(LineField):
    """Paragraphs of Markdown, tidied as the admin tidies them."""

    tidy = staticmethod(clean_text)


class DayField(serializers.DateField):
    """A day, such as 2026-11-24, and no other way to write it."""

    PATTERN = "^[1-9][0-9]{3}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|[12][0-9]))$"

    def to_internal_value(self, value: Any) -> Any:
        if not (isinstance(value, str) and re.search(self.PATTERN, value)):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(value)


class SlugField(StrictField):
    """A slug, as in an address; whether it names anything is found out by looking."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": slugs.MAX_LENGTH} | kwargs)
        self.validators.append(_check_slug)


def _check_slug(value: str) -> None:
    if not slugs.is_valid(value):
        raise serializers.ValidationError("A slug has lower-case letters, digits and single hyphens.", code="invalid")


class NamesField(serializers.CharField):
    """Some of a set of names, separated by commas."""

    def __init__(self, names: Sequence[str], **kwargs: Any) -> None:
        self.names = names
        super().__init__(max_length=600, trim_whitespace=False, **kwargs)

    @property
    def pattern(self) -> str:
        """What a list of these names looks like, for the description."""
        name = f"({'|'.join(self.names)})"
        return f"^ *{name}( *, *{name})* *$"

    def to_internal_value(self, data: Any) -> list[str]:
        wanted = [name.strip(" ") for name in super().to_internal_value(data).split(",")]
        unknown = [name for name in wanted if name not in self.names]
        if unknown:
            raise serializers.ValidationError(
                f"Unknown: {unknown[0][:60]!r}.{hint(unknown[0], self.names)}", code="invalid_choice"
            )
        return wanted


class Query(serializers.Serializer):
    """The parameters of a resource: declared once, checked, documented, and nothing beside them let in."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        known = self.fields
        problems = {}
        if isinstance(data, QueryDict):
            for name in data:
                if name not in known:
                    problems[name[:60]] = [
                        serializers.ErrorDetail(f"No such parameter.{hint(name, list(known))}", code="unknown")
                    ]
                elif len(data.getlist(name)) > 1:
                    problems[name] = [serializers.ErrorDetail("Give it once.", code="repeated")]
        if problems:
            raise ValidationError(problems)
        return super().to_internal_value(data.dict() if isinstance(data, QueryDict) else data)


class PageQuery(Query):
    """The parameters of every list."""

    limit = serializers.IntegerField(
        min_value=1, max_value=LARGEST_PAGE, required=False, help_text="How many to a page; 25 unless told."
    )
    cursor = StrictField(
        pattern=r"^[A-Za-z0-9_:-]+$",
        max_length=500,
        required=False,
        help_text="Where to go on: follow `next` and `previous`, do not make one up.",
    )


class Body(serializers.Serializer):
    """What is sent along: declared once, checked, documented; a field that is not declared is refused, with a hint."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, Mapping):
            known = [name for name, field in self.fields.items() if not field.read_only]
            unknown = [str(name) for name in data if name not in known]
            if unknown:
                raise ValidationError(
                    {
                        name[:60] or "non_field_errors": [
                            serializers.ErrorDetail(f"No such field.{hint(name, known)}", code="unknown")
                        ]
                        for name in unknown[:10]
                    }
                )
        return super().to_internal_value(data)


def hint(name: str, known: Sequence[str]) -> str:
    """Return what a misspelt name may have meant, else what there is."""
    if close := get_close_matches(name.lower(), known, n=1, cutoff=0.6):
        return f" Did you mean {close[0]}?"
    return f" There are: {', '.join(sorted(known))}." if known else " There are none here."


def fields_of(representation: type[serializers.Serializer]) -> list[str]:
    return list(representation._declared_fields)
