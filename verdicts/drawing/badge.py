"""Badges that others put on their pages: a label, a result, its date, and whether it has gone stale."""

import datetime
from dataclasses import dataclass

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.formats import date_format

from tools.text import clean_line
from verdicts.drawing import lettering
from verdicts.tool_page import ToolPage

SIZE, PADDING, HEIGHT = 11, 7, 20
COLOURS = {"ship": "#0b6b4a", "skip": "#a8431a", "split": "#57585c", "none": "#57585c", "stale": "#6b5a1a"}
SHOWS = ("panel", "community")


@dataclass(frozen=True, slots=True)
class Badge:
    """What a badge says; `kind` is ship, skip, split, none or stale, and is never said by colour alone."""

    label: str
    result: str
    kind: str
    title: str
    description: str

    def svg(self) -> str:
        """Return the drawing. Widths are measured, so that it looks the same in whatever font a reader has."""
        left, right = (_width(text) for text in (self.label, self.result))
        boxes: dict[str, float] = {
            "left": left + 2 * PADDING,
            "right": right + 2 * PADDING,
            "left_text": left,
            "right_text": right,
        }
        boxes |= {"total": boxes["left"] + boxes["right"], "left_middle": boxes["left"] / 2}
        boxes["right_middle"] = boxes["left"] + boxes["right"] / 2
        return render_to_string("badge.svg", {"badge": self, "colour": COLOURS[self.kind], "height": HEIGHT, **boxes})


def _width(text: str) -> int:
    return round(lettering.font("inter", SIZE * 10, 500).getlength(text) / 10)


def badge_of(page: ToolPage, show: str, today: datetime.date) -> Badge:
    """Return the badge of a tool: the panel's result, or with `community` that of its readers."""
    tool, name = page.tool, clean_line(page.tool.name)
    if show == "community":
        score = tool.community
        kind = score.lean or "none"
        counts = f"{score.ships:,} ship, {score.skips:,} skip" if score.total else "no votes yet"
        result = f"{score.percent}% ship, {score.total:,} votes" if score.kind == "shown" else counts
        words, label = f"Readers: {score.words}.", "readers"
    else:
        panel = tool.panel
        kind = "none" if panel.percent is None else _side(panel.ships, panel.total)
        result = panel.words.lower() + (f" · {page.tested_on:%b %Y}" if page.tested_on else "")
        if page.staleness:
            kind, result = "stale", f"{result} · stale"
        words, label = f"Panel: {panel.words}. {page.staleness_words}".strip(), "panel"
    if tool.is_discontinued:
        words += " The tool was discontinued."
    site = settings.SITE_NAME
    return Badge(f"{site} {label}", result, kind, f"{name} on {site}", f"{words} As of {date_format(today)}.")


def _side(ships: int, total: int) -> str:
    if 2 * ships == total:
        return "split"
    return "ship" if 2 * ships > total else "skip"
