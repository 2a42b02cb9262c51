from __future__ import annotations

from itertools import permutations

from billing.metering.formats import EffectiveTime, effective_times

ORIGIN = 1790841600


def _rows(sacct):
    """Forty seconds: two GPUs for twelve, one for twenty, one for eight; then a new life after a requeue."""
    pieces = [
        (0, 0, 12, "RESIZING", 2),
        (12, 0, 32, "RESIZING", 1),
        (32, 0, 40, "COMPLETED", 1),
        (50, 60, 70, "FAILED", 4),
    ]
    return [
        {
            "Submit": str(ORIGIN + submit),
            "Start": str(ORIGIN + start),
            "End": str(ORIGIN + end),
            "ElapsedRaw": str(end - start),
            "State": state,
            "AllocTRES": f"cpu=1,gres/gpu={gpus}",
        }
        for submit, start, end, state, gpus in pieces
    ]


def test_adding_up_the_rows_of_a_resized_job_would_count_its_beginning_twice(sacct):
    attempts = sacct.read(sacct.text(*_rows(sacct)))
    gpus = {attempt.attempt_key: attempt.gpu_counts[0][1] // 1000 for attempt in attempts}

    wrong = sum(gpus[attempt.attempt_key] * attempt.elapsed_ms for attempt in attempts)
    right = sum(gpus[time.attempt_key] * time.elapsed_ms for time in effective_times(attempts))
    assert right == (2 * 12 + 20 + 8 + 4 * 10) * 1000
    assert wrong == (2 * 12 + 32 + 40 + 4 * 10) * 1000


def test_the_order_of_the_rows_does_not_matter(sacct):
    attempts = sacct.read(sacct.text(*_rows(sacct)))
    expected = effective_times(attempts)

    assert all(effective_times(order) == expected for order in permutations(attempts))
    assert expected[1] == EffectiveTime(f"7@{(ORIGIN + 12) * 1000}", (ORIGIN + 12) * 1000, 20_000)


def test_suspension_before_a_resize_is_not_taken_off_twice(sacct):
    first, second = _rows(sacct)[0], _rows(sacct)[2] | {"Submit": str(ORIGIN + 12)}
    first |= {"ElapsedRaw": "8", "Suspended": "00:00:04"}
    second |= {"ElapsedRaw": "36", "Suspended": "00:00:04"}

    times = effective_times(sacct.read(sacct.text(first, second)))
    assert [time.elapsed_ms for time in times] == [8000, 28_000]


def test_rows_that_never_started_and_rows_alone_are_left_as_they_are(sacct):
    attempts = sacct.read(
        sacct.text({}, {"Submit": "2026-10-01T09:00:00", "Start": "None", "ElapsedRaw": "0", "State": "CANCELLED"})
    )

    assert effective_times(attempts) == [EffectiveTime("7@1790841540000", 1790841600000, 3_600_000)]
