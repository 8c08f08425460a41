"""The whole panel as a scorecard to fill in: one row per persona, on the tool's page."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminDateWidget
from django.utils.functional import cached_property

from tools.admin.fields import LineField, MarkdownField, MarkdownWidget
from tools.admin.rows import RowForm, Rows, RowsInline
from tools.models import Tool
from verdicts.models import Reviewer, Verdict
from voting.models import User

ACTIONS = [("draft", "Save as draft"), ("publish", "Save and publish")]
CONTENT = [*Verdict.CONTENT, "revision_note"]


@dataclass
class Seat:
    """What there is of one persona's verdict on one tool."""

    tool: Tool
    reviewer: Reviewer
    draft: Verdict | None = None
    published: Verdict | None = None
    retired: Verdict | None = None  # the last one that was withdrawn, shown while nothing has come after it

    @property
    def current(self) -> Verdict | None:
        """The row that typing changes: the draft, else what is published (then a new revision of it)."""
        return self.draft or self.published

    @property
    def latest(self) -> Verdict | None:
        return self.current or self.retired

    def blank(self) -> Verdict:
        """A row in memory for the form to fill, starting from what stands."""
        row = Verdict(tool=self.tool, reviewer=self.reviewer)
        if self.current:
            for field in Verdict.CONTENT:
                setattr(row, field, getattr(self.current, field))
            row.revision_note = self.draft.revision_note if self.draft else ""
        return row


class VerdictForm(RowForm):
    """One row of the scorecard."""

    reason = MarkdownField(max_length=6_000, widget=MarkdownWidget, help_text="Markdown. Why, in 60 to 120 words.")
    tool_version = LineField(required=False, max_length=60, widget=forms.TextInput(attrs={"class": "vTextField"}))
    revision_note = LineField(
        label="What changed",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text="For readers; needed when a published verdict is replaced.",
    )
    editor = forms.TypedChoiceField(help_text="Who answers for it.")
    action = forms.ChoiceField(choices=ACTIONS, initial="draft", label="Then")
    seen_pk = forms.IntegerField(required=False, widget=forms.HiddenInput)
    seen_edits = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Verdict
        fields = ["decision", "reason", "evidence", "tool_version", "tested_on", "revision_note"]
        widgets = {"tested_on": AdminDateWidget}

    def __init__(
        self, *args: Any, seat: Seat, editors: dict[int, User], user: User, may_publish: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.seat, self.theirs = seat, None
        self.fields["editor"].choices = [(pk, str(editor)) for pk, editor in editors.items()]
        self.fields["editor"].coerce = {str(pk): editor for pk, editor in editors.items()}.get
        self.initial["editor"] = seat.current.editor_id if seat.current else user.pk
        self.initial["seen_pk"], self.initial["seen_edits"] = self.standing
        if not may_publish:
            self.fields["action"].choices = ACTIONS[:1]

    @property
    def standing(self) -> tuple[int | None, int | None]:
        """Which row stands now, and how often it has been saved."""
        return (self.seat.current.pk, self.seat.current.edits) if self.seat.current else (None, None)

    @property
    def is_new(self) -> bool:
        return self.seat.current is None

    @cached_property
    def changed_data(self) -> list[str]:
        """What this editor typed. Whose name stands there, or a wish to publish what is published, is not yet typing."""
        changed = [name for name in super().changed_data if not name.startswith("seen_")]
        if set(changed) <= {"editor"} and self.is_new:
            return []
        return [] if changed == ["action"] and not self.seat.draft and self.seat.published else changed

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if (cleaned.get("seen_pk"), cleaned.get("seen_edits")) != self.standing:
            self._show_both()
        elif cleaned.get("action") == "publish" and self.seat.published and not cleaned.get("revision_note"):
            self.add_error("revision_note", "Say in a few words what changed: readers will see it.")
        return cleaned

    def _show_both(self) -> None:
        self.theirs = self.seat.current
        self.add_error(
            None,
            "Somebody else has saved this verdict since you opened the page. What you typed is still here and nothing "
            "was saved. Their text is shown with it: save again to put yours in its place.",
        )
        self.data = self.data.copy()
        for name, value in zip(["seen_pk", "seen_edits"], self.standing, strict=True):
            self.data[self.add_prefix(name)] = "" if value is None else str(value)

    def save_verdict(self) -> Verdict | None:
        """Keep what was typed, as a draft or published. Raises EditConflict and ValidationError as `Verdict` does."""
        content = {name: self.cleaned_data[name] for name in CONTENT}
        current = self.seat.current
        if current is None:
            draft = Verdict(tool=self.seat.tool, reviewer=self.seat.reviewer, **content)
            draft.number = draft.next_number()
            draft.full_clean()
            draft.save()
        elif (
            current.is_published
            and all(getattr(current, n) == content[n] for n in Verdict.CONTENT)
            and not content["revision_note"]
        ):
            return None
        else:
            draft = current.revise(seen_edits=self.cleaned_data["seen_edits"], **content)
        if self.cleaned_data["action"] == "publish":
            draft.publish()
        return draft


class PanelRows(Rows):
    """One row per active persona, whether it has spoken or not."""

    form_class = VerdictForm
    marker = "decision"

    @classmethod
    def get_default_prefix(cls) -> str:
        return "panel"

    def rows(self) -> list[tuple[str, Seat]]:
        tool = self.instance
        seats = {reviewer.pk: Seat(tool, reviewer) for reviewer in Reviewer.objects.active()}
        states = Verdict.State
        if tool.pk:
            rows = Verdict.objects.filter(tool=tool, reviewer__in=seats).exclude(state=states.SUPERSEDED)
            for row in rows.select_related("editor", "withdrawn_by").order_by("number"):
                seat = seats[row.reviewer_id]
                row.tool, row.reviewer = tool, seat.reviewer
                name = {states.DRAFT: "draft", states.PUBLISHED: "published"}.get(row.state, "retired")
                setattr(seat, name, row)
        return [(seat.reviewer.slug, seat) for seat in seats.values()]

    @cached_property
    def editors(self) -> dict[int, User]:
        """Everyone who may answer for a text: staff, and whoever answers for one already."""
        here = {seat.current.editor_id: seat.current.editor for _, seat in self.found if seat.current}
        return {
            user.pk: user for user in User.objects.filter(is_staff=True, is_active=True).order_by("name", "email")
        } | here

    def make_form(self, key: Any, row: Seat, data: Any) -> VerdictForm:
        user = self.request.user
        return VerdictForm(
            data,
            instance=row.blank(),
            prefix=f"{self.prefix}-{key}",
            seat=row,
            editors=self.editors,
            user=user,
            may_publish=user.has_perm("verdicts.publish_verdict"),
        )

    def save_row(self, form: VerdictForm) -> Verdict | None:
        form.seat.tool = self.instance
        return form.save_verdict()


class PanelInline(RowsInline):
    model = Verdict
    rows_class = PanelRows
    fields = ["decision"]
    template = "admin/scorecard.html"
