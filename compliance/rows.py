"""The requirements as data: `requirements.toml`, read and checked."""

from __future__ import annotations

import re
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(__file__).with_name("requirements.toml")
ID = re.compile(r"\b(?:YQ|XJ|NB)-\d+(?:\.\d+)*(?:-[a-z0-9]+)*")

Text = Annotated[str, Field(min_length=1)]


class Status(StrEnum):
    """How far the bank keeps to a row; `part` and `open` say in words what is missing."""

    MET = "met"
    PART = "part"
    OPEN = "open"


class Class(StrEnum):
    """A: the main chain. B: the rest of a personal customer's bank, and its staff. C: corporate banking and reach."""

    A = "A"
    B = "B"
    C = "C"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Standard(_Strict):
    """One of the standards that the rows come from."""

    prefix: Text
    title: Text
    title_zh: Text


class Row(_Strict):
    """One requirement. `source` is the clause's number in its standard, `clause` its text, `shows` how it is seen."""

    id: Annotated[str, Field(pattern=f"^{ID.pattern}$")]
    cls: Annotated[Class, Field(alias="class")]
    section: int
    source: Text
    clause: Text
    requires: Text
    shows: Text
    status: Status
    gap: str = ""

    @model_validator(mode="after")
    def _gap_in_words(self) -> Row:
        if (self.status is Status.MET) == bool(self.gap.strip()):
            raise ValueError(
                f"{self.id}: a row that is `part` or `open` says its gap in words, one that is `met` has none"
            )
        return self


class Requirements(_Strict):
    """All rows in order, what their sections are called, and the standards by prefix."""

    standards: list[Standard]
    sections: dict[int, str]
    rows: Annotated[list[Row], Field(alias="requirement")]

    @model_validator(mode="after")
    def _each_once_and_at_home(self) -> Requirements:
        ids = [row.id for row in self.rows]
        if twice := sorted({one for one in ids if ids.count(one) > 1}):
            raise ValueError(f"rows that are there twice: {', '.join(twice)}")
        prefixes = {standard.prefix for standard in self.standards}
        for row in self.rows:
            if row.section not in self.sections or row.id.split("-")[0] not in prefixes:
                raise ValueError(f"{row.id}: its section or its standard is not declared")
        return self

    def ids(self) -> frozenset[str]:
        """Every id there is."""
        return frozenset(row.id for row in self.rows)

    def is_known(self, quoted: str) -> bool:
        """Whether something quoted is a row, or the clause that several rows are made of (`NB-5.4.1`)."""
        return any(one == quoted or one.startswith(f"{quoted}-") for one in self.ids())


def read(path: Path = DATA) -> Requirements:
    """The rows; raises pydantic's ValidationError when they are not as they must be."""
    return Requirements.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
