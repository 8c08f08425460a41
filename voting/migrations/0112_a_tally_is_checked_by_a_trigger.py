"""The counters of a tally are checked by a trigger on PostgreSQL, with every vote."""

from django.db import migrations

from voting.migrations._checks import checked_by_trigger

ALL_TIME = ("ships", "skips", "verified_ships", "verified_skips", "regulars")
COUNTERS = (*ALL_TIME, *(f"era_{name}" for name in ALL_TIME), "held", "discarded", "era")
CHECKS = {f"voting_tally_{name}_check": f"NEW.{name} >= 0" for name in COUNTERS} | {
    "tally_verified_ships_are_ships": "NEW.verified_ships <= NEW.ships",
    "tally_verified_skips_are_skips": "NEW.verified_skips <= NEW.skips",
    "tally_ships_of_an_era_are_ships": "NEW.era_ships <= NEW.ships",
    "tally_skips_of_an_era_are_skips": "NEW.era_skips <= NEW.skips",
}


class Migration(migrations.Migration):
    dependencies = [("voting", "0111_a_tally_is_touched_row_by_row")]
    operations = [checked_by_trigger("voting_tally", CHECKS)]
