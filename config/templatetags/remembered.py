"""Parts of pages that are made once for the same values.

    {% remembered "components/facts.html" rows=rows columns=columns %}

does what `{% include … with … only %}` does, and remembers the HTML by what it was made of. Every page is made of what the
database says at that moment; a part is rendered again as soon as one value in it is another. Nothing has to be dropped,
and nothing can be stale: what was remembered for other values is never asked for.

So a part may depend on nothing but its values, the templates and the settings: rows of the database are refused, for two
of them count as equal when their keys are, whatever they say.
"""

import datetime
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from django import template
from django.conf import settings
from django.template.base import FilterExpression, Parser, Token, token_kwargs
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

from tools.memory import Memory

MOST_CHARACTERS = 16_000_000  # in each process
PLAIN = {str, int, bool, type(None), datetime.date}
register = template.Library()


parts: Memory[SafeString] = Memory(MOST_CHARACTERS)


class RememberedNode(template.Node):
    def __init__(self, name: str, inputs: dict[str, FilterExpression]) -> None:
        self.name, self.names, self.expressions = name, tuple(inputs), tuple(inputs.values())

    def render(self, context: template.Context) -> SafeString:
        values = tuple([it.resolve(context) for it in self.expressions])
        kinds = tuple([type(it) for it in values])  # a text that is safe as it is equals one that has to be escaped
        key = (self.name, self.names, values, kinds)
        html = None if settings.DEBUG else parts.get(key)  # in development templates change while the site runs
        if html is None:
            for value in values:
                refuse_rows(value if type(value) is not SafeString else None)
            html = mark_safe(_render(self.name, dict(zip(self.names, values, strict=True))))  # noqa: S308
            parts.put(key, html, len(html))
        return html


def _render(name: str, values: dict[str, Any]) -> str:
    return get_template(name).template.render(template.Context(values))  # type: ignore[attr-defined]


def refuse_rows(value: Any) -> None:
    """Raise TypeError unless equal values of this kind always look alike on a page."""
    if type(value) in PLAIN or isinstance(value, Enum):
        return
    if isinstance(value, tuple):
        inside: list[Any] = list(value)
    elif is_dataclass(value) and getattr(type(value), "__dataclass_params__").frozen:  # noqa: B009
        inside = [getattr(value, it.name) for it in fields(value)]
    else:
        raise TypeError(f"A part of a page cannot be remembered by a {type(value).__name__}.")
    for one in inside:
        refuse_rows(one)


@register.tag
def remembered(parser: Parser, token: Token) -> RememberedNode:
    """Render a template with these values and nothing else, once for the same values."""
    words = token.split_contents()[1:]
    name = words.pop(0) if words else ""
    inputs = token_kwargs(words, parser)
    if words or not name.startswith(('"', "'")):
        raise template.TemplateSyntaxError("remembered takes the name of a template in quotes, and name=value pairs.")
    return RememberedNode(name[1:-1], inputs)
