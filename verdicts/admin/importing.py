"""Verdicts in and out as CSV or JSON. What comes in is a draft, by the rules of typing it."""

from typing import Any

from django.core.exceptions import ValidationError
from import_export import fields, resources
from import_export.widgets import ForeignKeyWidget

from tools.admin.exporting import refused
from tools.models import Tool
from tools.text import clean_line, clean_text
from verdicts.models import Reviewer, Verdict
from voting.models import User

CONTENT = [*Verdict.CONTENT, "revision_note"]


class VerdictResource(resources.ModelResource):
    """One verdict a line, by natural keys: the tool's and the persona's address, the editor's e-mail."""

    tool = fields.Field("tool", "tool", ForeignKeyWidget(Tool, "slug"))
    reviewer = fields.Field("reviewer", "reviewer", ForeignKeyWidget(Reviewer, "slug"))
    editor = fields.Field("editor", "editor", ForeignKeyWidget(User, "email"))
    number = fields.Field("number", "revision", readonly=True)
    state = fields.Field("state", "state", readonly=True)
    published_at = fields.Field("published_at", "published_at", readonly=True)

    class Meta:
        model = Verdict
        name = "Verdicts"
        import_id_fields = ["tool", "reviewer"]
        fields = ["tool", "reviewer", *CONTENT, "number", "state", "published_at"]
        import_order = export_order = fields
        skip_unchanged = True
        report_skipped = True

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        """Tidy the cells as the forms do."""
        for name, cell in row.items():
            text = "" if cell is None else refused(str(cell))
            if "\x00" in text:
                raise ValidationError({name: "Null characters are not allowed."})
            row[name] = clean_text(text) if name == "reason" else clean_line(text)

    def get_or_init_instance(self, instance_loader: Any, row: dict[str, Any]) -> tuple[Verdict, bool]:
        """Return the row to fill: a draft as it is, else a copy of what is published, else an empty one."""
        tool = Tool.objects.filter(slug=row.get("tool", "")).first()
        reviewer = Reviewer.objects.filter(slug=row.get("reviewer", "")).first()
        if tool is None or reviewer is None:
            missing = "tool" if tool is None else "reviewer"
            raise ValidationError({missing: f"There is no {missing} “{row.get(missing, '')[:60]}”."})
        standing = Verdict.objects.filter(tool=tool, reviewer=reviewer, state__in=["draft", "published"])
        base = standing.select_related("editor").order_by("-number").first()
        if base and base.state == Verdict.State.DRAFT:
            base.tool, base.reviewer = tool, reviewer
            base.based_on = base
            return base, False
        new = Verdict(tool=tool, reviewer=reviewer)
        new.number = new.next_number()
        new.based_on = base
        for name in Verdict.CONTENT if base else []:
            setattr(new, name, getattr(base, name))
        return new, True

    def import_field(self, field: fields.Field, instance: Verdict, row: dict[str, Any], **kwargs: Any) -> None:
        """An editor is found in any case of letters, and named if unknown."""
        if field.attribute != "editor":
            super().import_field(field, instance, row, **kwargs)
        elif email := row.get("editor"):
            instance.editor = User.objects.filter(email__iexact=email, is_staff=True).first()
            if instance.editor is None:
                raise ValueError(f"No editor has the e-mail address {email[:80]}.")

    def do_instance_save(self, instance: Verdict, is_create: bool) -> None:
        base = instance.based_on
        if base is None:
            instance.full_clean()
            instance.save()
            return
        content = {name: getattr(instance, name) for name in CONTENT}
        saved = Verdict.objects.get(pk=base.pk).revise(seen_edits=base.edits, **content)
        instance.pk, instance.edits = saved.pk, saved.edits
