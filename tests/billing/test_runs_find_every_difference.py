"""What a run allows, cuts and finds, predicate by predicate; and that it is a pure function of its facts."""

import random

import pytest

from billing.codes import CODES
from billing.reconciliation.errors import CutOffUnknown, RunSettled, RunTooEarly
from billing.reconciliation.models import Run
from billing.reconciliation.services import propose
from billing.settlement import services as settlement
from ledger.errors import ActNotPermitted, NotFound
from ledger.log import services as log
from ledger.log.models import Leaf
from tests.scenario import approve, declare, row, run, submit, today, world
from vouchers.people.actors import actor_named
from vouchers.programmes.rules import CycleMismatch, RunUnknown

pytestmark = [pytest.mark.django_db, pytest.mark.database]

HOUR = 3_600_000
DAY = ("2026-10-05T00:00:00", "2026-10-05T10:00:00")


def findings(found: Run) -> dict[str, int]:
    return {code: entry["count"] for code, entry in found.manifest["outputs"]["findings"].items()}


def cuts(found: Run) -> dict[str, tuple[str, int, int]]:
    adjudication = found.adjudications.get()
    return {c.code: (c.bearer, c.quantity_ms, c.amount_minor) for c in adjudication.adjustments.all()}


def test_a_clean_line_has_no_finding():
    declare()
    submit(row(1, *DAY))
    submit(row(1, *DAY), source="agent")

    found = run()

    assert findings(found) == {}
    assert cuts(found) == {}
    assert found.links.count() == 1


def test_use_that_no_independent_witness_saw_is_held():
    declare()
    submit(row(1, *DAY))

    found = run()

    assert findings(found) == {"USE.NO_EVID": 1}
    assert cuts(found) == {"USE.NO_EVID": ("held", 10 * HOUR, 200_00)}


def test_the_centres_own_word_is_no_evidence():
    declare()
    submit(row(1, *DAY))
    submit(row(1, *DAY), source="own")

    assert cuts(run()) == {"USE.NO_EVID": ("held", 10 * HOUR, 200_00)}


def test_a_programme_that_asks_for_one_domain_pays_the_claim():
    data = world()
    data["programmes"][0]["evidence_domains"] = "1"
    declare(data)
    submit(row(1, *DAY))

    found = run()

    assert found.adjudications.get().allowed_ms == 10 * HOUR


def test_what_is_claimed_beyond_the_evidence_is_held_and_the_rest_is_paid():
    declare()
    submit(row(1, *DAY, gpus=8))
    submit(row(1, *DAY, gpus=6), source="agent")

    found = run()

    assert findings(found) == {"USE.QTY_OVER": 1}
    assert cuts(found) == {"USE.QTY_OVER": ("held", 20 * HOUR, 400_00)}
    assert found.adjudications.get().allowed_ms == 60 * HOUR


def test_less_claimed_than_seen_is_paid_as_claimed_and_told():
    declare()
    submit(row(1, *DAY, gpus=2))
    submit(row(1, *DAY, gpus=3), source="agent")

    found = run()

    assert findings(found) == {"USE.QTY_UNDER": 1}
    assert found.adjudications.get().allowed_ms == 20 * HOUR


def test_other_times_for_one_attempt_are_held():
    declare()
    submit(row(1, *DAY, submit="2026-10-04T23:00:00"))
    submit(row(1, "2026-10-05T00:00:30", "2026-10-05T10:00:30", submit="2026-10-04T23:00:00"), source="agent")

    found = run()

    assert findings(found) == {"USE.TIME": 1}
    assert cuts(found) == {"USE.TIME": ("held", 10 * HOUR, 200_00)}


def test_a_failed_node_is_borne_by_the_centre():
    declare()
    submit(row(1, *DAY, state="NODE_FAIL"))
    submit(row(1, *DAY, state="NODE_FAIL"), source="agent")

    assert cuts(run()) == {"USE.STATE": ("centre", 10 * HOUR, 200_00)}


def test_every_predicate_that_holds_is_found_not_only_the_one_that_decided():
    declare()
    submit(row(1, *DAY, state="NODE_FAIL", gpus=4))
    submit(row(1, *DAY, state="NODE_FAIL", gpus=3), source="agent")

    assert findings(run()) == {"USE.QTY_OVER": 1, "USE.STATE": 1}


def test_evidence_without_a_claim_is_found_and_not_paid():
    declare()
    submit(row(1, *DAY))
    submit(row(1, *DAY), row(2, *DAY), source="agent")

    found = run()

    assert findings(found) == {"USE.NO_CLAIM": 1}
    assert found.adjudications.get().claimed_ms == 10 * HOUR


def test_use_outside_every_order_is_found_and_stands_on_no_line():
    data = world()
    data["orders"][0]["from"] = "2026-10-06"
    declare(data)
    line = row(1, "2026-10-05T10:00:00", "2026-10-05T20:00:00")  # the order begins at 16:00 UTC
    submit(line)
    submit(line, source="agent")

    found = run()

    assert findings(found) == {"ENT.NO_ORDER": 1}
    assert found.findings.get().quantity_ms == 6 * HOUR
    assert found.adjudications.get().claimed_ms == 4 * HOUR


def test_an_account_without_any_order_is_out_of_scope_and_counted():
    data = world()
    data["orders"] = data["orders"][:1]
    declare(data)
    submit(row(1, *DAY), row(2, *DAY, account="lab2"), row(3, *DAY, account="stranger"))

    assert run().manifest["outputs"]["scope"] == {"claims": 3, "on_lines": 1, "of_other_accounts": 2}


def test_a_job_across_the_months_end_is_split_at_midnight_of_the_programmes_zone():
    declare()
    line = row(1, "2026-10-31T10:00:00", "2026-10-31T22:00:00", gpus=8)  # midnight in Shanghai is 16:00 UTC
    submit(line)
    submit(line, source="agent")

    october = run("2026-10")
    with today("2026-12-15"):
        november = propose(programme="P1", period="2026-11", kind="S1", cut_off=None, actor=actor_named("op"))

    assert october.adjudications.get().allowed_ms == 48 * HOUR
    assert november.adjudications.get().allowed_ms == 48 * HOUR


def test_a_new_price_splits_an_attempt_at_its_first_instant():
    data = world()
    prices = data["centres"][0]["price_lists"]
    prices[0]["until"] = "2026-10-06"
    prices.append({"code": "P26b", "from": "2026-10-06", "until": "2027-01-01", "prices": {"A100": "10.00"}})
    declare(data)
    line = row(1, "2026-10-05T12:00:00", "2026-10-05T20:00:00")
    submit(line)
    submit(line, source="agent")

    found = run()

    assert found.adjudications.get().allowed_minor == 4 * 20_00 + 4 * 10_00
    assert [base["allowed_ms"] for base in found.adjudications.get().explanation["base"]] == [4 * HOUR, 4 * HOUR]


def test_one_second_attempts_cost_what_their_sum_costs():
    declare()
    rows = [
        row(n, f"2026-10-05T00:{n // 60:02d}:{n % 60:02d}", f"2026-10-05T00:{(n + 1) // 60:02d}:{(n + 1) % 60:02d}")
        for n in range(1800)
    ]
    submit(*rows)
    submit(*rows, source="agent")

    assert run().adjudications.get().allowed_minor == 10_00  # half an hour at 20.00


def test_order_of_lines_and_files_does_not_change_the_digest():
    data = [
        row(n, f"2026-10-{n:02d}T00:00:00", f"2026-10-{n:02d}T07:30:0{n % 9}", gpus=1 + n % 3) for n in range(1, 20)
    ]
    seen = [line for n, line in enumerate(data) if n % 5]
    shuffled = data.copy()
    random.Random(7).shuffle(shuffled)
    declare()
    submit(*data)
    submit(*seen, source="agent")
    first = run()

    submit(*shuffled, name="the same again, shuffled")
    submit(*reversed(seen), source="agent", name="evidence again")
    second = run()

    assert second == first
    assert Run.objects.count() == 1


def test_a_run_on_an_earlier_cut_off_sees_what_was_sealed_by_then():
    declare()
    submit(row(1, *DAY))
    submit(row(1, *DAY), source="agent")
    before = run()
    submit(row(2, *DAY), name="later")
    after = run()

    again = run(cut_off=before.cut_off)

    assert after.adjudications.get().claimed_ms == 20 * HOUR
    assert again == before


def test_a_corrected_attempt_counts_once_with_its_latest_version():
    declare()
    submit(row(1, *DAY))
    slip = submit(row(1, "2026-10-05T00:00:00", "2026-10-05T08:00:00"), name="corrected")

    assert slip.counts["revised"] == 1
    assert run().adjudications.get().claimed_ms == 8 * HOUR


def test_runs_are_refused_before_their_date_and_outside_the_cycle():
    declare()
    operator = actor_named("op")
    with today("2026-11-12"), pytest.raises(RunTooEarly) as early:  # 13 November is the tenth working day
        propose(programme="P1", period="2026-10", kind="S1", cut_off=None, actor=operator)
    assert str(early.value.fields["run_date"]) == "2026-11-13"
    with today("2027-06-01"):
        with pytest.raises(CycleMismatch):
            propose(programme="P1", period="2026-Q4", kind="S1", cut_off=None, actor=operator)
        with pytest.raises(RunUnknown):
            propose(programme="P1", period="2026-10", kind="R2", cut_off=None, actor=operator)
        with pytest.raises(CutOffUnknown):
            propose(programme="P1", period="2026-10", kind="S1", cut_off=99, actor=operator)


def test_only_those_who_run_the_programme_may_run_it():
    declare()
    with today("2026-11-16"):
        with pytest.raises(ActNotPermitted):
            propose(programme="P1", period="2026-10", kind="S1", cut_off=None, actor=actor_named("c1-op"))
        with pytest.raises(NotFound):
            propose(programme="P9", period="2026-10", kind="S1", cut_off=None, actor=actor_named("op"))


def test_once_statements_are_out_changed_facts_wait_for_the_next_run():
    declare()
    submit(row(1, *DAY))
    submit(row(1, *DAY), source="agent")
    run()
    approve()
    settlement.issue(programme="P1", period="2026-10", kind="S1", actor=actor_named("boss"))
    unchanged = run()
    submit(row(2, *DAY), name="late")

    with pytest.raises(RunSettled) as refused:
        run()

    assert unchanged.statements.count() == 1
    assert "RF" in refused.value.advice


def test_the_log_gives_each_file_and_run_one_position():
    declare()
    before = log.seal()
    submit(row(1, *DAY))
    run()

    kinds = Leaf.objects.filter(position__gt=before).order_by("position").values_list("record__kind", flat=True)
    assert log.seal() == before + 3
    assert log.seal() == before + 3
    assert list(kinds) == ["document.kept", "usage_file.received", "run.finished"]


def test_every_code_that_cuts_has_a_bearer_and_a_resolution():
    assert all(code.sentence and code.resolution for code in CODES.values())
