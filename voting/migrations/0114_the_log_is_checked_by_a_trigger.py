"""A row of the log of votes is checked by a trigger on PostgreSQL when it is written; it is never changed."""

from django.db import migrations

from voting.migrations._checks import checked_by_trigger

CHECKS = {
    "vote_event_kind_is_known": "NEW.kind IN ('cast', 'change', 'retract', 'merge', 'state', 'erase')",
    "vote_event_old_value_is_known": "NEW.old_value BETWEEN -1 AND 1",
    "vote_event_new_value_is_known": "NEW.new_value BETWEEN -1 AND 1",
    "vote_event_has_an_actor": "NEW.actor <> ''",
}


class Migration(migrations.Migration):
    dependencies = [("voting", "0113_room_for_changes")]
    operations = [checked_by_trigger("voting_voteevent", CHECKS, on="BEFORE INSERT")]
