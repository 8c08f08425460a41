"""A new vote costs its voter's row one statement instead of two, and no look at rules that it cannot break.

Who a voter is changes with none of their votes. So what must never be true of that is looked at when it is written, and
no longer with each count of a vote; that the count is not negative stays a CHECK.
"""

from django.db import migrations

from voting.migrations._casting import install_cast
from voting.migrations._checks import checked_by_trigger

CHECKS_OF_VOTERS = {
    "an_account_is_never_merged_into_another": "(NEW.account_id IS NULL OR NEW.merged_into_id IS NULL)",
    "no_voter_is_merged_into_itself": "NEW.merged_into_id IS DISTINCT FROM NEW.id",
    "an_erased_voter_is_nobody": "(NEW.erased_at IS NULL"
    " OR NEW.account_id IS NULL AND NEW.cookie_mac IS NULL AND NEW.merged_into_id IS NULL)",
}
WHO = "id, account_id, cookie_mac, merged_into_id, erased_at"


class Migration(migrations.Migration):
    dependencies = [("voting", "0003_squashed_0114_the_log_is_checked_by_a_trigger")]

    operations = [
        checked_by_trigger("voting_voter", CHECKS_OF_VOTERS, on=f"AFTER INSERT OR UPDATE OF {WHO}"),
        install_cast(anew=True),
    ]
