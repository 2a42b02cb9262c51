-- Control totals of the distinct attempts that the file reports, in all and by class, state, account and day.
-- Returns: (view, name, gpu_ms, core_ms, wall_ms). wall_ms is elapsed time, counted in every class that an attempt used.
-- A day takes the share of an attempt's time that its part of the interval has; shares are cut cumulatively, so that
-- the days add up to the whole.
-- Called by: billing.metering.services.
WITH attempt AS (
    SELECT
        s.line, s.account, s.state, s.started_at_ms, s.ended_at_ms, s.elapsed_ms,
        coalesce(sum(q.quantity_ms) FILTER (WHERE q.unit = 'gpu'), 0) AS gpu_ms,
        coalesce(sum(q.quantity_ms) FILTER (WHERE q.unit = 'core'), 0) AS core_ms
    FROM staged_line AS s
    LEFT JOIN staged_quantity AS q ON s.line = q.line
    WHERE s.counted
    GROUP BY s.line, s.account, s.state, s.started_at_ms, s.ended_at_ms, s.elapsed_ms
),

by_day AS (
    SELECT
        d.day, a.gpu_ms, a.core_ms, a.elapsed_ms::numeric AS wall_ms,
        (a.ended_at_ms - a.started_at_ms)::numeric AS length_ms,
        (greatest(d.starts_at_ms, a.started_at_ms) - a.started_at_ms)::numeric AS begin_ms,
        (least(d.ends_at_ms, a.ended_at_ms) - a.started_at_ms)::numeric AS end_ms
    FROM (
        -- A scheduler may count a second that its whole-second interval does not have.
        SELECT
            t.gpu_ms, t.core_ms, t.elapsed_ms, t.started_at_ms, greatest(t.ended_at_ms, t.started_at_ms + 1) AS ended_at_ms
        FROM attempt AS t
    ) AS a
    INNER JOIN staged_day AS d ON a.ended_at_ms > d.starts_at_ms AND a.started_at_ms < d.ends_at_ms
)

SELECT '' AS view, '' AS name, sum(a.gpu_ms), sum(a.core_ms), sum(a.elapsed_ms) FROM attempt AS a
UNION ALL
SELECT
    'by_class', q.class_code, sum(CASE q.unit WHEN 'gpu' THEN q.quantity_ms ELSE 0 END),
    sum(CASE q.unit WHEN 'core' THEN q.quantity_ms ELSE 0 END), sum(s.elapsed_ms)
FROM staged_quantity AS q
INNER JOIN staged_line AS s ON q.line = s.line
GROUP BY q.class_code
UNION ALL
SELECT 'by_state', a.state, sum(a.gpu_ms), sum(a.core_ms), sum(a.elapsed_ms) FROM attempt AS a GROUP BY a.state
UNION ALL
SELECT 'by_account', a.account, sum(a.gpu_ms), sum(a.core_ms), sum(a.elapsed_ms) FROM attempt AS a GROUP BY a.account
UNION ALL
SELECT
    'by_day', b.day,
    sum(div(b.gpu_ms * b.end_ms, b.length_ms) - div(b.gpu_ms * b.begin_ms, b.length_ms)),
    sum(div(b.core_ms * b.end_ms, b.length_ms) - div(b.core_ms * b.begin_ms, b.length_ms)),
    sum(div(b.wall_ms * b.end_ms, b.length_ms) - div(b.wall_ms * b.begin_ms, b.length_ms))
FROM by_day AS b
GROUP BY b.day
ORDER BY 1, 2;
