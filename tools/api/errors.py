"""Refusals that the framework has no name for."""

from rest_framework.exceptions import APIException, ValidationError


class Conflict(APIException):
    """Somebody else has saved the same thing since the caller read it; nothing was changed."""

    status_code = 409
    default_code = "conflict"
    default_detail = "Somebody else has saved this since you read it. Read it again, then send your change anew."


class Unacceptable(ValidationError):
    """The request reads as it should and breaks a rule that no description can tell: a date that is past, a name taken."""

    status_code = 422


class WorkNeeded(APIException):
    """Very many ask at this moment: whoever asks computes a little first."""

    status_code = 428
    default_code = "work_needed"
    default_detail = "Very many ask just now. Read this address anew, and send the solution of its `work` along."


class Unavailable(APIException):
    """The database is away."""

    status_code = 503
    default_code = "unavailable"
    default_detail = "The site cannot reach its database. Ask again in a moment."
    wait = 5
