"""The picture of an electronic seal (电子印章): a ring, the bank's name on the arc, a star, and what it seals.

It is a picture: what binds is the signature of the document and, of a receipt, its JWS.
"""

from __future__ import annotations

import math

from chalicelib.platform.pdf import fonts
from chalicelib.platform.pdf.pages import POINTS_PER_MM, RED, Document

# So much of the circle the name takes at most, in degrees.
_ARC = 250
# Ink that what lies beneath shows through.
_OPACITY = 0.72
_STAR_POINTS = 5
# A five-pointed star's inner corners, by its outer ones.
_STAR_INNER = 0.382


def draw(document: Document, x: float, y: float, radius: float, around: str, below: str) -> None:
    """The seal with its centre at (x, y), in millimetres; `around` is the bank's name, `below` what it seals."""
    canvas = document.canvas
    canvas.saveState()
    canvas.translate(x * POINTS_PER_MM, (document.height_mm - y) * POINTS_PER_MM)
    canvas.setFillColor(RED, alpha=_OPACITY)
    canvas.setStrokeColor(RED, alpha=_OPACITY)
    unit = radius * POINTS_PER_MM
    canvas.setLineWidth(unit * 0.055)
    canvas.circle(0, 0, unit, stroke=1, fill=0)
    _star(document, unit * 0.27)
    _name(document, fonts.shown(around), unit)
    said = fonts.shown(below)
    size = min(unit * 0.25, unit * 1.15 / max(fonts.width(said, 1), 1))
    _line(document, said, 0, -unit * 0.55, size)
    canvas.restoreState()


def _line(document: Document, text: str, middle: float, base: float, size: float) -> None:
    drawn = document.canvas.beginText(middle - fonts.width(text, size) / 2, base)
    # A seal is cut bold.
    drawn.setTextRenderMode(2)
    document.canvas.setLineWidth(size * 0.03)
    for name, piece in fonts.runs(text):
        drawn.setFont(name, size)
        drawn.textOut(piece)
    drawn.setTextRenderMode(0)
    document.canvas.drawText(drawn)


def _name(document: Document, name: str, unit: float) -> None:
    """The name, letter by letter, upright to the centre and evenly over the top."""
    step = min(30, _ARC / max(len(name), 1))
    size = min(unit * 0.3, 0.66 * unit * math.radians(step) * 0.95)
    for place, letter in enumerate(name):
        canvas = document.canvas
        canvas.saveState()
        canvas.rotate(step * ((len(name) - 1) / 2 - place))
        _line(document, letter, 0, unit * 0.9 - size, size)
        canvas.restoreState()


def _star(document: Document, radius: float) -> None:
    path = document.canvas.beginPath()
    for corner in range(2 * _STAR_POINTS):
        distance = radius * (_STAR_INNER if corner % 2 else 1)
        angle = math.pi / 2 + corner * math.pi / _STAR_POINTS
        point = (distance * math.cos(angle), distance * math.sin(angle))
        if corner == 0:
            path.moveTo(*point)
        else:
            path.lineTo(*point)
    path.close()
    document.canvas.drawPath(path, stroke=0, fill=1)
