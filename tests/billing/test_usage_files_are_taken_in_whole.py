"""Receiving files: every row accounted for, the same bytes once, corrections as versions, nothing half-written."""

import io
import threading

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.metering import services as metering
from billing.metering.models import ReturnedLine, UsageFact, UsageFile, UsageQuantity
from billing.metering.services import Origin, Upload, UsageFileKnown
from ledger.documents.models import Document
from ledger.documents.selectors import content_of
from ledger.documents.services import DocumentEmpty, DocumentTooLarge
from ledger.errors import ActNotPermitted, NotFound
from tests.scenario import HEADER, declare, row, submit
from vouchers.people.actors import actor_named

database = pytest.mark.database
DAY = ("2026-10-05T00:00:00", "2026-10-05T10:00:00")
HOUR = 3_600_000


def dry(*lines: str, header: str = HEADER) -> metering.Slip:
    content = "\n".join((header, *lines, "")).encode()
    return metering.dry_run(upload=Upload(io.BytesIO(content), "x", "slurm-sacct"), origin=Origin())


def counts(slip: metering.Slip) -> dict[str, int]:
    return {outcome: count for outcome, count in slip.counts.items() if count}


@database
@pytest.mark.django_db
def test_each_row_becomes_a_fact_with_its_device_time():
    declare()
    slip = submit(row(1, *DAY, gpus=2, cores=16), row(2, *DAY, gpus=0, cores=4))

    assert counts(slip) == {"accepted": 2}
    assert slip.metered["gpu_ms"] == 20 * HOUR
    assert slip.metered["core_ms"] == 200 * HOUR
    assert slip.metered["wall_ms"] == 20 * HOUR
    quantities = UsageQuantity.objects.values_list("fact__attempt_key", "device_class__code", "quantity_ms")
    assert sorted(quantity[1:] for quantity in quantities) == [
        ("A100", 20 * HOUR),
        ("CORE", 40 * HOUR),
        ("CORE", 160 * HOUR),
    ]


@database
@pytest.mark.django_db
def test_the_same_bytes_give_the_first_receipt_again_and_store_nothing():
    declare()
    first = submit(row(1, *DAY), "torn")
    second = submit(row(1, *DAY), "torn", name="renamed")

    assert second.receipt == first.receipt
    assert counts(first) == {"accepted": 1, "rejected": 1}
    assert counts(second) == {"duplicate": 1, "rejected": 1}
    assert second.codes == first.codes
    assert second.returned == first.returned
    assert second.metered == first.metered
    assert UsageFile.objects.count() == Document.objects.count() == 1


@database
@pytest.mark.django_db
def test_the_same_bytes_read_otherwise_are_refused():
    declare()
    submit(row(1, *DAY))
    upload = Upload(io.BytesIO(f"{HEADER}\n{row(1, *DAY)}\n".encode()), "x", "slurm-sacct", None, "f" * 64)

    with pytest.raises(UsageFileKnown):
        metering.submit(
            upload=upload, origin=metering.find_origin(centre="c1", cluster="k1"), actor=actor_named("c1-op")
        )


@database
@pytest.mark.django_db
def test_a_re_export_is_duplicates_revisions_and_what_is_new():
    declare()
    submit(row(1, *DAY), row(2, *DAY))
    slip = submit(row(1, *DAY), row(2, *DAY, gpus=2), row(3, *DAY), name="re-export")

    assert counts(slip) == {"accepted": 1, "duplicate": 1, "revised": 1}
    assert sorted(UsageFact.objects.values_list("attempt_key", "version"))[1][1] == 1
    assert UsageFact.objects.filter(version=2).get().line == 3
    assert slip.metered["gpu_ms"] == 40 * HOUR


@database
@pytest.mark.django_db
def test_one_attempt_told_twice_in_a_file_is_one_duplicate_or_a_conflict():
    declare()
    slip = submit(row(1, *DAY), row(1, *DAY), row(1, *DAY, gpus=3))

    assert counts(slip) == {"accepted": 1, "duplicate": 1, "conflict": 1}
    assert slip.metered["gpu_ms"] == 10 * HOUR
    assert ReturnedLine.objects.get().code == "attempt_is_told_twice"


@database
@pytest.mark.django_db
def test_a_device_the_cluster_does_not_know_is_parked_and_never_guessed():
    declare()
    slip = submit(row(1, *DAY).replace("gres/gpu=1", "gres/gpu:h100=1,gres/gpu=1"))

    assert slip.codes == {"parked": {"device_class_is_unknown": 1}}
    assert "“h100”" in slip.returned[0]["reason"]
    assert UsageFact.objects.count() == 0


@database
@pytest.mark.django_db
def test_a_resized_job_counts_its_first_part_once():
    declare()
    first = "7|lab1|2026-10-05T00:00:00|2026-10-05T00:00:00|2026-10-05T04:00:00|14400|RESIZING|gres/gpu=2"
    second = "7|lab1|2026-10-05T04:00:00|2026-10-05T00:00:00|2026-10-05T10:00:00|36000|COMPLETED|gres/gpu=1"

    together = submit(first, second)

    assert together.metered["gpu_ms"] == (2 * 4 + 6) * HOUR


@database
@pytest.mark.django_db
def test_the_second_part_of_a_resized_job_waits_for_its_first_and_then_counts():
    declare()
    first = "7|lab1|2026-10-05T00:00:00|2026-10-05T00:00:00|2026-10-05T04:00:00|14400|RESIZING|gres/gpu=2"
    second = "7|lab1|2026-10-05T04:00:00|2026-10-05T00:00:00|2026-10-05T10:00:00|36000|COMPLETED|gres/gpu=1"

    alone = submit(second)
    submit(first, name="first part")
    again = submit(second, row(8, *DAY), name="second part, again")

    assert alone.codes == {"parked": {"attempt_starts_before_it_was_submitted": 1}}
    assert counts(again) == {"accepted": 2}
    assert again.metered["gpu_ms"] == (6 + 10) * HOUR


@database
@pytest.mark.django_db
def test_days_end_at_midnight_of_the_cluster_and_add_up_to_the_whole():
    declare()
    slip = submit(row(1, "2026-10-05T10:00:00", "2026-10-06T20:00:00", gpus=3, cores=5))

    days = slip.metered["by_day"]
    assert {day: figures["gpu_ms"] // HOUR for day, figures in days.items()} == {
        "2026-10-05": 18,
        "2026-10-06": 72,
        "2026-10-07": 12,
    }
    for figure in ("gpu_ms", "core_ms", "wall_ms"):
        assert sum(day[figure] for day in days.values()) == slip.metered[figure]


@database
@pytest.mark.django_db
def test_the_file_is_kept_verbatim():
    declare()
    submit(row(1, *DAY))
    file = UsageFile.objects.get()

    assert b"".join(content_of(file.document)) == f"{HEADER}\n{row(1, *DAY)}\n".encode()


@database
@pytest.mark.django_db
def test_only_the_centre_submits_its_usage_and_only_a_source_its_evidence():
    declare()
    for actor in ("op", "boss", "e1-op", "check"):
        with pytest.raises(ActNotPermitted):
            submit(row(1, *DAY), actor=actor)
    for actor in ("c1-op", "boss", "e1-op"):
        with pytest.raises(ActNotPermitted):
            submit(row(1, *DAY), source="agent", actor=actor)
    with pytest.raises(NotFound):
        metering.find_origin(centre="c1", cluster="k1", source="nobody")
    with pytest.raises(NotFound):
        metering.find_origin(centre="c1", cluster="k9")
    assert Document.objects.count() == 0


@database
@pytest.mark.django_db
def test_files_without_bytes_or_with_too_many_are_refused(settings):
    declare()
    settings.DOCUMENT_BYTES_MAX = 1000
    origin, actor = metering.find_origin(centre="c1", cluster="k1"), actor_named("c1-op")
    for content, refusal in ((b"", DocumentEmpty), (b"x" * 1001, DocumentTooLarge)):
        with pytest.raises(refusal):
            metering.submit(upload=Upload(io.BytesIO(content), "x", "slurm-sacct"), origin=origin, actor=actor)


@database
@pytest.mark.django_db
def test_a_dry_run_without_a_world_counts_by_the_schedulers_own_names():
    slip = dry(
        "1|a|2026-10-05T00:00:00|2026-10-05T00:00:00|2026-10-05T01:00:00|3600|COMPLETED|cpu=8,gres/gpu:h100=2,gres/gpu=3",
        "2|b|2026-10-05T00:00:00|2026-10-05T00:00:00|2026-10-06T01:00:00|90000|CANCELLED by 7|cpu=2",
    )

    assert counts(slip) == {"accepted": 2}
    classes = {name: (figures["gpu_ms"], figures["core_ms"]) for name, figures in slip.metered["by_class"].items()}
    assert classes == {"h100": (2 * HOUR, 0), "gpu": (HOUR, 0), "cpu": (0, 58 * HOUR)}
    assert set(slip.metered["by_state"]) == {"COMPLETED", "CANCELLED"}
    assert slip.metered["by_account"]["b"]["core_ms"] == 50 * HOUR
    assert slip.metered["by_day"]["2026-10-06"] == {"gpu_ms": 0, "core_ms": 2 * HOUR, "wall_ms": HOUR}
    assert UsageFile.objects.count() == Document.objects.count() == 0


@database
@pytest.mark.django_db
def test_a_dry_run_of_a_known_cluster_tells_duplicates_and_writes_nothing():
    declare()
    submit(row(1, *DAY))
    content = f"{HEADER}\n{row(1, *DAY)}\n{row(2, *DAY)}\n".encode()
    slip = metering.dry_run(
        upload=Upload(io.BytesIO(content), "x", "slurm-sacct"), origin=metering.find_origin(centre="c1", cluster="k1")
    )

    assert counts(slip) == {"accepted": 1, "duplicate": 1}
    assert UsageFact.objects.count() == 1


LINES = st.lists(
    st.one_of(
        st.builds(
            lambda job, hours, gpus: row(job, "2026-10-05T00:00:00", f"2026-10-05T{hours:02d}:00:00", gpus=gpus),
            st.integers(1, 6),
            st.integers(1, 20),
            st.integers(1, 3),
        ),
        st.text(alphabet="abc|1:-", max_size=12).filter(lambda text: text.strip()),
    ),
    min_size=1,
    max_size=12,
)


@database
@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES)
def test_every_row_has_exactly_one_outcome(lines):
    slip = dry(*lines)

    assert slip.rows == sum(slip.counts.values()) == len(lines)


@database
def test_two_submissions_of_the_same_file_at_once_store_it_once(committed):
    declare()
    slips: list[metering.Slip] = []

    def send() -> None:
        try:
            slips.append(submit(row(1, *DAY), row(2, *DAY)))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({slip.receipt["id"] for slip in slips if slip.receipt}) == 1
    assert len(slips) == 6
    assert UsageFact.objects.count() == 2
    assert sorted(slip.counts["accepted"] for slip in slips) == [0, 0, 0, 0, 0, 2]
