"""The judge of what many clients did at once: from their questions and the answers, what must be in the books.

*Told*: answered with an id. *Unanswered*: asked, and the answer was lost; such a batch is there wholly or not at all.
"""

from collections import Counter

from bookkeeping import post

from ledger.books.models import Account, Entry, Transfer


class Judge:
    """Hears every question and every answer, and compares the books with the plain sum of the entries."""

    def __init__(self):
        """What was in the books before is none of its business."""
        self.count_before, self.totals_before = Entry.objects.count(), totals_stored()
        self.totals, self.outcomes = self.totals_before, Counter()
        #: By key: the entries that were asked for, the ids that were told, and those that were seen in the books.
        self.asked, self.told, self.seen = {}, {}, {}
        #: Keys asked for since the last look, keys told as new, and keys without an answer that were seen to be absent.
        self.fresh, self.new, self.absent = set(), set(), set()

    def post(self, entries):
        """Post a batch that is answered, and hear the answer."""
        self.hear_question(entries)
        self.hear_answer(entries, post(entries))

    def hear_question(self, entries):
        """A batch is about to be asked for."""
        self.asked |= {each.idempotency_key: each for each in entries}
        self.fresh |= {each.idempotency_key for each in entries}

    def hear_answer(self, entries, answer):
        """A key has one id and is new once; what was seen to be there is replayed, what was seen to be absent new."""
        for each, posted in zip(entries, answer, strict=True):
            key, told_id = each.idempotency_key, posted.entry_id
            assert self.told.setdefault(key, told_id) == self.seen.get(key, told_id) == told_id, f"{key} has two ids"
            if posted.replayed:
                assert key not in self.absent, f"{key} was not there and is called a replay"
            else:
                assert key not in self.new, f"{key} was posted twice"
                assert key not in self.seen, f"{key} was there and was posted again"
                self.new.add(key)
            self.absent.discard(key)
            self.outcomes["replayed" if posted.replayed else "posted"] += 1

    def look(self, unanswered=()):
        """What was told is there, what is unanswered wholly or not at all, nothing else, and the sums are right.

        Called while nobody posts. Entries that were seen before are counted and not read again.
        """
        found = dict(Entry.objects.filter(idempotency_key__in=self.fresh).values_list("idempotency_key", "id"))
        there = self.seen | found
        gone = {key: told_id for key, told_id in self.told.items() if there.get(key) != told_id}
        assert not gone, "something was acknowledged and is not there"
        for keys in unanswered:
            assert keys <= there.keys() or not keys & there.keys(), f"half of a batch is there: {keys}"
            self.outcomes["lost and there" if keys <= there.keys() else "lost and not there"] += 1
        open_keys = set().union(*unanswered)
        assert there.keys() <= self.told.keys() | open_keys, "something is there that was refused"
        assert Entry.objects.count() == self.count_before + len(there), "something is there that nobody asked for"
        self.totals = self.totals_with(found.keys() - self.seen.keys())
        wrong = self.totals.items() ^ totals_stored().items()
        assert not wrong, "an account does not stand at the sum of its rows"
        # A key that clients share may be posted by another before its own client asks again.
        self.absent = {key for key in open_keys - there.keys() if "shared" not in key}
        self.seen, self.fresh = there, open_keys

    def look_at_everything(self):
        """Look as if nothing had been seen before."""
        self.seen, self.totals, self.fresh = {}, self.totals_before, set(self.asked)
        self.look()

    def totals_with(self, keys):
        """Each account's totals, with these entries, whose rows are those that were asked for."""
        rows = {key: [] for key in keys}
        stored = Transfer.objects.filter(entry__idempotency_key__in=keys).order_by("entry_id", "ordinal")
        facts = ("debit_account__code", "credit_account__code", "amount", "book__asset")
        for key, *row in stored.values_list("entry__idempotency_key", *facts):
            rows[key].append(row)
        totals = Counter(self.totals)
        for key, stands in rows.items():
            assert stands == [[row.debit, row.credit, row.amount, row.asset] for row in self.asked[key].rows]
            for debit, credit, amount, _ in stands:
                totals[debit, "debits"] += amount
                totals[credit, "credits"] += amount
        return dict(totals)


def totals_stored():
    """What the accounts say was debited and credited to them."""
    totals = {}
    for account in Account.objects.all():
        totals |= {(account.code, "debits"): account.debits_total, (account.code, "credits"): account.credits_total}
    return {place: total for place, total in totals.items() if total}
