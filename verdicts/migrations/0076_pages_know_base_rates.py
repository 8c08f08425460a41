"""What moves a persona's base rates moves a line of every scorecard."""

from django.db import migrations

from tools.migrations._touching import touch_on


class Migration(migrations.Migration):
    dependencies = [("verdicts", "0075_editors_answer_readers")]
    operations = [
        touch_on("tools_change", site="r.kind IN ('verdict', 'flipped', 'withdrawn', 'listed', 'unlisted')"),
    ]
