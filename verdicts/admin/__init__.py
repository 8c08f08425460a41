"""Writing for the site: the panel on each tool's page, verdicts, comparisons, personas."""

from django.contrib import admin

from tools.models import Tool
from verdicts.admin import case, comparison, readers, verdict
from verdicts.admin.tool import PanelToolAdmin

__all__ = ["case", "comparison", "readers", "verdict"]

admin.site.unregister(Tool)
admin.site.register(Tool, PanelToolAdmin)
