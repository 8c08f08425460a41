"""Write down what had changed before there was a log: from the histories of tools and facts, and from dated prices.

Running it again adds nothing: a tool that the log knows of is left alone.
"""

import datetime
from itertools import groupby

from django.db import migrations

BATCH = 2_000
KINDS = {
    "tool": ["listed", "unlisted", "renamed", "moved", "version", "entry", "discontinued", "resumed"],
    "price": ["price"],
    "fact": ["fact"],
}
ENTRY_WORDS = {"": "not checked", "contact": "contact sales"}


def fill(apps, schema_editor):
    change = apps.get_model("tools", "Change")
    for kind, source in (("tool", tool_changes), ("price", price_changes), ("fact", fact_changes)):
        known = set(change.objects.filter(kind__in=KINDS[kind]).values_list("tool_id", flat=True).distinct())
        write(change, (row for row in source(apps) if row["tool_id"] not in known))


def write(change, rows):
    batch = []
    for row in sorted(rows, key=lambda row: row["at"]):  # the order of the keys is the order of events
        batch.append(change(**row))
        if len(batch) == BATCH:
            change.objects.bulk_create(batch)
            batch = []
    change.objects.bulk_create(batch)


def tool_changes(apps):
    tool, history = apps.get_model("tools", "Tool"), apps.get_model("tools", "HistoricalTool")
    listed = set()
    there = set(tool.objects.values_list("pk", flat=True))
    rows = history.objects.order_by("id", "history_date", "history_id")
    for pk, steps in groupby(rows.iterator(), key=lambda row: row.id):
        before = None
        for step in steps:
            if pk in there:
                for kind, payload in told(step, before):
                    listed.add(pk)
                    yield {"tool_id": pk, "kind": kind, "at": step.history_date, "payload": payload}
            before = step
    for row in tool.objects.exclude(state="draft").iterator():
        if row.pk not in listed:
            yield {"tool_id": row.pk, "kind": "listed", "at": row.published_at, "payload": {}}


def told(step, before):
    was_public = before is not None and before.state != "draft"
    if step.state == "draft" or not was_public:
        kind = "listed" if step.state != "draft" else "unlisted"
        return [(kind, {})] if was_public or step.state != "draft" else []
    found = []
    for column, kind in (("name", "renamed"), ("slug", "moved")):
        if getattr(step, column) != getattr(before, column):
            found.append((kind, {"now": getattr(step, column), "was": getattr(before, column)}))
    if step.latest_version and step.latest_version != before.latest_version:
        found.append(("version", {"now": step.latest_version, "was": before.latest_version}))
    if step.state != before.state:
        found.append(("discontinued" if step.state == "discontinued" else "resumed", {}))
    if step.entry != before.entry:
        now, was = (ENTRY_WORDS.get(entry, entry) for entry in (step.entry, before.entry))
        found.append(("entry", {"now": now, "was": was}))
    for column, label in (("licence", "Licence"), ("vendor", "Vendor")):
        if getattr(step, column) != getattr(before, column):
            now, was = (getattr(row, column) or "not checked" for row in (step, before))
            found.append(("fact", {"what": label, "now": now, "was": was}))
    return found


def price_changes(apps):
    rows = apps.get_model("tools", "Price").objects.order_by("tool", "plan", "starts_on")
    for _, steps in groupby(rows.iterator(), key=lambda row: (row.tool_id, row.plan)):
        was = ""
        for price in steps:
            at = datetime.datetime.combine(price.starts_on, datetime.time.min, datetime.UTC)
            now = price_words(price)
            payload = {"what": price.plan, "now": now, "was": was}
            yield {"tool_id": price.tool_id, "kind": "price", "at": at, "payload": payload}
            was = now


def price_words(price):
    if price.amount is None:
        return "No longer offered"
    sign = {"USD": "$", "EUR": "€", "GBP": "£"}.get(price.currency, f"{price.currency} ")
    amount = f"{price.amount:,.4f}".rstrip("0").rstrip(".")
    if "." in amount and len(amount.split(".")[1]) == 1:
        amount += "0"
    unit = f" per {price.unit}" if price.unit else ""
    return f"{sign}{amount}{unit}" + ("" if price.period == "use" else f" {price.get_period_display()}")


def fact_changes(apps):
    tools = dict(apps.get_model("tools", "Tool").objects.exclude(published_at=None).values_list("pk", "published_at"))
    labels = dict(apps.get_model("tools", "FactKind").objects.values_list("pk", "label"))
    rows = apps.get_model("tools", "HistoricalFact").objects.order_by("tool", "kind", "history_date", "history_id")
    for (tool, kind), steps in groupby(rows.iterator(), key=lambda row: (row.tool_id, row.kind_id)):
        was = "Not checked"
        for step in steps:
            now = "Not checked" if step.history_type == "-" else fact_words(step)
            if now != was and tool in tools and tools[tool] < step.history_date:
                payload = {"what": labels.get(kind, "…"), "now": now, "was": was}
                yield {"tool_id": tool, "kind": "fact", "at": step.history_date, "payload": payload}
            was = now


def fact_words(fact):
    if fact.answer == "text":
        return fact.text
    return fact.get_answer_display() + (f" ({fact.text})" if fact.text else "")


class Migration(migrations.Migration):
    dependencies = [("tools", "0004_the_log_of_changes_only_grows")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
