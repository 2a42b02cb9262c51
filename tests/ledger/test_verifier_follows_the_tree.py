"""The tree of RFC 9162: published vectors, the recursive definition, and proofs that nothing else passes for."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sealed import consistency, inclusion, root_of

from ledger.log.verifier import (
    EMPTY_ROOT,
    Frontier,
    ProofInvalid,
    consistency_ranges,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

# Source: the reference vectors of Certificate Transparency, as in transparency-dev/merkle, proof/verify_test.go.
LEAVES = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = [bytes.fromhex(text) for text in (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)]  # fmt: skip
INCLUSION = {
    (0, 8): ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
             "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"],
    (5, 8): ["bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
             "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
             "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): ["6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
             "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"],
}  # fmt: skip
CONSISTENCY = {
    (1, 1): [],
    (1, 8): INCLUSION[0, 8],
    (6, 8): ["0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a", *INCLUSION[5, 8][1:]],
    (2, 5): INCLUSION[1, 5][1:],
    (6, 7): ["0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
             "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f", INCLUSION[5, 8][2]],
}  # fmt: skip


def hashes(size: int) -> list[bytes]:
    return [leaf_hash(b"leaf %d" % index) for index in range(size)]


def included(leaf, index, size, proof, root):
    verify_inclusion(leaf, index=index, size=size, proof=proof, root=root)


def continued(first, second, old, new, proof):
    verify_consistency(first=first, second=second, first_root=old, second_root=new, proof=proof)


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size):
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier.append(leaf_hash(leaf))

    assert frontier.root() == ROOTS[size]


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_published_inclusion_proofs(index, size):
    published = [bytes.fromhex(each) for each in INCLUSION[index, size]]

    assert inclusion(index, [leaf_hash(leaf) for leaf in LEAVES[:size]]) == published
    included(leaf_hash(LEAVES[index]), index, size, published, ROOTS[size])


@pytest.mark.parametrize(("first", "second"), CONSISTENCY)
def test_published_consistency_proofs(first, second):
    published = [bytes.fromhex(each) for each in CONSISTENCY[first, second]]

    assert consistency(first, [leaf_hash(leaf) for leaf in LEAVES[:second]]) == published
    continued(first, second, ROOTS[first], ROOTS[second], published)


@given(st.integers(0, 3000))
@settings(max_examples=40, deadline=None)
def test_a_frontier_has_the_root_of_the_recursive_definition(size):
    frontier = Frontier()
    for leaf in hashes(size):
        frontier.append(leaf)

    assert frontier.root() == root_of(hashes(size))
    assert (frontier.size, len(frontier.hashes)) == (size, size.bit_count())


@given(st.integers(0, 300), st.integers(0, 300))
@settings(deadline=None)
def test_a_frontier_goes_on_from_what_was_stored(before, after):
    leaves = hashes(before + after)
    frontier = Frontier()
    for leaf in leaves[:before]:
        frontier.append(leaf)
    frontier = Frontier(frontier.size, frontier.hashes)
    for leaf in leaves[before:]:
        frontier.append(leaf)

    assert frontier.root() == root_of(leaves)


@pytest.mark.parametrize(
    ("size", "stored"), [(1, ()), (0, (b"0" * 32,)), (3, (b"0" * 32,)), (1, (b"short",)), (-1, ())]
)
def test_a_frontier_that_cannot_be_is_refused(size, stored):
    with pytest.raises(ProofInvalid):
        Frontier(size, stored)


def test_an_empty_tree_has_the_hash_of_nothing():
    assert Frontier().root() == EMPTY_ROOT == ROOTS[0]


def test_every_leaf_of_every_small_tree_is_proven_and_no_other():
    for size in range(1, 34):
        leaves = hashes(size)
        root = root_of(leaves)
        for index in range(size):
            proof = inclusion(index, leaves)
            included(leaves[index], index, size, proof, root)
            for other in set(range(size + 2)) - {index}:
                with pytest.raises(ProofInvalid):
                    included(leaves[index], other, size, proof, root)


def test_every_small_tree_continues_every_smaller_one_and_no_other():
    roots = [root_of(hashes(size)) for size in range(34)]
    for second in range(1, 34):
        leaves = hashes(second)
        for first in range(1, second + 1):
            proof = consistency(first, leaves)
            continued(first, second, roots[first], roots[second], proof)
            for other in set(range(second + 2)) - {first}:
                with pytest.raises(ProofInvalid):
                    continued(other, second, roots[min(other, 33)], roots[second], proof or
                              [roots[first]])  # fmt: skip


trees = st.integers(2, 3000).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1)))


def damaged(data, proof: list[bytes]) -> list[bytes]:
    """A proof with one bit flipped, or one hash dropped, added, repeated or swapped."""
    at = data.draw(st.integers(0, len(proof) - 1))
    how = data.draw(st.sampled_from(["flip", "drop", "add", "repeat", "swap", "cut"]))
    bit = data.draw(st.integers(0, 255))
    flipped = (int.from_bytes(proof[at]) ^ (1 << bit)).to_bytes(32)
    changed = {
        "flip": [*proof[:at], flipped, *proof[at + 1 :]],
        "drop": [*proof[:at], *proof[at + 1 :]],
        "add": [*proof[:at], flipped, *proof[at:]],
        "repeat": [*proof[:at], proof[at], *proof[at:]],
        "swap": [*proof[:at], *reversed(proof[at : at + 2]), *proof[at + 2 :]],
        "cut": [*proof[:at], proof[at][:-1], *proof[at + 1 :]],
    }[how]
    return changed if changed != proof else [*proof, proof[0]]


@given(trees, st.data())
@settings(max_examples=60, deadline=None)
def test_a_damaged_inclusion_proof_is_refused(tree, data):
    size, index = tree
    leaves = hashes(size)
    root, proof = root_of(leaves), inclusion(index, leaves)
    included(leaves[index], index, size, proof, root)

    with pytest.raises(ProofInvalid):
        included(leaves[index], index, size, damaged(data, proof), root)
    with pytest.raises(ProofInvalid):
        included(leaves[index - 1], index, size, proof, root)
    with pytest.raises(ProofInvalid):
        included(leaves[index], index, size, proof, leaf_hash(root))
    if len(inclusion_ranges(index, size + 1)) != len(proof):
        with pytest.raises(ProofInvalid):
            included(leaves[index], index, size + 1, proof, root)


@given(trees, st.data())
@settings(max_examples=60, deadline=None)
def test_a_damaged_consistency_proof_is_refused(tree, data):
    second, first = tree[0], max(tree[1], 1)
    leaves = hashes(second)
    old, new, proof = root_of(leaves[:first]), root_of(leaves), consistency(first, leaves)
    continued(first, second, old, new, proof)

    with pytest.raises(ProofInvalid):
        continued(first, second, old, new, damaged(data, proof))
    with pytest.raises(ProofInvalid):
        continued(first, second, new, old, proof)
    with pytest.raises(ProofInvalid):
        continued(first, second, leaf_hash(old), new, proof)
    with pytest.raises(ProofInvalid):
        continued(second, first, old, new, proof)


@given(trees, st.data())
@settings(max_examples=60, deadline=None)
def test_a_log_that_changed_one_leaf_never_continues_the_old_one(tree, data):
    second, first = tree[0], max(tree[1], 1)
    leaves = hashes(second)
    changed = data.draw(st.integers(0, first - 1))
    forged = [*leaves[:changed], leaf_hash(b"forged"), *leaves[changed + 1 :]]

    with pytest.raises(ProofInvalid, match="history was changed"):
        continued(first, second, root_of(leaves[:first]), root_of(forged), consistency(first, forged))


@pytest.mark.parametrize(
    ("first", "second", "proof"),
    [(0, 0, []), (0, 5, []), (-1, 5, []), (5, 4, []), (3, 3, [ROOTS[1]]), (2, 5, []), (4, 4, [ROOTS[1]])],
)
def test_sizes_that_prove_nothing_are_refused(first, second, proof):
    with pytest.raises(ProofInvalid):
        continued(first, second, ROOTS[max(first, 0)], ROOTS[second], proof)


@pytest.mark.parametrize("size", range(1, 9))
def test_a_log_continues_itself_with_nothing_to_prove(size):
    continued(size, size, ROOTS[size], ROOTS[size], [])
    with pytest.raises(ProofInvalid):
        continued(size, size, ROOTS[size - 1], ROOTS[size], [])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 3), (8, 8), (2**70, 8)])
def test_a_leaf_outside_the_tree_is_refused(index, size):
    with pytest.raises(ProofInvalid, match="has no leaf"):
        included(ROOTS[1], index, size, [], ROOTS[1])


@pytest.mark.parametrize(("leaf", "root"), [(b"", ROOTS[1]), (ROOTS[1], b""), (b"", b""), (ROOTS[1][:31], ROOTS[1])])
def test_hashes_of_another_length_are_refused(leaf, root):
    with pytest.raises(ProofInvalid):
        included(leaf, 0, 1, [], root)


def test_a_node_cannot_pass_for_a_leaf():
    left, right = leaf_hash(b"left"), leaf_hash(b"right")

    assert leaf_hash(left + right) != node_hash(left, right)


@given(st.integers(1, 10**18), st.data())
def test_ranges_of_huge_logs_are_few_and_lie_side_by_side(size, data):
    index = data.draw(st.integers(0, size - 1))
    beside = sorted([*inclusion_ranges(index, size), (index, index + 1)])
    after = consistency_ranges(index + 1, size)

    assert (beside[0][0], beside[-1][1]) == (0, size)
    assert all(left[1] == right[0] for left, right in pairwise(beside))
    assert len(beside) <= 61
    assert len(after) <= 61
