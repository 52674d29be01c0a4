"""A tree that is stopped and gone on with anywhere is the tree of all its leaves; each has its proof (XJ-3.5)."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.seals import merkle, tiles
from chalicelib.seals.tiles import TILE, Growth, Record, Tile, TileAltered

pytestmark = pytest.mark.requirement("XJ-3.5")


def record(number: int) -> Record:
    """One in three has no receipt."""
    entry = hashlib.sha256(b"entry %d" % number).digest()
    receipt = hashlib.sha256(b"receipt %d" % number).digest() if number % 3 else b""
    return Record(f"{number:026d}", entry, receipt)


class Store:
    """Tiles by name."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, tile: Tile) -> None:
        self.kept[tile.name] = tiles.to_bytes(tile.rows)

    def read(self, level: int, root: bytes) -> Tile:
        return tiles.named(level, root, self.kept[tiles.name_of(level, root)])


def grown(size: int, page: int) -> tuple[Store, int, bytes]:
    """A tree of that size, put away and taken up again after each page."""
    store, growth = Store(), Growth()
    for number in range(size):
        growth.add(record(number), store.put)
        if number % page == 0:
            growth = Growth.from_rows(growth.to_rows(), growth.leaves)
    assert growth.leaves == size
    return store, *growth.finish(store.put)


SIZES = [0, 1, 2, TILE - 1, TILE, TILE + 1, 2 * TILE, 2 * TILE + 1, TILE * TILE, TILE * TILE + 1]


@pytest.mark.parametrize("size", SIZES)
def test_tiles_make_the_tree_of_the_rfc(size: int) -> None:
    store, level, root = grown(size, 1000)
    assert root == merkle.root_of([record(number).hash for number in range(size)])
    assert level == (0 if size <= TILE else 1 if size <= TILE * TILE else 2)
    for number in {0, 1, size // 2, size - 1} & set(range(size)):
        found = tiles.inclusion(level, root, record(number).first, store.read)
        assert found is not None
        assert (found.record, found.index) == (record(number), number)
        assert merkle.root_from(found.record.hash, number, size, found.path) == root


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 3 * TILE), st.integers(1, 700))
def test_every_leaf_is_proved_however_the_pages_fall(size: int, page: int) -> None:
    store, level, root = grown(size, page)
    assert root == merkle.root_of([record(number).hash for number in range(size)])
    for number in range(size):
        found = tiles.inclusion(level, root, record(number).first, store.read)
        assert found is not None
        assert merkle.root_from(record(number).hash, number, size, found.path) == root


def test_what_is_not_in_the_tree_has_no_proof() -> None:
    store, level, root = grown(TILE + 5, 100)
    for entry_id in ("", "!", "zzz", f"{7:026d}x"):
        assert tiles.inclusion(level, root, entry_id, store.read) is None


def test_a_tile_that_was_altered_has_not_its_name_any_more() -> None:
    store, level, root = grown(TILE + 5, 100)
    name = tiles.name_of(level, root)
    for place in range(0, len(store.kept[name]), 7):
        raw = bytearray(store.kept[name])
        raw[place] ^= 1
        altered = bytes(raw)
        try:
            tile = tiles.named(level, root, altered)
        except TileAltered:
            continue
        # only the ids by which a proof is looked for are not hashed; they find nothing that could be taken for it
        assert [row.hash for row in tile.rows] == [row.hash for row in store.read(level, root).rows]
    with pytest.raises(TileAltered):
        tiles.named(level, root, store.kept[name][:-1])


def test_the_growth_of_a_million_entries_is_a_row_that_a_table_takes() -> None:
    # given what is not a whole tile of each level, at its most
    records: list[tiles.Row] = [record(number) for number in range(TILE - 1)]
    children: list[tiles.Row] = [tiles.Child(one.first, one.hash) for one in records]
    size = sum(len(raw) for raw in Growth([records, children, children], 10**6).to_rows())
    assert size < 60_000  # of 400 KB
    assert len(tiles.to_bytes(records)) < 24_000
