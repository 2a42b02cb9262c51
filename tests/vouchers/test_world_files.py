"""World files: applied whole or refused whole, every error at its line, and applying twice changes nothing."""

import contextlib
import copy
import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ledger.books.models import Account, Entry
from ledger.errors import ActNotPermitted, ActorUnknown
from ledger.funds.models import Fund, FundShare
from tests.scenario import ROOT, command, declare, today, world
from vouchers.issuance.models import Voucher
from vouchers.people.models import Organisation, User
from vouchers.programmes.models import ProgrammeVersion
from vouchers.world.reading import World, WorldRefused, read, schema
from vouchers.world.services import apply

database = [pytest.mark.django_db, pytest.mark.database]


def problems_of(text: str) -> list[str]:
    with pytest.raises(WorldRefused) as refused:
        read(text.encode(), "w.yaml")
    return [str(problem) for problem in refused.value.problems]


def refused(data: dict) -> list[str]:
    with pytest.raises(WorldRefused) as refused:
        declare(data)
    return [problem.reason for problem in refused.value.problems]


class TestReading:
    def test_a_wrong_field_is_named_with_its_line_and_the_fields_there_are(self):
        (problem,) = problems_of(
            "world: quanbu/1\norganisations:\n  - code: a\n    kind: centre\n    nmae: x\n    name: y\n"
        )
        assert problem.startswith("w.yaml:3: nmae is not a field here; the fields are code, kind, name")

    def test_every_error_is_told_at_once(self):
        problems = problems_of(
            "world: quanbu/2\norganisations:\n  - {code: a b, kind: town}\nvouchers:\n  - {code: V, face: '-1'}\n"
        )
        text = "\n".join(problems)
        for part in ("quanbu/1", "must be a code", "must be one of department", "name is missing", "an amount such as"):
            assert part in text
        assert len(problems) >= 9

    def test_amounts_are_text_and_never_floats(self):
        loaded = read(b"world: quanbu/1\nvouchers: []\norders: []\n", "w.yaml")
        assert loaded.data["world"] == "quanbu/1"
        face = read((ROOT / "demo/world.yaml").read_bytes(), "w.yaml").data["vouchers"][0]["face"]
        assert face == "60000.00"

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"\xff\xfe", "not UTF-8"),
            (b"a: [", "not YAML"),
            (b"- 1\n", "a mapping that begins with"),
            (b"world: quanbu/1\nworld: quanbu/1\n", "world stands twice"),
            (b"world: quanbu/1\nvouchers: &a [*a]\n", "anchors and aliases"),
            (b"world: quanbu/1\norganisations: &x [{code: a, kind: centre, name: n}]\nvouchers: *x\n", "anchors"),
            (b"", "a mapping that begins with"),
            (b"[" * 50_000, "nested too deeply"),
            (b"- " * 50_000, "nested too deeply"),
            (b"{a: " * 50_000, "nested too deeply"),
            (b"!!python/object/apply:os.system ['true']\n", "a mapping"),
        ],
    )
    def test_hostile_and_broken_files_are_refused(self, content, reason):
        with pytest.raises(WorldRefused) as refused:
            read(content, "w.yaml")
        assert any(reason in str(problem) for problem in refused.value.problems)

    @given(content=st.binary(max_size=300))
    def test_arbitrary_bytes_are_read_or_refused(self, content):
        with contextlib.suppress(WorldRefused):
            assert read(content, "w.yaml").data["world"] == "quanbu/1"

    def test_the_published_schema_is_the_one_in_force(self):
        published = json.loads((ROOT / "docs/reference/world.schema.json").read_text(encoding="utf-8"))
        assert published == schema()


class TestApplying:
    pytestmark = database

    def test_the_declared_world_stands_in_tables_and_books(self):
        changes = declare()

        assert ("voucher", "V1") in changes.created
        balances = {account.code: account.balance for account in Account.objects.all()}
        assert balances["B.Unallocated[P1]"] == 80_000_00
        assert balances["B.Available[P1,V1]"] == 7_000_00
        assert balances["B.Held[P1,V1,O1]"] == 3_000_00
        assert balances["B.Awarded[P1,A1]"] == 0

    def test_applying_again_changes_nothing(self):
        declare()
        entries = Entry.objects.count()

        changes = declare()

        assert changes.created == changes.updated == []
        assert Entry.objects.count() == entries

    def test_names_may_change_and_facts_may_not(self):
        declare()
        data = world()
        data["organisations"][0]["name"] = "renamed"
        assert declare(data).updated == [("organisation", "dept (name)")]

        data["vouchers"][0]["face"] = "10000.01"
        assert "voucher V1 exists with another face minor, which never changes" in refused(data)
        assert Voucher.objects.get(code="V1").face_minor == 10_000_00

    def test_other_parameters_are_a_new_version(self):
        declare()
        data = world()
        data["programmes"][0]["subsidy_rate"] = "12.5%"
        declare(data)

        versions = list(
            ProgrammeVersion.objects.order_by("version").values_list("parameters__subsidy_rate_bps", flat=True)
        )
        assert versions == [3000, 1250]

    def test_a_programme_s_fund_has_its_shares_in_the_order_of_the_file(self):
        changes = declare()

        assert ("fund", "P1") in changes.created
        assert list(FundShare.objects.order_by("place").values_list("fund", "level", "weight")) == [
            ("P1", "prov", 1),
            ("P1", "city", 1),
        ]
        assert Fund.objects.get(code="P1").payments_follow == "at_once"

    @pytest.mark.parametrize(
        "other",
        [
            {"funding": {"prov": "1", "city": "2"}},
            {"funding": {"city": "1", "prov": "1"}},
            {"funding": {"prov": "1"}},
            {"payments_follow": "after_clearing"},
        ],
        ids=str,
    )
    def test_other_shares_are_another_programme_s(self, other):
        declare()
        data = world()
        data["programmes"][0] |= other

        (reason,) = refused(data)

        assert reason.startswith("Fund P1 is shared prov 1 : city 1, payments at_once and cannot be shared ")
        assert ProgrammeVersion.objects.count() == 1

    def test_one_error_anywhere_and_nothing_is_written(self):
        data = world()
        data["orders"][1]["device_class"] = "H100"
        assert refused(data) == ["there is no device class H100"]
        assert Organisation.objects.count() == User.objects.count() == Entry.objects.count() == 0

    @pytest.mark.parametrize(
        ("path", "value", "reason"),
        [
            (("organisations", 0, "credit_code"), "91350211M000100Y4A", "not a unified social credit code"),
            (("people", 0, "roles", 0, "role"), "auditor", "where nobody is auditor"),
            (("people", 0, "roles", 0, "organisation"), "nobody", "there is no organisation nobody"),
            (("centres", 0, "organisation"), "e1", "not an organisation of kind centre"),
            (("centres", 0, "clusters", 0, "time_zone"), "Asia/Nowhere", "not a time zone"),
            (("programmes", 0, "until"), "2025-01-01", "is not after from"),
            (("programmes", 0, "from"), "2026-02-30", "not a day of the calendar"),
            (("programmes", 0, "appropriations", 0, "amounts"), {"county": "1.00"}, "not a funding level"),
            (("orders", 0, "until"), "2027-02-01", "outside the validity of voucher V1"),
            (("orders", 0, "account"), "lab9", "has no account lab9"),
            (("orders", 0, "voucher"), "V2", "held by another organisation"),
            (("centres", 0, "price_lists", 0, "until"), "2026-11-01", "has no CNY price for A100"),
            (("vouchers", 0, "face"), "90001.00", "B.Unallocated[P1] would stand at"),
            (("orders", 0, "hold"), "10000.01", "B.Available[P1,V1] would stand at -1"),
        ],
    )
    def test_a_wrong_value_is_refused_with_its_reason(self, path, value, reason):
        data = world()
        at = data
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = value

        reasons = refused(data)

        assert any(reason in told for told in reasons), reasons
        assert Entry.objects.count() == 0

    def test_a_problem_is_told_at_the_line_where_it_stands(self):
        data = world()
        data["programmes"][0]["until"] = "2025-01-01"
        content = yaml.safe_dump(data, sort_keys=False)
        line = content.splitlines().index("  until: '2025-01-01'") + 1
        with pytest.raises(WorldRefused) as refused, today("2026-01-05"):
            apply([read(content.encode(), "w.yaml")], actor="op")
        assert str(refused.value.problems[0]).startswith(f"w.yaml:{line}: until")

    def test_two_orders_of_one_account_and_class_may_not_overlap(self):
        data = world()
        overlapping = copy.deepcopy(data["orders"][0]) | {
            "code": "O9",
            "hold": "1.00",
            "from": "2026-11-30",
            "until": "2026-12-31",
        }
        data["orders"].append(overlapping)
        assert refused(data) == ["the database refuses it: orders of one account must not overlap"]

        overlapping["from"] = "2026-12-01"
        declare(data)

    def test_two_prices_of_one_class_may_not_overlap(self):
        data = world()
        data["centres"][0]["price_lists"].append(
            {"code": "P26b", "from": "2026-12-31", "until": "2027-06-01", "prices": {"A100": "1.00"}}
        )
        assert refused(data)[0] == "the database refuses it: prices must not overlap"

    def test_whoever_applies_the_first_file_must_stand_in_it_as_operator(self):
        with pytest.raises(ActorUnknown):
            declare(actor="stranger")
        with pytest.raises(ActNotPermitted):
            declare(actor="boss")
        assert User.objects.count() == 0

    def test_afterwards_only_an_operator_applies(self):
        declare()
        for actor, refusal in (("boss", ActNotPermitted), ("c1-op", ActNotPermitted), ("nobody", ActorUnknown)):
            with pytest.raises(refusal):
                declare(actor=actor)

    def test_nobody_gets_a_password_from_a_file(self):
        declare()
        assert not any(user.has_usable_password() for user in User.objects.all())

    def test_several_files_are_one_world(self, tmp_path):
        data = world()
        first = {key: data[key] for key in ("world", "organisations", "people", "device_classes", "centres")}
        second = {"world": "quanbu/1"} | {key: data[key] for key in ("programmes", "vouchers", "orders")}
        paths = []
        for number, part in enumerate((second, first)):
            path = tmp_path / f"{number}.yaml"
            path.write_text(yaml.safe_dump(part, sort_keys=False))
            paths.append(str(path))

        told = command("apply", *paths, "--actor", "op")

        assert "order O1" in told["created"]


def test_a_world_knows_the_nearest_line_of_a_path():
    loaded = World("f", {}, {("a",): 3, ("a", 0): 4})
    assert loaded.line_of(("a", 0, "b", "c")) == 4
    assert loaded.line_of(("z",)) == 1
