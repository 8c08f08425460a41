"""`manage.py newsletter_status`: how the issues stand, and what a person has to look at. Exit code 1 when there is any."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from newsletter import breaker, checks, leases
from newsletter.models import Issue, SendBatch, SendControl
from newsletter.progress import progress_of

SHOWN = 6


class Command(BaseCommand):
    help = "Say how the issues stand, and what a person has to look at (then the exit code is 1)."

    def handle(self, *args: Any, **options: Any) -> None:
        now, alarms = timezone.now(), list(checks.problems())
        for issue in Issue.objects.order_by("-day")[:SHOWN]:
            done = progress_of(issue)
            self.stdout.write(f"{issue.period_key}  {issue.get_state_display():<22} {done.words}")
            if issue.state == Issue.State.PAUSED:
                alarms.append(f"{issue} is paused: {issue.paused_reason}")
            if issue.state == Issue.State.MISSED:
                alarms.append(f"{issue} missed its hour. Approve it to send it anyway, or cancel it.")
        waiting = SendBatch.objects.filter(leases.claimable(now))
        overdue = waiting.filter(wave_at__lt=now - leases.LEASE * 5).count()
        if overdue:
            alarms.append(f"{overdue} batches wait and nobody takes them: is a worker of the queue mail_bulk running?")
        skipped = Issue.objects.exclude(state__in=Issue.State.DRAFT).order_by("-day")[:3]
        if len(skipped) == 3 and all(issue.state == Issue.State.SKIPPED for issue in skipped):
            alarms.append("Three weeks without anything new.")
        control = SendControl.get()
        if breaker.few_confirm():
            alarms.append("Next to nobody who asks for the mail confirms: somebody types in other people's addresses.")
        if control.is_paused:
            alarms.append("All sending is paused.")
        self.stdout.write(f"Rate: {f'{control.rate:g} a second' if control.rate else 'no limit'}")
        for alarm in alarms:
            self.stderr.write(f"Look: {alarm}")
        if alarms:
            raise SystemExit(1)
