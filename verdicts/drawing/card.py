"""The picture that a link preview shows: 1200 by 630, with the figures of the page it leads to."""

import hashlib
import io
from dataclasses import dataclass

from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from verdicts.drawing.lettering import Font, fitted, font, lines_of, written
from verdicts.scored import ScoredTool

WIDTH, HEIGHT, EDGE = 1200, 630, 64
PAPER, INK, MUTED, RULE = "#fbfaf8", "#15171b", "#595b60", "#d9d7d2"
SHIP, SKIP = "#0b6b4a", "#a8431a"
DESIGN = "1"  # part of every key: raise it when the drawing changes
LABELS = ("Panel ship", "Community ship", "Entry price")


@dataclass(frozen=True, slots=True)
class Column:
    """One tool: its name, its address where the name cannot be written, and three figures with their words."""

    name: str
    slug: str
    figures: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, tool: ScoredTool, stale: str = "") -> "Column":
        panel = (tool.panel.figure, tool.panel.words + (f" · {stale}" if stale else ""))
        return cls(tool.name, tool.slug, (panel, (tool.community.figure, tool.community.words), (tool.entry_label, "")))


@dataclass(frozen=True, slots=True)
class Card:
    """Everything a card says. Equal cards are the same picture."""

    site: str
    eyebrow: str
    title: str
    line: str
    foot: str
    columns: tuple[Column, ...] = ()
    instead: str = ""
    about: str = ""

    @property
    def key(self) -> str:
        return hashlib.sha256(f"{DESIGN} {self!r}".encode()).hexdigest()[:32]

    @property
    def words(self) -> str:
        """The card in words, which the picture carries as its description."""
        parts = [self.title, self.about, self.line]
        for column in self.columns:
            said = [
                f"{label} {figure}, {words}".strip(", ")
                for label, (figure, words) in zip(LABELS, column.figures, strict=True)
            ]
            parts.append(f"{column.name}: {'; '.join(said)}")
        return ". ".join(part for part in [*parts, self.foot] if part)

    def png(self) -> bytes:
        picture = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
        pen = ImageDraw.Draw(picture)
        _frame(pen, self)
        if len(self.columns) > 1:
            _columns(pen, self)
        else:
            _one(pen, self)
        told = PngInfo()
        told.add_itxt("Description", self.words)
        file = io.BytesIO()
        picture.quantize(64, dither=Image.Dither.NONE).save(file, "PNG", pnginfo=told)
        return file.getvalue()


def _text(
    pen: ImageDraw.ImageDraw, at: tuple[float, float], text: str, drawn: Font, fill: str = INK, anchor: str = "la"
) -> None:
    pen.text(at, text, font=drawn, fill=fill, anchor=anchor)


def _lines(
    pen: ImageDraw.ImageDraw, at: tuple[int, int], lines: list[str], drawn: Font, step: float = 1.15, fill: str = INK
) -> int:
    """Write lines under each other; return where the next one would stand."""
    x, y = at
    for line in lines:
        _text(pen, (x, y), line, drawn, fill)
        y += round(drawn.size * step)
    return y


def _frame(pen: ImageDraw.ImageDraw, card: Card) -> None:
    _text(pen, (EDGE, 48), card.site, font("serif", 34, 700))
    eyebrow, family = written(card.eyebrow, "", "inter")
    small = font(family, 24, 450)
    [shown] = lines_of(eyebrow, small, 560, 1) or [""]
    _text(pen, (WIDTH - EDGE, 56), shown, small, MUTED, "ra")
    pen.line((EDGE, 104, WIDTH - EDGE, 104), INK, 3)
    pen.line((EDGE, 548, WIDTH - EDGE, 548), RULE, 2)
    date = font("inter", 22, 450)
    _text(pen, (WIDTH - EDGE, 566), card.foot, date, MUTED, "ra")
    line, family = written(card.line, "", "inter")
    words = font(family, 22, 500)
    room = round(WIDTH - 2 * EDGE - date.getlength(card.foot) - 40)
    _text(pen, (EDGE, 566), next(iter(lines_of(line, words, room, 1)), ""), words, INK)


def _figure(
    pen: ImageDraw.ImageDraw, at: tuple[int, int], width: int, label: str, figure: str, words: str, size: int
) -> None:
    x, y = at
    _text(pen, (x, y), label, font("inter", 20, 450), MUTED)
    drawn, lines = fitted(figure, "inter", width, (size, size * 3 // 4, size // 2), 1)
    _text(pen, (x, y + 26 + size), next(iter(lines), ""), drawn, INK, "ls")
    _lines(
        pen, (x, y + 40 + size), lines_of(words, font("inter", 20, 450), width, 2), font("inter", 20, 450), 1.25, MUTED
    )


def _columns(pen: ImageDraw.ImageDraw, card: Card) -> None:
    count = len(card.columns)
    width = (WIDTH - 2 * EDGE) // count
    for place, column in enumerate(card.columns):
        x = EDGE + place * width + (24 if place else 0)
        room = width - 48 + (24 if not place else 0)
        if place:
            pen.line((x - 24, 128, x - 24, 530), RULE, 2)
        name, family = written(column.name, column.slug)
        drawn, lines = fitted(name, family, room, (54, 46, 38, 32, 27) if count == 2 else (36, 30, 25), 2)
        _lines(pen, (x, 126), lines, drawn, 1.12)
        for row, (label, (figure, words)) in enumerate(zip(LABELS, column.figures, strict=True)):
            y = (262, 370, 478)[row]
            if row == 2:
                y += 14
                _text(pen, (x, y), label.split()[0], font("inter", 20, 450), MUTED)
                gap = font("inter", 20, 450).getlength(label.split()[0]) + 14
                entry, shown = fitted(figure, "inter", round(room - gap), (28, 22), 1)
                _text(pen, (x + gap, y + 20), next(iter(shown), ""), entry, INK, "ls")
            else:
                _row(pen, (x, y), room, label, figure, words)


def _row(pen: ImageDraw.ImageDraw, at: tuple[int, int], room: int, label: str, figure: str, words: str) -> None:
    """A figure beside its label and its words where there is room, else above them."""
    x, y = at
    big = font("inter", 56, 600)
    taken = round(big.getlength(figure)) + 20
    small = font("inter", 20, 450)
    if room - taken < 190:
        _text(pen, (x, y), label, small, MUTED)
        _text(pen, (x, y + 62), figure, font("inter", 40, 600), INK, "ls")
        _lines(pen, (x, y + 68), lines_of(words, font("inter", 17, 450), room, 2), font("inter", 17, 450), 1.2, MUTED)
        return
    _text(pen, (x, y + 58), figure, big, INK, "ls")
    _text(pen, (x + taken, y), label, small, INK)
    _lines(pen, (x + taken, y + 26), lines_of(words, small, room - taken, 3), small, 1.2, MUTED)


def _one(pen: ImageDraw.ImageDraw, card: Card) -> None:
    width = WIDTH - 2 * EDGE
    title, family = written(card.title, card.instead)
    most = 2 if card.columns else 4
    drawn, lines = fitted(title, family, width, (88, 76, 64, 54, 46), most)
    y = _lines(pen, (EDGE, 126 if card.columns else 180), lines, drawn, 1.1)
    about, family = written(card.about, "", "inter")
    small = font(family, 26, 450)
    _lines(pen, (EDGE, y + 14), lines_of(about, small, width, max(0, (322 - y) // 32)), small, 1.25, MUTED)
    third = width // 3
    for column in card.columns:
        for place, (label, (figure, words)) in enumerate(zip(LABELS, column.figures, strict=True)):
            _figure(pen, (EDGE + place * third, 362), third - 32, label, figure, words, 76)
