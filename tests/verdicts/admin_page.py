"""A browser for admin forms: what is on the page is what gets posted."""

from html.parser import HTMLParser
from typing import Any

from django.contrib.auth.models import Group
from django.test import Client

from tests import factories


class Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, Any] = {}
        self.select = self.area = ""

    def handle_starttag(self, tag: str, attrs: list) -> None:
        found = dict(attrs)
        name = found.get("name", "")
        if tag == "select":
            self.select = name
            self.values[name] = ""
        elif tag == "option" and "selected" in found and self.select:
            self.values[self.select] = found.get("value", "")
        elif tag == "textarea":
            self.area = name
            self.values[name] = ""
        elif tag == "input" and name and found.get("type") not in {"submit", "file"}:
            if found.get("type") in {"checkbox", "radio"} and "checked" not in found:
                return
            self.values[name] = found.get("value") or ("on" if "checked" in found else "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = ""
        elif tag == "textarea":
            # What a browser does: it drops the first line end and sends CRLF.
            self.values[self.area] = self.values[self.area].removeprefix("\n").replace("\n", "\r\n")
            self.area = ""

    def handle_data(self, data: str) -> None:
        if self.area:
            self.values[self.area] += data


def fields_of(response: Any) -> dict[str, Any]:
    """Return what the form on a page would post, untouched."""
    parser = Fields()
    parser.feed(response.content.decode())
    return {
        name: value
        for name, value in parser.values.items()
        if "__prefix__" not in name and name not in {"CHANGE_FORM-action", "_selected_action", "q", "index"}
    }


def opened(client: Client, tool: Any) -> dict[str, Any]:
    return fields_of(client.get(f"/admin/tools/tool/{tool.pk}/change/"))


def save(client: Client, tool: Any, page: dict[str, Any], **typed: Any) -> Any:
    """Post a page with some fields typed over; underscores of a row's name stand for its hyphens."""
    typed = {name.replace("__", "-"): value for name, value in typed.items()}
    return client.post(f"/admin/tools/tool/{tool.pk}/change/", page | typed | {"_save": "Save"})


def member_of_editors(**fields: Any) -> Any:
    """A member of the group Editors: staff, without any other right."""
    member = factories.user(is_staff=True, **fields)
    member.groups.add(Group.objects.get(name="Editors"))
    return member


def errors(response: Any) -> str:
    context = response.context
    return str(context["errors"]) if context and "errors" in context else "(saved)"
