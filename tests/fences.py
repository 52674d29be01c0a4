"""What the documentation has in fenced blocks and inline code, page by page, for the tests that hold it to the bank."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt

from docs.build import DOCS, ROOT

_TITLE = re.compile(r'title="([^"]+)"')
# Stands for what the reader fills in.
_PLACEHOLDER = re.compile("<[a-z][^<>]*>")
SHELL = {"", "sh", "bash", "console"}


@dataclass(frozen=True)
class Fence:
    """A block of a page: the language that it says, its title, and the text."""

    page: str
    line: int
    language: str
    title: str
    text: str


@cache
def pages() -> tuple[Path, ...]:
    """Every page that tells how things are, the READMEs among them; the history tells how they were."""
    found = (*sorted(DOCS.rglob("*.md")), *sorted(ROOT.glob("*.md")))
    return tuple(page for page in found if page.name != "CHANGELOG.md")


@cache
def fences() -> tuple[Fence, ...]:
    """Every fenced block of every page."""
    return tuple(fence for page in pages() for fence in fences_of(page))


def fences_of(page: Path) -> list[Fence]:
    """The fenced blocks of a page in their order, those inside lists too."""
    found = []
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        if token.type == "fence" and token.map is not None:
            title = _TITLE.search(token.info)
            language = token.info.split(" ")[0]
            name = page.relative_to(ROOT).as_posix()
            found.append(Fence(name, token.map[0] + 1, language, title[1] if title else "", token.content))
    return found


def commands(program: str) -> Iterator[tuple[str, list[str]]]:
    """Where each command of `program` stands, and its words: in shell blocks, and in code inside a sentence."""
    for fence in fences():
        if fence.language in SHELL:
            for line in fence.text.replace("\\\n", " ").splitlines():
                yield from ((f"{fence.page}:{fence.line}", words) for words in _words_of(line, program))
    for page in pages():
        for token in MarkdownIt().enable("table").parse(page.read_text(encoding="utf-8")):
            for child in token.children or []:
                if child.type == "code_inline" and child.content.startswith(f"{program} "):
                    name = page.relative_to(ROOT).as_posix()
                    yield from ((name, words) for words in _words_of(child.content, program))


def _words_of(line: str, program: str) -> Iterator[list[str]]:
    """The words after `program` in a line of a shell, up to the end of that command."""
    lexer = shlex.shlex(_PLACEHOLDER.sub("1", line), posix=True, punctuation_chars="|;&()")
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:
        # A line of what a program printed, or the part of a quotation that goes on.
        return
    for start, word in enumerate(words):
        if word == program and (start == 0 or _begins(words[start - 1])):
            rest = words[start + 1 :]
            end = next((i for i, one in enumerate(rest) if _ends(one)), len(rest))
            yield rest[:end]


def _begins(before: str) -> bool:
    return before.endswith(("(", "|", ";", "&", "$")) or "=" in before or before in {"until", "if", "$"}


def _ends(word: str) -> bool:
    return set(word) <= set("|;&()") or word.startswith((">", "<(")) or word in {"2>", "1>"}
