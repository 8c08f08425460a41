"""What every address of the API has in common: parameters, validators, caching, rate headers, sparse fields."""

import datetime
from collections.abc import Sequence
from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control
from django.utils.http import http_date
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from tools.api.params import Body, Query
from tools.api.state import Validators, validators

FRESH_SECONDS = 30
READING = {"GET", "HEAD", "OPTIONS"}
PRIVATE = {"private": True, "no_store": True}


class Representation(serializers.Serializer):
    """What a resource looks like. `EXPANDABLE` parts come only when asked for; `ALWAYS` names what sparse answers keep."""

    ALWAYS: ClassVar[Sequence[str]] = ("slug",)
    EXPANDABLE: ClassVar[Sequence[str]] = ()

    def get_fields(self) -> dict[str, serializers.Field]:
        fields = super().get_fields()
        if "asked" not in self.context:  # for the schema: everything there is
            return fields
        asked = self.context["asked"] if self._is_outermost else {}
        wanted, expanded = asked.get("fields"), asked.get("expand", ())
        return {
            name: field
            for name, field in fields.items()
            if name in expanded
            or name in self.ALWAYS
            or (name in wanted if wanted else name not in self.EXPANDABLE or name in self.context.get("whole", ()))
        }

    @property
    def _is_outermost(self) -> bool:
        return self is self.root or getattr(self.root, "child", None) is self


class ApiView(APIView):
    """A door to the site for programs."""

    name = ""
    tag = ""
    query_class: type[Query] = Query
    cache_control: ClassVar[dict[str, Any]] = PRIVATE
    bodies: ClassVar[dict[str, type[Body]]] = {}  # by method: what may be sent along
    is_kept = False  # on where the answer is the same for everyone, so that it has validators
    is_closed = False  # on where nobody gets in without saying who they are
    deprecated_on: datetime.date | None = None
    sunset_on: datetime.date | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if not hasattr(self, str(request.method).lower()):
            self.http_method_not_allowed(request)
        super().initial(request, *args, **kwargs)
        query = (self.query_class if request.method in READING else Query)(data=request.query_params)
        query.is_valid(raise_exception=True)
        self.asked: dict[str, Any] = dict(query.validated_data)

    def sent(self) -> dict[str, Any]:
        """Return what was sent along, checked. Raises ValidationError, field by field."""
        body = self.bodies[str(self.request.method)](data=self.request.data)
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(status=204)

    def finalize_response(self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any) -> Response:
        answer = super().finalize_response(request, cast(Response, response), *args, **kwargs)
        for name, value in getattr(request, "rate_headers", {}).items():
            answer[name] = value
        if "Cache-Control" not in answer:
            patch_cache_control(answer, **(self.cache_control if answer.status_code < 400 else {"no_store": True}))
        if self.deprecated_on:
            answer["Deprecation"] = f"@{int(_midnight(self.deprecated_on).timestamp())}"
            if self.sunset_on:
                answer["Sunset"] = http_date(_midnight(self.sunset_on).timestamp())
        return answer


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time.min, datetime.UTC)


class ReadView(ApiView):
    """A resource that is the same for everyone, so that any cache may keep it; unchanged, it costs one small query."""

    representation: type[Representation]
    whole: ClassVar[Sequence[str]] = ()  # expandable parts that this address shows unasked
    is_kept = True
    cache_control: ClassVar[dict[str, Any]] = {"public": True, "max_age": FRESH_SECONDS}

    def slugs_shown(self) -> Sequence[str] | None:
        """The tools whose changes change the answer; None: any of the site's."""
        return None

    def validators(self) -> Validators:
        return validators(self.request.get_full_path(), self.slugs_shown())

    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.is_kept:
            return self.answer(request)
        stand = self.validators()
        meta = request.META
        if stand.match(meta.get("HTTP_IF_NONE_MATCH", ""), meta.get("HTTP_IF_MODIFIED_SINCE", "")):
            answer: HttpResponseBase = Response(status=304)
        else:
            answer = self.answer(request)
            if not isinstance(answer, Response):
                return answer
        for name, value in stand.headers.items():
            answer[name] = value
        return answer

    def answer(self, request: Request) -> HttpResponseBase:
        raise NotImplementedError

    def represented(self, thing: Any, *, many: bool = False) -> Any:
        """Return a thing as its representation shows it, with the fields and parts that were asked for."""
        return self.representation(thing, many=many, context=self.context()).data

    def context(self) -> dict[str, Any]:
        return {"asked": self.asked, "whole": self.whole}

    def wants(self, name: str) -> bool:
        """Whether a part is in the answer."""
        fields = self.asked.get("fields")
        return name in self.asked.get("expand", ()) or (name in fields if fields else name in self.whole)


class ListView(ReadView):
    """Rows of one kind, page by page."""

    def rows(self) -> QuerySet:
        raise NotImplementedError

    def prepared(self, page: list[Any]) -> Any:
        """Load what the rows of a page show beside their columns."""
        return page

    def answer(self, request: Request) -> Response:
        paginator = api_settings.DEFAULT_PAGINATION_CLASS()  # type: ignore[misc,operator]
        page = paginator.paginate_queryset(self.rows(), request, view=self)
        return paginator.get_paginated_response(self.represented(self.prepared(list(page or ())), many=True))


class DetailView(ReadView):
    """One thing by its address. `found` raises Http404, or returns a redirect to where it is now."""

    def found(self) -> Any:
        raise NotImplementedError

    def answer(self, request: Request) -> HttpResponseBase:
        thing = self.found()
        return thing if isinstance(thing, HttpResponse) else Response(self.represented(thing))
