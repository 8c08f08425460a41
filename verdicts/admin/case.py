"""The queue of cases, and one screen for each: look, press one key, and take it back with another."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.admin.options import get_content_type_for_model
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from verdicts import case_evidence as evidence
from verdicts import case_queue
from verdicts.case_chart import chart
from voting import cases, ledger
from voting.models import Case
from voting.models.case import PUBLIC_ABOVE, SECOND_PERSON_ABOVE
from voting.splitting import split

LONGEST_NOTE = 2_000


@admin.register(Case)
class CaseAdmin(admin.ModelAdmin):
    """Cases come from the detector; people decide them, and nobody makes or removes one."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        decided = Case.objects.exclude(state=Case.State.OPEN).select_related("tool", "decided_by", "seconded_by")
        recent = decided.order_by("-decided_at", "-pk")[:20]
        return self._page(request, "cases", "Votes to look at", queue=case_queue.queue(), recent=recent)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        if not (self.has_change_permission if request.method == "POST" else self.has_view_permission)(request):
            raise PermissionDenied
        if object_id is None:  # the address to add one: nobody does
            raise PermissionDenied
        if not (object_id.isascii() and object_id.isdecimal() and len(object_id) < 19):
            raise Http404
        found = next(iter(case_queue.weighed(Case.objects.filter(pk=int(object_id)))), None)
        if found is None:
            raise Http404("No such case.")
        if request.method == "POST":
            self._decide(request, found.case)
            return redirect(request.path)
        return self._show(request, found)

    # Looking

    def _page(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, f"admin/{template}.html", frame | context)

    def _show(self, request: HttpRequest, found: case_queue.Weighed) -> HttpResponse:
        case = found.case
        networks, hosts, tiers = evidence.networks(case), evidence.referrers(case), evidence.tiers(case)
        log = LogEntry.objects.filter(content_type=get_content_type_for_model(case), object_id=str(case.pk))
        others = [it for it in case_queue.queue() if it.case.pk != case.pk]
        return self._page(
            request,
            "case",
            str(case),
            weighed=found,
            case=case,
            numbers=[found.now, found.counted, found.discarded],
            is_public=case.size > PUBLIC_ABOVE,
            public_above=PUBLIC_ABOVE,
            chart=chart(case),
            networks=networks[: evidence.MOST_ROWS],
            further_networks=len(networks[evidence.MOST_ROWS :]),
            tiers=evidence.tier_rows(case, tiers),
            dwell=evidence.dwell_rows(case),
            hosts=evidence.referrer_rows(case, hosts),
            overlaps=evidence.overlaps(case),
            parts=[it for group in (networks, hosts, tiers) for it in group[:20] if len(group) > 1],
            log=log.select_related("user").order_by("action_time"),
            line=ledger.line_of(case),
            next_case=others[0].case if others else None,
            second_above=SECOND_PERSON_ABOVE,
            may_decide=self.has_change_permission(request),
        )

    # Deciding

    def _decide(self, request: HttpRequest, case: Case) -> None:
        verbs: dict[str, Callable[[HttpRequest, Case], str]] = {
            "count": self._count,
            "discard": self._discard,
            "split": self._split,
            "note": self._note,
            "undo": self._undo,
        }
        act = verbs.get(request.POST.get("verb", ""))
        if act is None:
            messages.error(request, "Please choose one of the buttons.")
            return
        try:
            done = act(request, case)
        except cases.CaseRefused as refused:
            messages.error(request, str(refused))
            return
        self.log_change(request, case, done)
        messages.success(request, done)

    def _count(self, request: HttpRequest, case: Case) -> str:
        return self._settle(request, case, Case.Decision.COUNT, "counted", "count")

    def _discard(self, request: HttpRequest, case: Case) -> str:
        return self._settle(request, case, Case.Decision.DISCARD, "discarded", "discard")

    def _settle(self, request: HttpRequest, case: Case, decision: str, done: str, word: str) -> str:
        after = cases.decide(case, decision, by=request.user)
        votes = after.votes().count()
        if after.state == Case.State.OPEN:
            return f"Proposed to {word} {votes} votes. A second person has to agree."
        second = " as the second person" if after.seconded_by_id else ""
        return f"{votes} vote{'s' * (votes != 1)} {done}{second}."

    def _split(self, request: HttpRequest, case: Case) -> str:
        key, expected = request.POST.get("part", ""), request.POST.get("expected", "")
        groups = [*evidence.networks(case), *evidence.referrers(case), *evidence.tiers(case)]
        part = next((it for it in groups if it.key == key), None)
        if part is None or (expected and expected != str(part.size)):
            raise cases.CaseRefused("These votes have changed meanwhile. Look again, then split.")
        made = split(case, part.votes, by=request.user, what=part.label)
        self.log_addition(request, made, f"Split from case {case.pk}: {part.label}.")
        return f"{part.size} votes ({part.label}) are case {made.pk} now."

    def _note(self, request: HttpRequest, case: Case) -> str:
        case.note = request.POST.get("note", "").replace("\x00", "").strip()[:LONGEST_NOTE]
        case.save(update_fields=["note"])
        return f"Noted: {case.note}" if case.note else "The note is empty now."

    def _undo(self, request: HttpRequest, case: Case) -> str:
        if not case.decision:
            raise cases.CaseRefused("Nothing has been decided that could be taken back.")
        cases.undo(case, by=request.user)
        return "Taken back: the case is open, its votes are where they were before."
