"""However sealing cuts the leaves into portions, heads, kept nodes and proofs are those of one RFC 9162 tree.

Most trees here are grown by hand, as the owner, by the function that sealing calls: leaves cost nothing then.
"""

import hashlib
import random
from itertools import accumulate

import pytest
from bookkeeping import violated
from django.db import connections, transaction
from history import rebuilt, root_of
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ledger.log import services as log
from ledger.log.errors import PositionUnknown, SizesReversed
from ledger.log.models import Head, Node
from ledger.log.proofs import consistency_proof, inclusion_proof
from ledger.log.selectors import subtree_roots, tree_size
from ledger.log.verifier import Frontier, verify_consistency, verify_inclusion

pytestmark = pytest.mark.database

BOUNDARIES = [255, 1, 1, 254, 1, 1, 510, 1, 1, 1]
"""Sealings that end at 255, 256, 257, 511, 512, 513, 1023, …"""
BY_HAND = pytest.mark.django_db(databases=["default", "owner"])


def leaf(position):
    return hashlib.sha256(str(position).encode()).digest()


def grow(before, frontier, hashes):
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT ledger_grow_tree_v1(%s, %s::bytea[], %s::bytea[], 1)", [before, frontier, hashes])


def grow_by(portions):
    """Grow a tree by portions of these sizes; each begins from the head that the one before it stored."""
    size, frontier = 0, []
    for portion in portions:
        grow(size, frontier, [leaf(position) for position in range(size + 1, size + portion + 1)])
        size += portion
        frontier = Head.objects.using("owner").get(size=size).frontier


def nodes_of(hashes):
    """The complete subtrees of 256, 256², … leaves, by level and index, from the leaves up."""
    found, level = {}, 8
    while len(hashes) >= 256:
        hashes = [root_of(hashes[start : start + 256]) for start in range(0, len(hashes) - 255, 256)]
        found |= {(level, index): node for index, node in enumerate(hashes)}
        level += 8
    return found


def assert_stored_as_computed(portions):
    """Hold every head, every frontier and every kept node against a tree that Python grew leaf by leaf."""
    ends, tree, heads = set(accumulate(portions)), Frontier(), {}
    for position in range(1, sum(portions) + 1):
        tree.append(leaf(position))
        if position in ends:
            heads[position] = (tree.root(), list(tree.hashes))
    stored = {
        head.size: (bytes(head.root), [bytes(each) for each in head.frontier]) for head in Head.objects.using("owner")
    }
    assert stored == heads
    nodes = {(node.level, node.index): bytes(node.node_hash) for node in Node.objects.using("owner")}
    assert nodes == nodes_of([leaf(position) for position in range(1, sum(portions) + 1)])


@BY_HAND
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([1] * 300)
@example(BOUNDARIES)
@example([513])
@given(st.lists(st.integers(1, 40) | st.integers(1, 700), min_size=1, max_size=8))
def test_any_portions_make_the_same_tree(portions):
    with transaction.atomic(using="owner"):
        grow_by(portions)
        assert_stored_as_computed(portions)
        transaction.set_rollback(True, using="owner")


@BY_HAND
def test_a_second_kept_level_begins_at_65_536_leaves():
    portions = [65_535, 1, 1]

    grow_by(portions)

    assert_stored_as_computed(portions)
    assert [node.index for node in Node.objects.using("owner").filter(level=16)] == [0]


def test_records_that_are_sealed_in_many_portions_grow_the_tree_that_their_rows_make(committed):
    log.record_all(kind="test.happened", told={str(number): {} for number in range(700)})
    for most in (1, 1, 253, 1, 1, 300):
        log.seal_once(most)
    log.seal()

    hashes = rebuilt()
    assert Head.objects.count() == 7
    for head in Head.objects.all():
        assert bytes(head.root) == root_of(hashes[: head.size]), head.size
    assert violated() == set()


class TestProofs:
    """From a stored tree a little larger than its second kept level, with leaves."""

    SIZE = 65_536 + 3 * 256 + 5
    SMALL = 34

    @pytest.fixture
    def leaves(self, committed):
        hashes = [leaf(position) for position in range(1, self.SIZE + 1)]
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "INSERT INTO ledger_log_leaf (position, entry_id, salt, leaf_hash)"
                " SELECT n, n, substr(h, 1, 16), h FROM unnest(%s::bytea[]) WITH ORDINALITY AS l (h, n)",
                [hashes],
            )
        grow_by([self.SMALL, 1_000, self.SIZE - self.SMALL - 1_000])
        return hashes

    def test_those_from_storage_verify(self, leaves, django_assert_num_queries):
        """Every pair in small trees, and in large ones a sample with all the edges."""
        chance = random.Random(9162)
        edges = [1, 2, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 66_303, 66_304, 66_305, self.SIZE]
        sizes = {*range(1, self.SMALL + 1), *edges, *chance.choices(range(1, self.SIZE), k=4)}
        tree, roots = Frontier(), {}
        for position, each in enumerate(leaves, 1):
            tree.append(each)
            if position in sizes:
                roots[position] = tree.root()
        small = [(one, two) for two in range(1, self.SMALL + 1) for one in range(1, two + 1)]
        large = [(one, two) for two in sorted(sizes) if two > self.SMALL for one in {*edges, two} if one <= two]

        for one, two in small + chance.sample(large, 60) + [(one, self.SIZE) for one in edges]:
            with django_assert_num_queries(2):
                proof = inclusion_proof(one, two)
            verify_inclusion(leaves[one - 1], index=one - 1, size=two, proof=proof, root=roots[two])
            with django_assert_num_queries(2):
                proof = consistency_proof(one, two)
            verify_consistency(first=one, second=two, first_root=roots[one], second_root=roots[two], proof=proof)

        for start, end in [(0, self.SIZE), (0, 65_536), (65_536, 65_792), (65_536, self.SIZE), (256, 512), (7, 8)]:
            assert subtree_roots([(start, end)]) == [root_of(leaves[start:end])]
        self.refuse_what_nobody_can_prove()

    def refuse_what_nobody_can_prove(self):
        assert tree_size() == self.SIZE
        for position, size in [(0, 1), (-1, 1), (2, 1), (1, self.SIZE + 1), (self.SIZE + 1, self.SIZE + 1), (1, 0)]:
            with pytest.raises(PositionUnknown):
                inclusion_proof(position, size)
        for first, second in [(0, 1), (-1, 1), (2, 1)]:
            with pytest.raises(SizesReversed):
                consistency_proof(first, second)
        with pytest.raises(PositionUnknown):
            consistency_proof(1, self.SIZE + 1)
