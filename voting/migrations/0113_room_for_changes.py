"""Voters and tallies are changed in place: room on their pages, so that a change need not touch their indexes.

Only what is written from now on is laid out so; `VACUUM FULL voting_tally` does it for what is there, if anybody cares.
"""

from django.db import migrations

ROOM = {"voting_voter": 80, "voting_tally": 50}


def make_room(apps, schema_editor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for table, filled in ROOM.items():
            schema_editor.execute(f"ALTER TABLE {table} SET (fillfactor = {filled})", params=None)


def back(apps, schema_editor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for table in ROOM:
            schema_editor.execute(f"ALTER TABLE {table} RESET (fillfactor)", params=None)


class Migration(migrations.Migration):
    dependencies = [("voting", "0112_a_tally_is_checked_by_a_trigger")]
    operations = [migrations.RunPython(make_room, back)]
