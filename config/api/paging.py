"""Pages by cursor: rows that come and go between two pages neither repeat nor hide others."""

import datetime
from typing import Any

from django.core import signing
from django.db.models import Q, QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from tools.api.errors import Unacceptable

PAGE_SIZE = 25


class CursorPages(BasePagination):
    """A page begins after a row, named by the value it is ordered by and its key.

    REST framework's own cursors count rows of equal value instead of naming one, so a row that leaves such a run shifts
    the pages behind it. Ours are signed: a made-up one is refused before the database sees what is in it.
    """

    def paginate_queryset(self, queryset: QuerySet, request: Any, view: Any = None) -> list[Any]:
        self.request = request
        self.column, self.is_falling = _order_of(queryset)
        self.signer = signing.Signer(salt=f"api.cursor.{type(view).__name__}.{queryset.query.order_by}")
        size = view.asked.get("limit", PAGE_SIZE)
        backwards, place = self._opened(view.asked.get("cursor"))
        rows = queryset
        if place is not None:
            rows = rows.filter(self._beyond(place, backwards=backwards))
        found = list((rows.reverse() if backwards else rows)[: size + 1])
        page, goes_on = found[:size], len(found) > size
        if backwards:
            page.reverse()
        has_more_after = backwards or goes_on
        has_more_before = goes_on if backwards else place is not None
        self.next = self._link(page[-1], backwards=False) if page and has_more_after else None
        self.previous = self._link(page[0], backwards=True) if page and has_more_before else None
        return page

    def _beyond(self, place: tuple[Any, int], *, backwards: bool) -> Q:
        value, key = place
        way = "lt" if self.is_falling != backwards else "gt"
        return Q(**{f"{self.column}__{way}": value}) | Q(**{self.column: value, f"pk__{way}": key})

    def _opened(self, cursor: str | None) -> tuple[bool, tuple[Any, int] | None]:
        if cursor is None:
            return False, None
        try:
            backwards, value, key = self.signer.unsign_object(cursor)
        except (signing.BadSignature, ValueError) as error:
            words = "This cursor does not belong here. Start again without one."
            raise Unacceptable({"cursor": [words]}, code="invalid") from error
        return bool(backwards), (value, key)

    def _link(self, row: Any, *, backwards: bool) -> str:
        value = row
        for name in self.column.split("__"):
            value = getattr(value, name)
        said = value.isoformat() if isinstance(value, datetime.date) else value
        cursor = self.signer.sign_object([int(backwards), said, row.pk])
        return replace_query_param(self.request.build_absolute_uri(), "cursor", cursor)

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self.next, "previous": self.previous, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "nullable": True, "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {**link, "description": "The page after this one; null on the last."},
                "previous": {**link, "description": "The page before this one; null on the first."},
                "results": schema,
            },
        }


def _order_of(queryset: QuerySet) -> tuple[str, bool]:
    """Return the column a list is ordered by, and whether it falls; the key comes second and runs the same way."""
    first, second = queryset.query.order_by
    is_falling = str(first).startswith("-")
    assert second == ("-pk" if is_falling else "pk"), f"{first} needs the key after it, running the same way"
    return str(first).lstrip("-"), is_falling
