"""Challenges that have been solved once: a table that refuses the second use of one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("voting", "0051_pages_know_of_cases")]
    operations = [
        migrations.CreateModel(
            name="SpentWork",
            fields=[
                ("challenge", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("challenge", ""), _negated=True), name="spent_work_is_of_a_challenge"
                    )
                ],
            },
        ),
    ]
