"""Two more things a mailed link may do: follow tools, and let an address go.

The table has no trigger that rebuilding it on SQLite could lose. No link of the purpose that is gone was ever mailed.
"""

from django.db import migrations, models

PURPOSES = ["confirm", "follow", "change", "release", "export", "erase"]


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0021_frozen_issues_are_fixed")]

    operations = [
        migrations.RemoveConstraint("confirmation", "confirmation_purpose_is_known"),
        migrations.AlterField(
            "confirmation",
            "purpose",
            models.CharField(
                max_length=8,
                choices=[
                    ("confirm", "Confirm a subscription"),
                    ("follow", "Follow tools"),
                    ("change", "Take a new address"),
                    ("release", "Let the former address go"),
                    ("export", "Download one's data"),
                    ("erase", "Delete everything"),
                ],
            ),
        ),
        migrations.AddConstraint(
            "confirmation",
            models.CheckConstraint(condition=models.Q(purpose__in=PURPOSES), name="confirmation_purpose_is_known"),
        ),
    ]
