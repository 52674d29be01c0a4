"""The Merkle tree of RFC 6962 (section 2.1; the same in RFC 9162): root, audit path, and its verification. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

# What is hashed begins otherwise for a leaf than for a node, so that neither stands for the other.
_LEAF, _NODE = b"\x00", b"\x01"
HASH_BYTES = 32
# The root of a tree without leaves.
EMPTY = hashlib.sha256(b"").digest()
# More than a tree of 2^64 leaves has: a longer path is none.
MAX_PATH = 64


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(_LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of what two hashes stand for."""
    return hashlib.sha256(_NODE + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over hashes of leaves; also over roots of whole subtrees of one size, the last of which may be smaller.

    The RFC splits at the largest power of two; pairing from below, with an odd last one moved up as it is, makes the
    same tree.
    """
    level = list(hashes)
    while len(level) > 1:
        level = _paired(level)
    return level[0] if level else EMPTY


def path_of(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of one of the hashes, from below: what it is hashed with on the way to the root."""
    level, path = list(hashes), []
    while len(level) > 1:
        if index ^ 1 < len(level):
            path.append(level[index ^ 1])
        level, index = _paired(level), index >> 1
    return path


def _paired(level: list[bytes]) -> list[bytes]:
    whole = len(level) // 2 * 2
    return [node_hash(level[i], level[i + 1]) for i in range(0, whole, 2)] + level[whole:]


def root_from(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that a leaf's hash at `index` of `size` leaves has by its path (RFC 9162, 2.1.3.2).

    None where no tree of that size has such a path.
    """
    if not 0 <= index < size or len(path) > MAX_PATH:
        return None
    place, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            # A last one without a sibling was moved up as it is.
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    return found if last == 0 else None
