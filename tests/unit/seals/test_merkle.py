"""The tree of RFC 6962: published vectors, and properties of every tree (XJ-3.5)."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.seals import merkle

pytestmark = pytest.mark.requirement("XJ-3.5")

# Certificate Transparency's own test vectors, as its reference implementation published them
# (google/certificate-transparency, cpp/merkletree/merkle_tree_test.cc).
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PATHS = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
HASHES = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES]


def leaves(count: int) -> list[bytes]:
    return [merkle.leaf_hash(b"%d" % number) for number in range(count)]


def as_the_rfc_says(hashes: list[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, word for word."""
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256(b"").digest()
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return merkle.node_hash(as_the_rfc_says(hashes[:split]), as_the_rfc_says(hashes[split:]))


@pytest.mark.parametrize("size", range(len(ROOTS)))
def test_the_published_roots(size: int) -> None:
    assert merkle.root_of(HASHES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size"), PATHS)
def test_the_published_paths(index: int, size: int) -> None:
    path = merkle.path_of(HASHES[:size], index)
    assert [node.hex() for node in path] == PATHS[index, size]
    found = merkle.root_from(HASHES[index], index, size, path)
    assert found is not None
    assert found.hex() == ROOTS[size]


@given(st.integers(0, 600))
def test_pairing_from_below_makes_the_tree_of_the_rfc(size: int) -> None:
    assert merkle.root_of(leaves(size)) == as_the_rfc_says(leaves(size))


@given(st.data())
def test_every_leaf_has_a_path_and_whatever_is_altered_fails(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 300))
    hashes = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    root, path = merkle.root_of(hashes), merkle.path_of(hashes, index)
    assert merkle.root_from(hashes[index], index, size, path) == root
    # another leaf, place, or one node more, less or other
    other = data.draw(st.integers(0, size))
    if other != index:
        assert merkle.root_from(hashes[index], other, size, path) != root
    assert merkle.root_from(merkle.leaf_hash(b"forged"), index, size, path) != root
    assert merkle.root_from(hashes[index], index, size, [*path, root]) != root
    if path:
        place = data.draw(st.integers(0, len(path) - 1))
        bit = 1 << data.draw(st.integers(0, 7))
        forged = [bytes([node[0] ^ bit]) + node[1:] if i == place else node for i, node in enumerate(path)]
        assert merkle.root_from(hashes[index], index, size, forged) != root
        assert merkle.root_from(hashes[index], index, size, path[:-1]) != root
        assert merkle.root_from(hashes[index], index, size, [*path[::-1], root]) != root


def test_no_place_is_outside_a_tree_and_no_path_too_long() -> None:
    for index, size in ((0, 0), (-1, 1), (1, 1), (8, 8)):
        assert merkle.root_from(HASHES[0], index, size, []) is None
    assert merkle.root_from(HASHES[0], 0, 2**70, [HASHES[0]] * 70) is None


def test_a_node_is_not_taken_for_a_leaf() -> None:
    # the second preimage that the prefixes are there against
    pair = HASHES[0] + HASHES[1]
    assert merkle.leaf_hash(pair) != merkle.root_of(HASHES[:2])
