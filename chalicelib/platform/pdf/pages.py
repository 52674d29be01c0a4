"""Pages of a document: text that stays in its place, lines, boxes. Lengths are millimetres from the top left."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Literal

from reportlab.lib.colors import Color, HexColor
from reportlab.pdfgen.canvas import Canvas

from chalicelib.platform.pdf import fonts

A4 = (210, 297)
POINTS_PER_MM = 72 / 25.4
INK, FAINT, RED, RULE, SHADE = (HexColor(code) for code in ("#1a1a1a", "#666666", "#c8102e", "#8c8c8c", "#f2f2f2"))
# Text stands so far apart, line over line, and reaches so high over its base line, in parts of its size.
LEADING, ASCENT = 1.3, 0.88
# Bold is the same letters with their outline drawn: a second weight would be another 15 MB.
_BOLD_STROKE = 0.03
# Words and figures stay whole where they fit; between Chinese characters any line may end.
_UNITS = re.compile(r"[!-~]+ ?|.", re.DOTALL)
Align = Literal["left", "centre", "right"]


class DoesNotFit(ValueError):
    """A text is too long for its place at the smallest size: the caller admits more than the page was made for."""


class Document:
    """A PDF that is written page by page to `sink` by `finish`. The same calls give the same bytes.

    It holds what it has drawn as compressed pages until then, and no picture of any.
    """

    def __init__(self, sink: BinaryIO, title: str, author: str, size_mm: tuple[int, int] = A4) -> None:
        self.width_mm, self.height_mm = size_mm
        fonts.width(title, 1)  # loads the font that the canvas begins with
        page = (size_mm[0] * POINTS_PER_MM, size_mm[1] * POINTS_PER_MM)
        self.canvas = Canvas(
            sink,
            pagesize=page,
            pageCompression=1,
            invariant=True,
            initialFontName=fonts.MAIN,  # type: ignore[arg-type]  # its stubs take it for a number
            lang="zh-CN",
        )
        self.canvas.setTitle(title)
        self.canvas.setAuthor(author)
        self.canvas.setCreator(author)
        self.pages = 1

    def text(  # where, what, and how it looks
        self,
        x: float,
        y: float,
        text: str,
        size: float = 9,
        *,
        align: Align = "left",
        colour: Color = INK,
        bold: bool = False,
    ) -> None:
        """One line, whose upper edge is at `y`; `x` is where it begins, has its middle or ends. `size` in points."""
        said = fonts.shown(text)
        begins = x * POINTS_PER_MM - {"left": 0, "centre": 0.5, "right": 1}[align] * fonts.width(said, size)
        drawn = self.canvas.beginText(begins, self._from_below(y) - ASCENT * size)
        drawn.setFillColor(colour)
        drawn.setTextRenderMode(2 if bold else 0)
        self.canvas.setStrokeColor(colour)
        self.canvas.setLineWidth(_BOLD_STROKE * size)
        for name, piece in fonts.runs(said):
            drawn.setFont(name, size)
            drawn.textOut(piece)
        # It would last beyond this text.
        drawn.setTextRenderMode(0)
        self.canvas.drawText(drawn)

    def wrapped(  # where, what, and how it looks
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        text: str,
        size: float = 9,
        *,
        smallest: float = 6,
        colour: Color = INK,
        bold: bool = False,
    ) -> None:
        """A text in the box at (x, y), in the middle of its height, on as many lines as it takes.

        It is set smaller where it must be. Raises DoesNotFit below `smallest` points: nothing is ever cut off.
        """
        while len(lines := lines_of(text, width, size)) * size * LEADING > height * POINTS_PER_MM:
            size -= 0.5
            if size < smallest:
                raise DoesNotFit(f"{len(text)} characters in {width} mm by {height} mm")
        top = y + (height - len(lines) * size * LEADING / POINTS_PER_MM) / 2
        for place, line in enumerate(lines):
            begins = top + (place * LEADING + (LEADING - 1) / 2) * size / POINTS_PER_MM
            self.text(x, begins, line, size, colour=colour, bold=bold)

    def line(self, x: float, y: float, to_x: float, to_y: float, width: float = 0.2, colour: Color = RULE) -> None:
        """A straight line, `width` in millimetres, too."""
        self.canvas.setStrokeColor(colour)
        self.canvas.setLineWidth(width * POINTS_PER_MM)
        self.canvas.line(*(self._point(x, y) + self._point(to_x, to_y)))

    def box(
        self, x: float, y: float, width: float, height: float, line: float = 0.3, fill: Color | None = None
    ) -> None:
        """A rectangle, empty or filled."""
        self.canvas.setStrokeColor(RULE)
        self.canvas.setLineWidth(line * POINTS_PER_MM)
        if fill is not None:
            self.canvas.setFillColor(fill)
        below, left = self._point(x, y + height)[1], x * POINTS_PER_MM
        sides = (width * POINTS_PER_MM, height * POINTS_PER_MM)
        self.canvas.rect(left, below, *sides, stroke=int(line > 0), fill=int(fill is not None))

    def squares(self, x: float, y: float, side: float, rows: Sequence[Sequence[int]]) -> None:
        """A matrix of dark and light squares, as a QR code is one, `side` millimetres wide and high."""
        module = side / len(rows)
        path = self.canvas.beginPath()
        for down, row in enumerate(rows):
            for begins, length in _dark(row):
                left, below = self._point(x + begins * module, y + (down + 1) * module)
                path.rect(left, below, length * module * POINTS_PER_MM, module * POINTS_PER_MM)
        self.canvas.setFillColor(INK)
        self.canvas.drawPath(path, stroke=0, fill=1)

    def next_page(self) -> None:
        """End this page and begin another."""
        self.canvas.showPage()
        self.pages += 1

    def finish(self) -> None:
        """Write the document to its sink."""
        self.canvas.save()

    def _from_below(self, y: float) -> float:
        return (self.height_mm - y) * POINTS_PER_MM

    def _point(self, x: float, y: float) -> tuple[float, float]:
        return x * POINTS_PER_MM, self._from_below(y)


def lines_of(text: str, width_mm: float, size: float) -> list[str]:
    """The text as lines that are no wider than `width_mm` at `size` points; an empty text is one empty line."""
    room = width_mm * POINTS_PER_MM
    lines = [""]
    for unit in _UNITS.findall(fonts.shown(text)):
        if fonts.width(lines[-1] + unit.rstrip(), size) <= room:
            lines[-1] += unit
        elif fonts.width(unit.rstrip(), size) <= room:
            lines.append(unit)
        else:
            # Wider than a line by itself, as a digest may be.
            for character in unit:
                if fonts.width(lines[-1] + character, size) > room:
                    lines.append("")
                lines[-1] += character
    return [line.rstrip() for line in lines]


def _dark(row: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Where the runs of dark squares begin, and how long they are."""
    begins = None
    for place, is_dark in enumerate([*row, 0]):
        if is_dark and begins is None:
            begins = place
        elif not is_dark and begins is not None:
            yield begins, place - begins
            begins = None
