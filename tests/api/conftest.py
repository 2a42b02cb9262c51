"""The demonstration's world, settled and unanswered, made once a module by the real services, and clients for it.

Beside it live two who take part in nothing, an enterprise's officer (`stranger`) and a centre's (`south-ops`), and
a department with a programme and books of its own (`zh-approver`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connections
from django.test import override_settings
from rest_framework.test import APIClient

from billing.metering import services as metering
from billing.metering.models import UsageFile
from billing.metering.services import Upload
from billing.reconciliation import services as reconciliation
from billing.reconciliation.models import Run
from billing.settlement import services as settlement
from ledger import clock
from ledger.log import services as log
from ledger.log.checkpoints import sign
from ledger.log.keys import make
from ledger.log.models import Checkpoint, Leaf
from ledger.models import Entry, RefusedAct
from tests.conftest import as_owner, use
from tests.scenario import at
from vouchers.people.actors import actor_named
from vouchers.people.models import User
from vouchers.world.reading import read
from vouchers.world.services import apply

DEMO = Path(__file__).resolve().parents[2] / "demo"
NOW = at("2026-11-20T02:00")
ELSEWHERE = b"""
world: quanbu/1
organisations:
  - {code: elsewhere, kind: enterprise, name: Elsewhere}
  - {code: south, kind: centre, name: South Centre}
  - {code: zh-data, kind: department, name: Zhonghe Data Bureau}
  - {code: zh-finance, kind: finance, name: Zhonghe Finance Bureau}
  - {code: zh-platform, kind: operator, name: Zhonghe Platform}
people:
  - {login: stranger, name: Stranger, roles: [{organisation: elsewhere, role: enterprise_officer}]}
  - {login: south-ops, name: South Operator, roles: [{organisation: south, role: centre_officer}]}
  - {login: zh-approver, name: Zhonghe Approver, roles: [{organisation: zh-data, role: department_approver}]}
programmes:
  - code: ZH26
    name: Zhonghe Compute Vouchers 2026
    department: zh-data
    finance: zh-finance
    operator: zh-platform
    from: 2026-01-01
    until: 2027-01-01
    subsidy_rate: 20%
    funding: {city: 1}
    appropriations:
      - {document: ZH-7, on: 2026-01-05, budget_year: 2026, amounts: {city: "5000.00"}}
"""
ANSWER = "/api/v1/statements/QC26:2026-10:S1:north/answer"
RUN = {"programme": "QC26", "period": "2026-10", "kind": "S1"}


def submit(name: str, format_name: str, actor: str, source: str | None = None) -> None:
    """Submit a file of the demonstration and seal it."""
    with (DEMO / name).open("rb") as stream:
        origin = metering.find_origin(centre="north", cluster="n1", source=source)
        metering.submit(upload=Upload(stream, name, format_name), origin=origin, actor=actor_named(actor))
    log.seal()


def build_world(key_file: Path | None = None) -> None:
    """Make the world: declared, metered, witnessed, run, approved, its statement issued; its log signed, by a key."""
    with override_settings(CHECKPOINT_KEY_FILE=key_file), clock.held_at(NOW):
        apply([read((DEMO / "world.yaml").read_bytes(), "world.yaml"), read(ELSEWHERE, "elsewhere.yaml")], actor="ops")
        submit("north-n1-2026-10.sacct", "slurm-sacct", "north-ops")
        submit("agent-n1-2026-10.csv", "usage-csv", "ops", source="agent")
        reconciliation.propose(**RUN, cut_off=None, actor=actor_named("ops"))
        settlement.approve(**RUN, actor=actor_named("approver"))
        settlement.issue(**RUN, actor=actor_named("approver"))
        # Somebody asks for what is not theirs, and is refused.
        client_of("hexi-it").post(ANSWER, {"kind": "confirmed"}, format="json", HTTP_IDEMPOTENCY_KEY="not-mine")
        log.seal()
        if key_file is not None:
            make(key_file)
            sign()


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    template_database: str,
    worker_id: str,
    django_db_blocker: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """A database of this module's own that holds the world; each test's changes to it are rolled back."""
    before, name = connections.settings["default"]["NAME"], f"test_{worker_id}_{os.getpid()}_api"
    with django_db_blocker.unblock():
        as_owner("CREATE DATABASE {} TEMPLATE {}", name, template_database)
        use(name)
        build_world(tmp_path_factory.mktemp("key") / "checkpoint-key.pem")
    yield
    with django_db_blocker.unblock():
        use(before)
        # Not WITH (FORCE): in a database that lives for seconds autovacuum may be at work, whom the owner may not end
        # by force; a plain DROP asks it to leave.
        as_owner("DROP DATABASE {}", name)


@pytest.fixture(autouse=True)
def still_clock() -> Iterator[None]:
    """Hold the clock where the world was made."""
    with clock.held_at(NOW):
        yield


def client_of(login: str) -> APIClient:
    """Return a client that is signed in as this person."""
    client = APIClient()
    client.force_authenticate(User.objects.get(login=login))
    return client


@pytest.fixture
def as_(world: None, db: None) -> Callable[[str], APIClient]:
    """Sign in as somebody of the world."""
    return client_of


@pytest.fixture
def ids_of(world: None, db: None) -> dict[str, str]:
    """The ids that the world did not choose."""
    return {
        "size": str(Checkpoint.objects.latest("id").head_id),
        "position": str(Leaf.objects.get(record__kind="usage_file.received", record__submitter="north").position),
        "run": Run.objects.get().id,
        "file": UsageFile.objects.get(source=None).id,
        "refusal": RefusedAct.objects.get().id,
        "entry": str(Entry.objects.get(idempotency_key__startswith="authorise:QC26").id),
    }
