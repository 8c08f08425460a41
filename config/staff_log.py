"""What staff have done: the admin's own entries, to be read by superusers and changed by nobody, and a line in the log."""

from typing import Any

import structlog
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse

logger = structlog.get_logger(__name__)
CODES: dict[type[Exception], int] = {PermissionDenied: 403, Http404: 404, SuspiciousOperation: 400, BadRequest: 400}


def code_of(error: Exception) -> int:
    """Return the status code that Django will answer with where a view has raised an error."""
    return next((code for kind, code in CODES.items() if isinstance(error, kind)), 500)


def note(request: HttpRequest, code: int) -> None:
    """Log what a member of the staff has sent to the admin: who, where, which action, and what came of it."""
    if request.method != "POST" or not getattr(request.user, "is_staff", False):
        return
    match = request.resolver_match
    logger.info(
        "staff_action",
        staff=request.user.pk,
        view=match.view_name if match else "",
        row=str(match.kwargs.get("object_id", "")) if match else "",
        action=request.POST.get("action", "")[:50],
        code=code,
    )


@admin.register(LogEntry)
class StaffLogAdmin(admin.ModelAdmin):
    """Newest first; the list never counts its rows."""

    list_display = ["action_time", "user", "content_type", "object_repr", "__str__"]
    list_filter = ["action_flag", "content_type"]
    list_select_related = ["user", "content_type"]
    search_fields = ["object_repr", "user__email"]
    date_hierarchy = None
    ordering = ["-id"]
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)
