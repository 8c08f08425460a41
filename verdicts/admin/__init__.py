"""Writing for the site: the panel on each tool's page, verdicts, comparisons, personas."""

from django.contrib import admin

from tools.models import Tool
from verdicts.admin import comparison, readers, verdict
from verdicts.admin.tool import PanelToolAdmin

__all__ = ["comparison", "readers", "verdict"]

admin.site.unregister(Tool)
admin.site.register(Tool, PanelToolAdmin)
