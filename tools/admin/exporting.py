"""Lists to take away. A spreadsheet must never run what a reader or vendor wrote."""

from typing import Any

from import_export import fields, resources
from import_export.formats.base_formats import CSV, JSON
from import_export.widgets import ForeignKeyWidget

from tools.models import Category, Tool

STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def defused(cell: Any) -> Any:
    """Return the cell so that a spreadsheet takes it for text: with an apostrophe before what would be a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(STARTS_A_FORMULA) else cell


def refused(cell: Any) -> Any:
    """Return the cell as it was before `defused`."""
    return cell[1:] if isinstance(cell, str) and cell[:1] == "'" and cell[1:].startswith(STARTS_A_FORMULA) else cell


class SafeCSV(CSV):
    """CSV whose cells are never formulas."""

    def export_data(self, dataset: Any, **kwargs: Any) -> Any:
        for _ in range(len(dataset)):
            dataset.append([defused(cell) for cell in dataset.lpop()])
        return super().export_data(dataset, **kwargs)


FORMATS = [SafeCSV, JSON]


class ToolResource(resources.ModelResource):
    """A tool's own columns, with its category by address."""

    category = fields.Field("category__slug", "category", ForeignKeyWidget(Category, "slug"))

    class Meta:
        model = Tool
        name = "Tools"
        fields = [
            "slug", "name", "tagline", "description", "category", "vendor", "homepage", "repository", "documentation",
            "licence", "entry", "latest_version", "released_on", "state", "check_method", "checked_on", "source_url",
        ]  # fmt: skip
        export_order = fields
