"""What changed on the site, from the log that the verbs write."""

from django.db.models import QuerySet
from rest_framework import serializers

from tools.api.params import NamesField, PageQuery, SlugField, fields_of
from tools.api.views import ListView, Representation
from tools.models import Change


class ChangeRepresentation(Representation):
    """One dated change of one tool."""

    ALWAYS = ("tool", "at")

    at = serializers.DateTimeField()
    tool = serializers.CharField(source="tool.slug")
    tool_name = serializers.CharField(source="tool.name")
    kind = serializers.ChoiceField(Change.Kind.choices)
    text = serializers.CharField(help_text="The change as a sentence without its tool's name.")


class ChangesQuery(PageQuery):
    tool = SlugField(required=False)
    category = SlugField(required=False)
    kind = serializers.ChoiceField(Change.Kind.choices, required=False)
    updated_since = serializers.DateTimeField(required=False, help_text="Changes from then on.")
    fields = NamesField(fields_of(ChangeRepresentation), required=False, help_text="Only these, by commas.")


class ChangesView(ListView):
    """What changed, the newest first."""

    name, tag = "changes_list", "changes"
    representation = ChangeRepresentation
    query_class = ChangesQuery

    def rows(self) -> QuerySet[Change]:
        columns = {"tool": "tool__slug", "category": "tool__category__slug", "kind": "kind", "updated_since": "at__gte"}
        wanted = {column: self.asked[name] for name, column in columns.items() if name in self.asked}
        shown = Change.objects.public().select_related("tool").only("at", "kind", "payload", "tool__slug", "tool__name")
        return shown.filter(**wanted).order_by("-at", "-pk")
