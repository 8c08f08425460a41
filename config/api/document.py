"""The OpenAPI document as a file: made by `manage.py api_schema`, kept with the code, served as it is."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parent / "openapi.yaml"


@cache
def document() -> bytes:
    return FILE.read_bytes()


@cache
def parsed() -> dict[str, Any]:
    return yaml.safe_load(document())


def made() -> str:
    """Return the document made anew from the code."""
    from drf_spectacular.generators import SchemaGenerator
    from drf_spectacular.renderers import OpenApiYamlRenderer

    schema = SchemaGenerator(urlconf="config.api.described").get_schema(request=None, public=True)
    return OpenApiYamlRenderer().render(schema, renderer_context={}).decode()
