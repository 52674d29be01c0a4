"""A tree in tiles of 256: how it grows leaf by leaf in little memory, and how a proof is read from few of them. Pure.

A tile of level 0 has records of entries; a tile of a level above has the roots of whole tiles below. Each is named by
its level and its own root, so that writing one again changes nothing, two who write at once write the same, and one
that was altered no longer has its name.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from chalicelib.seals import merkle
from chalicelib.seals.merkle import HASH_BYTES

# 2^8, so that a tile is a whole subtree. An entry's record has 91 bytes: a full tile has 23 KB.
TILE = 256
# 256^7 leaves.
MAX_LEVELS = 7
_NO_RECEIPT = bytes(HASH_BYTES)


class TileAltered(ValueError):
    """What is stored under a tile's name is not that tile."""


@dataclass(frozen=True, slots=True)
class Record:
    """One entry: its id, the hash of its canonical form, and that of its receipt's JWS, empty where it gets none."""

    first: str
    entry_hash: bytes
    receipt_hash: bytes

    @property
    def hash(self) -> bytes:
        """The leaf's hash: over both hashes, or the entry's alone where it has no receipt."""
        return merkle.leaf_hash(self.entry_hash + self.receipt_hash)

    def to_bytes(self) -> bytes:
        return _framed(self.first) + self.entry_hash + (self.receipt_hash or _NO_RECEIPT)


@dataclass(frozen=True, slots=True)
class Child:
    """A whole tile: the id of its first entry, and its root."""

    first: str
    hash: bytes

    def to_bytes(self) -> bytes:
        return _framed(self.first) + self.hash


Row = Record | Child


def _framed(text: str) -> bytes:
    raw = text.encode("ascii")
    return bytes([len(raw)]) + raw


def to_bytes(rows: Sequence[Row]) -> bytes:
    """The rows of a tile, one after the other."""
    return b"".join(row.to_bytes() for row in rows)


def rows_from(level: int, raw: bytes) -> list[Row]:
    """What `to_bytes` wrote of a tile of that level; raises TileAltered for anything else."""
    rows: list[Row] = []
    hashes = 2 if level == 0 else 1
    place = 0
    while place < len(raw):
        begins = place + 1 + raw[place]
        ends = begins + hashes * HASH_BYTES
        if ends > len(raw) or len(rows) == TILE:
            raise TileAltered("not the rows of a tile")
        first, one, other = raw[place + 1 : begins], raw[begins : begins + HASH_BYTES], raw[begins + HASH_BYTES : ends]
        name = first.decode("ascii", "replace")
        rows.append(Child(name, one) if level else Record(name, one, other if other != _NO_RECEIPT else b""))
        place = ends
    return rows


@dataclass(frozen=True, slots=True)
class Tile:
    """Some rows that stand together, in order of `first`."""

    level: int
    rows: tuple[Row, ...]

    @property
    def root(self) -> bytes:
        return merkle.root_of([row.hash for row in self.rows])

    @property
    def name(self) -> str:
        return name_of(self.level, self.root)

    def place_of(self, entry_id: str) -> int | None:
        """Where an entry is, or the tile below that would have it; None where it is before all of them."""
        place = bisect_right([row.first for row in self.rows], entry_id) - 1
        return place if place >= 0 else None


def name_of(level: int, root: bytes) -> str:
    """A tile's name."""
    return f"{level}#{root.hex()}"


def named(level: int, root: bytes, raw: bytes) -> Tile:
    """A tile as it is stored; raises TileAltered where it has not the root that it is named by."""
    tile = Tile(level, tuple(rows_from(level, raw)))
    if tile.root != root:
        raise TileAltered(name_of(level, root))
    return tile


@dataclass(slots=True)
class Growth:
    """A tree that grows: what of each level is not yet a whole tile, fewer than 256 rows each.

    `emit` gets every tile once it is whole, and by `finish` the last of each level.
    """

    levels: list[list[Row]] = field(default_factory=lambda: [[]])
    leaves: int = 0

    def add(self, record: Record, emit: Callable[[Tile], None]) -> None:
        """One more leaf, whose id comes after all before."""
        self.leaves += 1
        self._push(0, record, emit)

    def _push(self, level: int, row: Row, emit: Callable[[Tile], None]) -> None:
        if level == len(self.levels):
            self.levels.append([])
        self.levels[level].append(row)
        if len(self.levels[level]) == TILE:
            self._close(level, emit)

    def _close(self, level: int, emit: Callable[[Tile], None]) -> None:
        tile = Tile(level, tuple(self.levels[level]))
        self.levels[level] = []
        emit(tile)
        self._push(level + 1, Child(tile.rows[0].first, tile.root), emit)

    def finish(self, emit: Callable[[Tile], None]) -> tuple[int, bytes]:
        """Emit what is left, from below; the level and root of the tile at the top (0 and EMPTY without leaves)."""
        for level in range(MAX_LEVELS):
            rows = self.levels[level]
            is_highest = level == len(self.levels) - 1
            if is_highest and not rows:
                return 0, merkle.EMPTY
            if is_highest and level and len(rows) == 1:
                return level - 1, rows[0].hash
            if rows:
                self._close(level, emit)
        raise AssertionError(f"over {MAX_LEVELS} levels")

    def to_rows(self) -> list[bytes]:
        """What `from_rows` goes on from."""
        return [to_bytes(rows) for rows in self.levels]

    @classmethod
    def from_rows(cls, levels: Sequence[bytes], leaves: int) -> Growth:
        """A tree as it was when `to_rows` was written."""
        return cls([rows_from(level, raw) for level, raw in enumerate(levels)] or [[]], leaves)


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That an entry is the leaf at `index`: its record, and the audit path to the root."""

    record: Record
    index: int
    path: tuple[bytes, ...]


def inclusion(level: int, root: bytes, entry_id: str, read: Callable[[int, bytes], Tile]) -> Inclusion | None:
    """Walk down from the tile at the top to an entry, one tile a level; None where the tree has none of that id.

    `read` gives the tile of a level with a root; raises what it raises.
    """
    index = 0
    path: list[bytes] = []
    for below in range(level, -1, -1):
        tile = read(below, root)
        place = tile.place_of(entry_id)
        if place is None:
            return None
        index = index * TILE + place
        path[:0] = merkle.path_of([row.hash for row in tile.rows], place)
        row = tile.rows[place]
        root = row.hash
        if isinstance(row, Record):
            return Inclusion(row, index, tuple(path)) if row.first == entry_id else None
    raise AssertionError("no tile of level 0")
