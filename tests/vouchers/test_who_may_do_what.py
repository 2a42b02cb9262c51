"""The role × act table, and what each organisation may see."""

import pytest

from billing.reconciliation.selectors import line_visible_to, lines_visible_to, runs_visible_to
from ledger.errors import ActNotPermitted, ActorUnknown, NotFound
from tests.scenario import approve, declare, row, run, submit, world
from vouchers.people.actors import actor_named
from vouchers.people.models import User
from vouchers.people.permissions import ACTS, Role
from vouchers.programmes.selectors import programme_run_by, programmes_visible_to

pytestmark = [pytest.mark.django_db, pytest.mark.database]

PEOPLE = {
    "op": Role.OPERATOR,
    "boss": Role.DEPARTMENT_APPROVER,
    "clerk": Role.DEPARTMENT_OFFICER,
    "cash": Role.FINANCE_OFFICER,
    "c1-op": Role.CENTRE_OFFICER,
    "e1-op": Role.ENTERPRISE_OFFICER,
    "check": Role.AUDITOR,
}


@pytest.mark.parametrize("act", sorted(ACTS))
def test_an_act_is_open_to_its_roles_and_closed_to_all_others(act):
    declare()
    for login, role in PEOPLE.items():
        actor = actor_named(login)
        if role in ACTS[act][1]:
            actor.require(act)
        else:
            with pytest.raises(ActNotPermitted) as refused:
                actor.require(act)
            assert refused.value.fields["actor"] == login


def test_a_role_in_one_organisation_is_no_role_in_another():
    declare()
    centre = actor_named("c1-op")
    own = next(iter(centre.organisation_ids))

    centre.require("usage.submit", organisation_id=own)
    with pytest.raises(ActNotPermitted):
        centre.require("usage.submit", organisation_id=own + 1)


def test_somebody_who_left_is_nobody():
    declare()
    User.objects.filter(login="op").update(is_active=False)

    with pytest.raises(ActorUnknown):
        actor_named("op")


def test_the_auditor_writes_nothing():
    """But that a witness, who is somebody else, saw the log: that is what an audit leaves."""
    assert {act for act, (_, roles) in ACTS.items() if Role.AUDITOR in roles} == {
        "books.read",
        "checkpoint.cosign",
        "lines.read",
        "log.read",
        "refusals.read",
    }


def test_lines_are_seen_by_payee_beneficiary_and_those_who_run_the_programme_only():
    declare()
    day = ("2026-10-05T00:00:00", "2026-10-05T10:00:00")
    submit(row(1, *day), row(2, *day, account="lab2"))
    run()
    approve()

    seen = {
        login: sorted(lines_visible_to(actor_named(login)).values_list("code", flat=True))
        for login in (*PEOPLE, "e2-op")
    }

    both = ["O1:2026-10", "O2:2026-10"]
    assert seen == {
        "op": both,
        "boss": both,
        "clerk": both,
        "cash": both,
        "c1-op": both,
        "e1-op": ["O1:2026-10"],
        "e2-op": ["O2:2026-10"],
        "check": both,
    }
    assert [runs_visible_to(actor_named(login)).count() for login in ("boss", "c1-op", "e1-op")] == [1, 0, 0]


def test_a_foreign_thing_answers_like_one_that_does_not_exist():
    declare()
    submit(row(1, "2026-10-05T00:00:00", "2026-10-05T10:00:00"))
    run()
    stranger = actor_named("e2-op")

    with pytest.raises(NotFound) as foreign:
        line_visible_to(stranger, "O1:2026-10")
    with pytest.raises(NotFound) as unknown:
        line_visible_to(stranger, "O1:2026-11")
    assert foreign.value.sentence.replace("2026-10", "2026-11") == unknown.value.sentence
    with pytest.raises(NotFound):
        programme_run_by(stranger, "P1")
    assert programmes_visible_to(stranger).count() == 1


def test_a_role_elsewhere_runs_no_programme_of_this_department():
    data = world()
    data["organisations"].append({"code": "plat2", "kind": "operator", "name": "another platform"})
    data["people"][3]["roles"].append({"organisation": "plat2", "role": "operator"})  # the finance officer of P1
    declare(data)

    with pytest.raises(ActNotPermitted):
        run(actor="cash")
