"""How fast mail leaves: for all of it, and for single domains."""

from django.contrib import admin
from django.http import HttpRequest

from newsletter.models import DomainLimit, SendControl
from tools.admin.base import EditorAdmin


@admin.register(SendControl)
class SendControlAdmin(EditorAdmin):
    list_display = ["__str__", "is_paused", "rate", "allowed", "failures"]
    readonly_fields = ["allowed", "failures"]
    fields = ["is_paused", "rate", "allowed", "failures"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not SendControl.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: SendControl | None = None) -> bool:
        return False


@admin.register(DomainLimit)
class DomainLimitAdmin(EditorAdmin):
    list_display = ["domain", "rate", "allowed"]
    search_fields = ["domain"]
    readonly_fields = ["allowed"]
    fields = ["domain", "rate", "allowed"]
