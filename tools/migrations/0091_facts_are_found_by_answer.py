"""An index by which a filter finds the tools that have one answer, without reading all the others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tools", "0090_shelves_before_states")]
    operations = [migrations.AddIndex("fact", models.Index(fields=["kind", "answer"], name="fact_answer"))]
