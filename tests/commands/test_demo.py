"""The demonstration runs the whole job, says the same digests every time, and stays out of other people's data."""

import io
import re

import pytest
from django.core.management import call_command

from ledger.books.models import Entry
from ledger.verification import verify
from tests.scenario import declare
from vouchers.people.models import User

pytestmark = pytest.mark.database


def demonstrate() -> str:
    said = io.StringIO()
    call_command("demo", stdout=said, no_color=True)
    return said.getvalue()


def digests(said: str) -> dict[str, str]:
    return dict(re.findall(r"^   (\w+) +([0-9a-f]{64})$", said, re.MULTILINE))


def test_twice_gives_the_same_digests_and_changes_nothing(committed, settings, tmp_path):
    settings.STATE_DIR, settings.CHECKPOINT_KEY_FILE = tmp_path, str(tmp_path / "key.pem")
    settings.CHECKPOINT_KEY_IS_OURS = True
    first = demonstrate()
    entries = Entry.objects.count()
    second = demonstrate()

    assert set(digests(first)) == {"inputs", "policy", "outputs", "manifest", "statement", "books"}
    assert digests(first) == digests(second)
    assert Entry.objects.count() == entries
    assert all(verdict.holds for verdict in verify())
    assert re.search(r"All \d+ invariants hold\.", first)
    password = (tmp_path / "demo-password").read_text()
    assert User.objects.get(login="approver").check_password(password)
    assert password in second


def test_the_digests_are_those_of_every_machine(committed, settings, tmp_path):
    """A change of these is a change of what the same month comes to: say so in the changelog."""
    settings.STATE_DIR, settings.CHECKPOINT_KEY_FILE = tmp_path, str(tmp_path / "key.pem")
    settings.CHECKPOINT_KEY_IS_OURS = True
    said = digests(demonstrate())

    assert said["inputs"] == "75a05602dbb72b71d14349f5931ce8515b4a40d384525ff0b7ce13d2bdebc254"


def test_a_database_with_other_programmes_is_left_alone(committed, settings, tmp_path):
    settings.STATE_DIR, settings.CHECKPOINT_KEY_FILE = tmp_path, str(tmp_path / "key.pem")
    settings.CHECKPOINT_KEY_IS_OURS = True
    declare()
    said = io.StringIO()

    with pytest.raises(SystemExit) as refused:
        call_command("demo", stderr=said)

    assert refused.value.code == 2
    assert "demo_needs_its_own_database" in said.getvalue()
