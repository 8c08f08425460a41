"""Subscribers, what they agreed to, and who is never mailed: to be looked up, not to be edited."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from newsletter.admin.lists import WithLists
from newsletter.models import ConsentEvent, Subscriber, Suppression


class ReadOnly:
    """What readers decided is changed by readers, or by the verbs of the site."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ConsentInline(ReadOnly, admin.TabularInline):
    model = ConsentEvent
    fields = ["at", "kind", "form", "network", "text", "detail"]
    extra = 0


@admin.register(Subscriber)
class SubscriberAdmin(ReadOnly, WithLists):
    """Millions of rows are not counted, and are found by the beginning of an address."""

    list_display = ["email", "state", "frequency", "tz", "paused_until", "confirmed_at"]
    list_filter = ["state", "frequency"]
    search_fields = ["email_norm__startswith"]
    search_help_text = "The beginning of an address, in lower case."
    ordering = ["-pk"]
    show_full_result_count = False
    exclude = ["address_hmac", "token_version"]
    inlines = [ConsentInline]


@admin.register(Suppression)
class SuppressionAdmin(ReadOnly, admin.ModelAdmin):
    """Taking a row away lets its address ask for the mail again."""

    list_display = ["digest", "reason", "source", "until", "created_at"]
    list_filter = ["reason"]
    ordering = ["-pk"]
    show_full_result_count = False
    exclude = ["address_hmac"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("newsletter.delete_suppression")
