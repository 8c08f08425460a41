"""One shape for every refusal: `{"type": …, "errors": [{"code": …, "detail": …, "attr": …}]}`."""

from django.core.exceptions import ValidationError as ModelError
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, JsonResponse
from drf_standardized_errors.handler import ExceptionHandler
from rest_framework import serializers

from tools.api.errors import Unacceptable, Unavailable

KINDS = ["validation_error", "client_error", "server_error"]


class ErrorDetailRepresentation(serializers.Serializer):
    """What is wrong, for programs and for people."""

    code = serializers.CharField(help_text="A short name that does not change.")
    detail = serializers.CharField(help_text="The same in words, which may.")
    attr = serializers.CharField(allow_null=True, help_text="The parameter or field it is about.")


class ErrorRepresentation(serializers.Serializer):
    """Why a request was refused. Only a validation error has more than one entry."""

    type = serializers.ChoiceField(KINDS)
    errors = ErrorDetailRepresentation(many=True)


class Refusals(ExceptionHandler):
    """The library's handler, with the refusals of models and of a database that is away."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        if isinstance(exc, ModelError):
            if hasattr(exc, "error_dict"):
                named = {("non_field_errors" if k == "__all__" else k): v for k, v in exc.message_dict.items()}
                return Unacceptable(named)
            return Unacceptable({"non_field_errors": exc.messages})
        if isinstance(exc, OperationalError | InterfaceError):
            return Unavailable()
        return super().convert_known_exceptions(exc)


CODES = {400: "bad_request", 403: "permission_denied", 404: "not_found", 500: "error", 503: "unavailable"}


def refused(status: int, detail: str) -> JsonResponse:
    """Return a refusal from outside the API's own views: an address that is none, a host that is not ours."""
    kind = "server_error" if status >= 500 else "client_error"
    body = {"type": kind, "errors": [{"code": CODES[status], "detail": detail, "attr": None}]}
    return JsonResponse(body, status=status, headers={"Cache-Control": "no-store"})


def is_for_programs(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/") and not request.path_info.startswith("/api/docs")
