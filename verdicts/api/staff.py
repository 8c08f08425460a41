"""What the addresses for staff have in common: who gets in, stale writes, and the log that the admin keeps."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.db import IntegrityError, models, transaction
from rest_framework.permissions import BasePermission

from tools.api.errors import Conflict
from tools.api.params import StrictField
from tools.api.views import PRIVATE, ApiView
from voting.accounts import lacks_second_factor
from voting.authentication import BrowserAuthentication, TokenAuthentication


class IsStaff(BasePermission):
    """Staff with the permissions of the admin, by a session or by a token that may write."""

    message = "Your account may not do this."

    def has_permission(self, request: Any, view: Any) -> bool:
        user = request.user
        if request.auth is not None and not request.auth.may_write:
            self.message = "This token may not write. Make one that may on your account's page of tokens."
            return False
        if not (user.is_authenticated and user.is_staff):
            return False
        if lacks_second_factor(user):
            self.message = "Staff need a passkey here. Make one on your account's page."
            return False
        return any(user.has_perms(needed) for needed in view.needs.get(request.method, [[]]))


class OfStaff(ApiView):
    """Not for readers: nothing is kept, nobody gets in without saying who they are."""

    authentication_classes = [TokenAuthentication, BrowserAuthentication]
    permission_classes = [IsStaff]
    cache_control: ClassVar[dict[str, Any]] = PRIVATE
    is_kept = False
    is_closed = True
    can_conflict = True
    tag = "staff"
    needs: ClassVar[dict[str, list[Sequence[str]]]] = {}  # by method: sets of permissions, one of which is enough

    def log(self, row: models.Model, words: str, *, is_new: bool = False) -> None:
        """Write it where the admin writes what its editors do."""
        flag = ADDITION if is_new else CHANGE
        LogEntry.objects.log_actions(self.request.user.pk or 0, [row], flag, f"{words} Over the API.")


@contextmanager
def writing() -> Iterator[None]:
    """Do all of it or nothing. What the database refuses at the last moment, somebody else has just written."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise Conflict from error


def check_version(sent: str | None, stands: str | None) -> None:
    """Raise Conflict unless the caller has seen what stands now."""
    if sent != stands:
        raise Conflict


class VersionField(StrictField):
    """Which state of a thing the caller has seen."""

    def __init__(self, **kwargs: Any) -> None:
        words: Any = "The `version` of what you read. A write is refused when somebody else has saved since."
        usual: dict[str, Any] = {"max_length": 60, "help_text": words, "pattern": "^[0-9T:.+-]+$"}
        super().__init__(**usual | kwargs)
