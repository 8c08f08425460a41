from django.apps import AppConfig


class ToolsConfig(AppConfig):
    """Facts about tools. Imports no other app."""

    name = "tools"
    verbose_name = "Catalogue"
