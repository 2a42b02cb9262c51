"""The demonstration's month, made once a module by the real services, and people who look at it.

Each module has a database of its own in which the month is committed; each test then rolls back what it does.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.conf import settings
from django.test import Client, override_settings

from billing.metering import services as metering
from billing.metering.services import Upload
from billing.reconciliation import services as reconciliation
from billing.reconciliation.models import Run
from billing.settlement import services as settlement
from ledger import clock
from ledger.log import services as log
from ledger.log.checkpoints import sign
from ledger.log.keys import make
from tests.conftest import copy_of
from vouchers.people.actors import actor_named
from vouchers.people.models import User
from vouchers.world.reading import read
from vouchers.world.services import apply

DEMO = Path(settings.BASE_DIR) / "demo"
RUN = {"programme": "QC26", "period": "2026-10", "kind": "S1"}
NOW_MS = int(datetime(2026, 11, 20, 2, tzinfo=UTC).timestamp()) * 1000
ABROAD = b"""
world: quanbu/1
organisations:
  - {code: far-dept, kind: department, name: Far Bureau}
  - {code: far-centre, kind: centre, name: Far Centre}
  - {code: far-firm, kind: enterprise, name: Far Firm}
people:
  - login: stranger
    name: Stranger
    roles:
      - {organisation: far-dept, role: department_approver}
      - {organisation: far-centre, role: centre_officer}
      - {organisation: far-firm, role: enterprise_officer}
"""


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """It is ten in the morning in Beijing, twenty days after the month."""
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns where nothing was collected yet
    with clock.held_at(NOW_MS):
        yield


@contextmanager
def month(template: str, worker: str, blocker: pytest.FixtureRequest, *, settled: bool) -> Iterator[None]:
    """A database with the demonstration's month, reconciled and perhaps settled."""
    with (
        blocker.unblock(),
        copy_of(template, f"test_{worker}_{os.getpid()}_portal"),
        clock.held_at(NOW_MS),
    ):
        apply([read((DEMO / "world.yaml").read_bytes(), "world.yaml")], actor="ops")
        apply([read(ABROAD, "abroad.yaml")], actor="ops")
        for name, format_name, source, login in (
            ("north-n1-2026-10.sacct", "slurm-sacct", None, "north-ops"),
            ("agent-n1-2026-10.csv", "usage-csv", "agent", "ops"),
        ):
            with (DEMO / name).open("rb") as stream:
                metering.submit(
                    upload=Upload(stream, name, format_name),
                    origin=metering.find_origin(centre="north", cluster="n1", source=source),
                    actor=actor_named(login),
                )
        log.seal()
        reconciliation.propose(**RUN, cut_off=None, actor=actor_named("ops"))
        if settled:
            settlement.approve(**RUN, actor=actor_named("approver"))
            settlement.issue(**RUN, actor=actor_named("approver"))
        # Somebody asks for what is not theirs, and is refused.
        browser = Client()
        browser.force_login(User.objects.get(login="ops"))
        browser.post(f"/runs/{Run.objects.get().id}/approve/")
        log.seal()
        with TemporaryDirectory() as folder, override_settings(CHECKPOINT_KEY_FILE=f"{folder}/key.pem"):
            make(Path(folder) / "key.pem")
            sign()
        with blocker.block():
            yield


@pytest.fixture(scope="module")
def settled_month(
    django_db_setup: None, template_database: str, worker_id: str, django_db_blocker: pytest.FixtureRequest
) -> Iterator[None]:
    """The month with its statement issued and not yet answered."""
    with month(template_database, worker_id, django_db_blocker, settled=True):
        yield


@pytest.fixture(scope="module")
def proposed_month(
    django_db_setup: None, template_database: str, worker_id: str, django_db_blocker: pytest.FixtureRequest
) -> Iterator[None]:
    """The month with its run made and no line approved."""
    with month(template_database, worker_id, django_db_blocker, settled=False):
        yield


@pytest.fixture
def as_person(db: None) -> Callable[[str], Client]:
    """Return a browser in which somebody is signed in; it checks CSRF like a real one."""

    def browser(login: str) -> Client:
        client = Client()
        client.force_login(User.objects.get(login=login))
        return client

    return browser
