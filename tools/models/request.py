"""A reader asks for a tool that the panel has not judged."""

import re
import unicodedata

from django.db import models, transaction
from django.db.models import F, Q

from tools.models.asked import ANSWERED, MOST_WORDS, Asked, AskedQuerySet, AskedState, asked_constraints
from tools.models.checked import WebAddressField, web_address_constraint
from tools.models.tool import Tool


def name_key(name: str) -> str:
    """Return what two spellings of one name have in common: letters and digits, without case."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\W_]+", "", plain) or plain


class ToolRequestQuerySet(AskedQuerySet["ToolRequest"]):
    @transaction.atomic
    def ask(self, name: str, homepage: str = "", why: str = "") -> "ToolRequest":
        """Return the request for a tool of this name: a new one, or the one that stands, asked for once more."""
        made, is_new = self.exclude(state=AskedState.DROPPED).get_or_create(
            key=name_key(name), defaults={"name": name, "homepage": homepage, "why": why}
        )
        if not is_new:
            self.filter(pk=made.pk).update(times=F("times") + 1)
        return made


class ToolRequest(Asked):
    """A tool that readers miss, and how often it was asked for."""

    name = models.CharField(max_length=120, editable=False)
    key = models.CharField(max_length=400, editable=False)
    homepage = WebAddressField(blank=True, editable=False)
    why = models.CharField("why it matters", max_length=MOST_WORDS, blank=True, editable=False)
    times = models.PositiveIntegerField("asked for", default=1, editable=False)
    tool = models.ForeignKey(
        Tool,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="requests",
        help_text="The tool on the site that answers it. Readers are led there once it is published.",
    )

    objects = ToolRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-sent_at", "-pk"]
        indexes = [models.Index(fields=["state", "-times", "-sent_at"], name="request_queue")]
        constraints = [
            *asked_constraints("request", AskedState.values),
            models.UniqueConstraint(fields=["key"], condition=~Q(state="dropped"), name="one_request_per_name"),
            models.CheckConstraint(condition=~Q(name="") & Q(times__gte=1), name="request_asks_for_something"),
            web_address_constraint("homepage", "request_homepage_is_web"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_answered(self) -> bool:
        return self.state in ANSWERED

    @property
    def judged(self) -> Tool | None:
        """The tool it has become, once readers may see it."""
        return self.tool if self.tool and self.tool.is_public else None

    def show(self) -> None:
        """Let it stand in the public list while it is being considered."""
        self.settle(AskedState.LISTED)

    def accept(self, answer: str) -> None:
        self.settle(AskedState.ACCEPTED, answer)
