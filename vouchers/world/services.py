"""Applying world files: declared facts become rows and postings, all or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import psycopg.errors
import rfc8785
from django.db import IntegrityError, models, transaction
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError

from ledger import clock, ids
from ledger.books import services as books
from ledger.books.errors import BooksRefusal
from ledger.funds import services as funds
from ledger.funds.errors import FundsRefusal
from ledger.log import services as log
from ledger.units import minor_from_text
from vouchers.centres.models import Centre, Cluster, ClusterAccount, ClusterDevice, DeviceClass, EvidenceSource, Price
from vouchers.issuance.models import Voucher
from vouchers.orders.models import Order
from vouchers.people.actors import actor_named
from vouchers.people.models import Membership, Organisation, User
from vouchers.people.permissions import ACTS
from vouchers.programmes.models import Programme, ProgrammeVersion
from vouchers.programmes.rules import BILLABLE_STATES, Policy
from vouchers.world.reading import Path_, Problem, World, WorldRefused

DEFAULT_ZONE = "Asia/Shanghai"
Item = dict[str, Any]


class _Wrong(Exception):
    """One value of one item is wrong. Caught at the item's edge, where its line is known."""

    def __init__(self, reason: str, *path: str | int) -> None:
        self.reason, self.path = reason, path
        super().__init__(reason)


@dataclass(slots=True)
class Changes:
    """What applying the files did: each thing created or updated as (kind, name), and how many were as declared."""

    created: list[tuple[str, str]] = field(default_factory=list)
    updated: list[tuple[str, str]] = field(default_factory=list)
    unchanged: int = 0


@transaction.atomic(durable=True)
def apply(worlds: list[World], *, actor: str) -> Changes:
    """Make the world as the files declare it and say what changed.

    The first file ever applied may be applied by a person whom it declares as a platform operator's officer.
    Facts that stand (a voucher's face, a price, an order) are never edited: declaring them otherwise is a problem.
    A programme's other parameters make a new version, but for its funding, which is its fund's for life. Refuses:
    WorldRefused with every problem of every file; ActorUnknown, ActNotPermitted. Repeats: changes nothing.
    """
    if User.objects.exists():
        actor_named(actor).require("world.apply")
    application = _Application(actor)
    for section, declare in application.sections():
        for world in worlds:
            for place, item in enumerate(world.data.get(section) or []):
                with application.item(world, (section, place)):
                    declare(item)
    application.post()
    if not application.problems:
        # Whoever applied the first file must stand in it; afterwards this asks the same question again.
        actor_named(actor).require("world.apply")
        application.record(worlds)
        return application.changes
    refused = WorldRefused(sorted(application.problems, key=lambda problem: (problem.file, problem.line)))
    # Whoever keeps the refusal as evidence keeps those of the books that it was made of.
    raise refused from ExceptionGroup("what the books refused", application.refused) if application.refused else None


class _Application:
    """One application of files: what was wrong so far, what changed, and the entries to post at the end."""

    def __init__(self, actor: str) -> None:
        self.actor = actor
        self.problems: list[Problem] = []
        self.changes = Changes()
        self.entries: list[tuple[World, Path_, books.Entry]] = []
        self.refused: list[BooksRefusal] = []
        self.here: tuple[World, Path_] = (World("", {}, {}), ())

    def sections(self) -> list[tuple[str, Callable[[Item], None]]]:
        """Return the sections in the order in which they lean on each other."""
        return [
            ("organisations", self.organisation),
            ("people", self.person),
            ("device_classes", self.device_class),
            ("centres", self.centre),
            ("programmes", self.programme),
            ("vouchers", self.voucher),
            ("orders", self.order),
        ]

    @contextmanager
    def item(self, world: World, path: Path_) -> Iterator[None]:
        """Run one declaration; what is wrong with it becomes a problem at its line, and the next one goes on."""
        self.here = world, path
        try:
            with transaction.atomic():
                yield
        except _Wrong as wrong:
            self.wrong(wrong.reason, *wrong.path)
        except IntegrityError as error:
            cause = error.__cause__
            name = cause.diag.constraint_name if isinstance(cause, psycopg.errors.IntegrityError) else None
            self.wrong(f"the database refuses it: {(name or str(error)).replace('_', ' ')}")

    def record(self, worlds: list[World]) -> None:
        """Write down who declared what, if it changed anything."""
        if self.changes.created or self.changes.updated:
            digests = [hashlib.sha256(rfc8785.dumps(world.data)).hexdigest() for world in worlds]
            log.record(kind="world.applied", subject=ids.new("wld"), told={"actor": self.actor, "worlds": digests})

    def wrong(self, reason: str, *path: str | int) -> None:
        """Note a problem at the line of a value of the present item."""
        world, at = self.here
        self.problems.append(Problem(world.file, world.line_of((*at, *path)), reason))

    def put(
        self,
        kind: str,
        manager: models.QuerySet[Any],
        key: Item,
        *,
        fixed: Item | None = None,
        free: Item | None = None,
    ) -> Any:
        """Create the row, bring its free fields up to date, or find it as declared."""
        fixed, free = fixed or {}, free or {}
        name = "/".join(str(value) for value in key.values())
        row, created = manager.get_or_create(**key, defaults=fixed | free)
        if created:
            self.changes.created.append((kind, name))
            return row
        for column, value in fixed.items():
            if getattr(row, column) != value:
                raise _Wrong(f"{kind} {name} exists with another {column.replace('_', ' ')}, which never changes")
        changed = [column for column, value in free.items() if getattr(row, column) != value]
        if not changed:
            self.changes.unchanged += 1
            return row
        for column in changed:
            setattr(row, column, free[column])
        row.save(update_fields=changed)
        self.changes.updated.append((kind, f"{name} ({', '.join(changed)})"))
        return row

    def post(self) -> None:
        """Post the entries that the declarations made, in order; what the books refuse is a problem at its line."""
        for world, path, entry in [] if self.problems else self.entries:
            try:
                books.post([entry])
            except BooksRefusal as refusal:
                self.refused.append(refusal)
                self.problems.append(Problem(world.file, world.line_of(path), f"{refusal} {refusal.advice}"))

    def entry(self, template: str, key: str, on_ms: int, document: str, rows: list[books.Row]) -> None:
        """Remember an entry to be posted for the present item."""
        entry = books.Entry(template, key, on_ms, self.actor, rows, document=document)
        self.entries.append((*self.here, entry))

    def organisation(self, item: Item) -> None:
        """Declare an organisation."""
        credit_code = item.get("credit_code", "")
        if credit_code:
            try:
                credit_code = uscc.validate(credit_code)
            except ValidationError as error:
                raise _Wrong(f"{credit_code} is not a unified social credit code: {error}", "credit_code") from None
        free = {"name": item["name"], "credit_code": credit_code}
        self.put(
            "organisation", Organisation.objects.all(), {"code": item["code"]}, fixed={"kind": item["kind"]}, free=free
        )

    def person(self, item: Item) -> None:
        """Declare a person and their roles. A person has no password until one is set for them."""
        if not User.objects.filter(login=item["login"]).exists():
            user = User(login=item["login"], name=item["name"])
            user.set_unusable_password()
            user.save()
            self.changes.created.append(("person", user.login))
        else:
            user = self.put("person", User.objects.all(), {"login": item["login"]}, free={"name": item["name"]})
        for place, role in enumerate(item["roles"]):
            organisation = _find(Organisation, role["organisation"], "roles", place, "organisation")
            _check_role(organisation, role["role"], place)
            self.put(
                "role", Membership.objects.all(), {"user": user, "organisation": organisation, "role": role["role"]}
            )

    def device_class(self, item: Item) -> None:
        """Declare a device class."""
        self.put(
            "device class",
            DeviceClass.objects.all(),
            {"code": item["code"]},
            fixed={"unit": item["unit"]},
            free={"name": item["name"]},
        )

    def centre(self, item: Item) -> None:
        """Declare a centre with its clusters, evidence sources and price lists."""
        organisation = _find(Organisation, item["organisation"], "organisation")
        if organisation.kind != Organisation.Kind.CENTRE:
            raise _Wrong(f"{organisation} is not an organisation of kind centre", "organisation")
        centre = self.put(
            "centre",
            Centre.objects.all(),
            {"code": item["code"]},
            fixed={"organisation": organisation},
            free={"name": item["name"]},
        )
        for place, declared in enumerate(item.get("clusters") or []):
            self._cluster(centre, declared, place)
        for place, declared in enumerate(item.get("evidence_sources") or []):
            self.put(
                "evidence source",
                EvidenceSource.objects.all(),
                {"centre": centre, "code": declared["code"]},
                fixed={
                    "organisation": _find(
                        Organisation, declared["organisation"], "evidence_sources", place, "organisation"
                    ),
                    "trust_domain": declared["trust_domain"],
                },
            )
        for place, declared in enumerate(item.get("price_lists") or []):
            self._price_list(centre, declared, place)

    def _cluster(self, centre: Centre, declared: Item, place: int) -> None:
        zone = _zone(declared.get("time_zone", DEFAULT_ZONE), "clusters", place, "time_zone")
        export_zone = _zone(declared.get("export_time_zone", zone), "clusters", place, "export_time_zone")
        cluster = self.put(
            "cluster",
            Cluster.objects.all(),
            {"centre": centre, "code": declared["code"]},
            fixed={"time_zone": zone, "export_time_zone": export_zone},
        )
        for name, code in (declared.get("devices") or {}).items():
            self.put(
                "device of cluster",
                ClusterDevice.objects.all(),
                {"cluster": cluster, "scheduler_type": name},
                fixed={"device_class": _find(DeviceClass, code, "clusters", place, "devices", name)},
            )
        for name, code in (declared.get("accounts") or {}).items():
            self.put(
                "account of cluster",
                ClusterAccount.objects.all(),
                {"cluster": cluster, "name": name},
                fixed={"holder": _find(Organisation, code, "clusters", place, "accounts", name)},
            )

    def _price_list(self, centre: Centre, declared: Item, place: int) -> None:
        zone = _zone(declared.get("time_zone", DEFAULT_ZONE), "price_lists", place, "time_zone")
        starts, ends = _interval(declared, zone, "price_lists", place)
        for code, price in declared["prices"].items():
            self.put(
                "price",
                Price.objects.all(),
                {
                    "centre": centre,
                    "price_list": declared["code"],
                    "device_class": _find(DeviceClass, code, "price_lists", place, "prices", code),
                },
                fixed={
                    "currency": declared.get("currency", "CNY"),
                    "minor_per_hour": minor_from_text(price),
                    "starts_at_ms": starts,
                    "ends_at_ms": ends,
                },
            )

    def programme(self, item: Item) -> None:
        """Declare a programme, its parameters as a version, and its appropriations."""
        policy = _policy(item)
        starts, ends = _interval(item, policy.time_zone)
        programme = self.put(
            "programme",
            Programme.objects.all(),
            {"code": item["code"]},
            fixed={"starts_at_ms": starts, "ends_at_ms": ends}
            | {side: _find(Organisation, item[side], side) for side in ("department", "finance", "operator")},
            free={"name": item["name"]},
        )
        latest = programme.versions.order_by("-version").first()
        if latest is not None and bytes(latest.digest) == policy.digest:
            self.changes.unchanged += 1
        else:
            version = ProgrammeVersion.objects.create(
                programme=programme,
                version=latest.version + 1 if latest else 1,
                parameters=policy.as_parameters(),
                digest=policy.digest,
                recorded_at_ms=clock.now_ms(),
            )
            log.record(kind="programme.versioned", subject=f"{programme.code}/{version.version}", digest=policy.digest)
            self.changes.created.append(("programme version", str(version)))
        self._shares(programme.code, policy.funding, item.get("payments_follow", "at_once"))
        for place, appropriation in enumerate(item.get("appropriations") or []):
            year, fund = appropriation["budget_year"], programme.code
            for level in appropriation["amounts"]:
                if level not in policy.funding:
                    raise _Wrong(f"{level} is not a funding level of {fund}", "appropriations", place, "amounts", level)
            self.entry(
                "FUND.AUTHORISE",
                f"authorise:{fund}:{_key_of(appropriation['document'])}",
                _day_ms(appropriation["on"], policy.time_zone, "appropriations", place, "on"),
                appropriation["document"],
                [
                    books.Row(
                        f"B.Authority[{fund},{level},{year}]",
                        f"B.Unallocated[{fund}]",
                        minor_from_text(amount),
                        policy.currency,
                    )
                    for level, amount in appropriation["amounts"].items()
                ],
            )

    def _shares(self, fund: str, funding: dict[str, int], payments_follow: str) -> None:
        """Declare who bears the fund. That is for its life, so a new version of a programme keeps its funding."""
        try:
            new = funds.declare_shares(fund=fund, shares=funding, payments_follow=payments_follow)
        except FundsRefusal as refusal:
            raise _Wrong(f"{refusal} {refusal.advice}", "funding") from None
        if new:
            self.changes.created.append(("fund", fund))
        else:
            self.changes.unchanged += 1

    def voucher(self, item: Item) -> None:
        """Declare a voucher: awarded and issued in the books."""
        programme = _find(Programme, item["programme"], "programme")
        parameters = programme.versions.order_by("-version")[0].parameters
        starts, ends = _interval(item, parameters["time_zone"])
        face, fund = minor_from_text(item["face"]), programme.code
        voucher = self.put(
            "voucher",
            Voucher.objects.all(),
            {"code": item["code"]},
            fixed={
                "programme": programme,
                "holder": _find(Organisation, item["holder"], "holder"),
                "award": item["award"],
                "face_minor": face,
                "valid_from_ms": starts,
                "valid_until_ms": ends,
            },
        )
        awarded, available = f"B.Awarded[{fund},{voucher.award}]", f"B.Available[{fund},{voucher.code}]"
        for template, key, debit, credit in (
            ("AWARD", f"award:{voucher.code}", f"B.Unallocated[{fund}]", awarded),
            ("ISSUE", f"issue:{voucher.code}", awarded, available),
        ):
            self.entry(template, key, starts, voucher.award, [books.Row(debit, credit, face, parameters["currency"])])

    def order(self, item: Item) -> None:
        """Declare an order: the public share is held on its voucher in the books."""
        voucher = _find(Voucher, item["voucher"], "voucher")
        account = (
            ClusterAccount.objects.filter(
                cluster__centre__code=item["centre"], cluster__code=item["cluster"], name=item["account"]
            )
            .select_related("cluster__centre")
            .first()
        )
        if account is None:
            raise _Wrong(f"cluster {item['centre']}/{item['cluster']} has no account {item['account']}", "account")
        if account.holder_id != voucher.holder_id:
            raise _Wrong(f"account {account.name} is held by another organisation than voucher {voucher}", "account")
        device_class = _find(DeviceClass, item["device_class"], "device_class")
        parameters = voucher.programme.versions.order_by("-version")[0].parameters
        starts, ends = _interval(item, parameters["time_zone"])
        if starts < voucher.valid_from_ms or ends > voucher.valid_until_ms:
            raise _Wrong(f"the order reaches outside the validity of voucher {voucher}", "from")
        self._check_prices(account.cluster.centre, device_class, starts, ends, parameters["currency"])
        held, fund = minor_from_text(item["hold"]), voucher.programme.code
        order = self.put(
            "order",
            Order.objects.all(),
            {"code": item["code"]},
            fixed={
                "voucher": voucher,
                "cluster_account": account,
                "device_class": device_class,
                "held_minor": held,
                "starts_at_ms": starts,
                "ends_at_ms": ends,
            },
        )
        row = books.Row(
            f"B.Available[{fund},{voucher.code}]",
            f"B.Held[{fund},{voucher.code},{order.code}]",
            held,
            parameters["currency"],
        )
        self.entry("HOLD", f"hold:{order.code}", starts, order.code, [row])

    def _check_prices(self, centre: Centre, device_class: DeviceClass, starts: int, ends: int, currency: str) -> None:
        """Refuse an order for which the centre's price lists leave an instant without a price."""
        reached = starts
        prices = Price.objects.filter(
            centre=centre, device_class=device_class, currency=currency, ends_at_ms__gt=starts, starts_at_ms__lt=ends
        )
        for price in prices.order_by("starts_at_ms"):
            if price.starts_at_ms > reached:
                break
            reached = price.ends_at_ms
        if reached < ends:
            raise _Wrong(
                f"centre {centre} has no {currency} price for {device_class} from {clock.iso_utc(reached)}",
                "device_class",
            )


_KINDS_OF_ROLE = {
    "operator": "operator",
    "department_officer": "department",
    "department_approver": "department",
    "finance_officer": "finance",
    "centre_officer": "centre",
    "enterprise_officer": "enterprise",
    "auditor": "auditor",
}
assert set(_KINDS_OF_ROLE) == {role.value for _, roles in ACTS.values() for role in roles}


def _check_role(organisation: Organisation, role: str, place: int) -> None:
    if _KINDS_OF_ROLE[role] != organisation.kind:
        raise _Wrong(f"{organisation} is of kind {organisation.kind}, where nobody is {role}", "roles", place, "role")


def _find(model: type[models.Model], code: str, *path: str | int) -> Any:
    """Return the row with this code, which the file or an earlier one declared."""
    row = model._default_manager.filter(code=code).first()
    if row is None:
        raise _Wrong(f"there is no {model._meta.verbose_name} {code}", *path)
    return row


def _key_of(document: str) -> str:
    """Return a short ASCII key for a document's number, which may be written in any script."""
    return hashlib.sha256(document.encode()).hexdigest()[:20]


def _zone(name: str, *path: str | int) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _Wrong(f"{name} is not a time zone", *path) from None
    return name


def _day_ms(text: str, zone: str, *path: str | int) -> int:
    try:
        return clock.start_of_day_ms(date.fromisoformat(text), zone)
    except ValueError:
        raise _Wrong(f"{text} is not a day of the calendar", *path) from None


def _interval(item: Item, zone: str, *path: str | int) -> tuple[int, int]:
    starts = _day_ms(item["from"], zone, *path, "from")
    ends = _day_ms(item["until"], zone, *path, "until")
    if ends <= starts:
        raise _Wrong(f"until {item['until']} is not after from {item['from']}", *path, "until")
    return starts, ends


def _policy(item: Item) -> Policy:
    """Type a programme's parameters, with the defaults that a careful official would choose."""
    return Policy(
        currency=item.get("currency", "CNY"),
        time_zone=_zone(item.get("time_zone", DEFAULT_ZONE), "time_zone"),
        subsidy_rate_bps=minor_from_text(item["subsidy_rate"].removesuffix("%")),
        funding={level: int(share) for level, share in item["funding"].items()},
        cycle=item.get("cycle", "month"),
        runs={run: int(days) for run, days in item.get("runs", {"S1": "10", "RF": "60"}).items()},
        calendar=item.get("calendar", "CN"),
        evidence_domains=int(item.get("evidence_domains", "2")),
        billable_states=sorted(item.get("billable_states", BILLABLE_STATES)),
    )
