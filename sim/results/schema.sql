-- The tables and views of the database; docs/results.md explains them.
--
-- Times are integer nanoseconds since the start of the replication, sizes bytes; NULL = does not exist.  No index on
-- what is written by the million: a run is read by scanning it.  The views report_group, report_gpu and
-- report_swap_file are made by schema.c out of the names of the report's numbers.

CREATE TABLE run(
    run INTEGER PRIMARY KEY, status TEXT NOT NULL, started TEXT NOT NULL,
    scenario TEXT NOT NULL, file TEXT NOT NULL, text TEXT, keys TEXT NOT NULL,
    victim TEXT NOT NULL, slicer TEXT NOT NULL, cap TEXT NOT NULL, prefetch TEXT NOT NULL, place TEXT NOT NULL,
    policy TEXT, parameters TEXT,
    seed INTEGER NOT NULL, replications INTEGER NOT NULL, record TEXT NOT NULL,
    version TEXT NOT NULL, provenance TEXT NOT NULL, device TEXT,
    length TEXT, limits TEXT, next TEXT,
    is_random INTEGER NOT NULL,
    policy_faults INTEGER); -- answers of policies that were none; NULL until the end

CREATE TABLE replication(
    run INTEGER NOT NULL, replication INTEGER NOT NULL,
    from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL, makespan_ns INTEGER, events INTEGER NOT NULL,
    policy_faults INTEGER NOT NULL,
    PRIMARY KEY(run, replication)) WITHOUT ROWID;

-- who takes part

CREATE TABLE workload_group(
    run INTEGER NOT NULL, grp INTEGER NOT NULL, name TEXT NOT NULL, class TEXT NOT NULL,
    PRIMARY KEY(run, grp)) WITHOUT ROWID;

CREATE TABLE workload(
    run INTEGER NOT NULL, workload INTEGER NOT NULL, grp INTEGER NOT NULL, class TEXT NOT NULL,
    priority INTEGER NOT NULL, bytes INTEGER NOT NULL, context_bytes INTEGER NOT NULL,
    request REAL NOT NULL, "limit" REAL NOT NULL, dirty REAL NOT NULL, swappable INTEGER NOT NULL,
    PRIMARY KEY(run, workload)) WITHOUT ROWID;

CREATE TABLE node(
    run INTEGER NOT NULL, node INTEGER NOT NULL, name TEXT NOT NULL, swap_cap_bytes INTEGER NOT NULL,
    PRIMARY KEY(run, node)) WITHOUT ROWID;

CREATE TABLE gpu(
    run INTEGER NOT NULL, gpu INTEGER NOT NULL, node INTEGER NOT NULL, name TEXT NOT NULL,
    memory_bytes INTEGER NOT NULL, reserved_bytes INTEGER NOT NULL,
    PRIMARY KEY(run, gpu)) WITHOUT ROWID;

-- record = bursts, events

CREATE TABLE burst(
    run INTEGER NOT NULL, replication INTEGER NOT NULL, burst INTEGER NOT NULL,
    workload INTEGER NOT NULL, nth INTEGER NOT NULL,
    ready_ns INTEGER NOT NULL, start_ns INTEGER, first_token_ns INTEGER, end_ns INTEGER NOT NULL, alone_ns INTEGER NOT NULL,
    queue_ns INTEGER NOT NULL, swap_out_ns INTEGER NOT NULL, swap_in_ns INTEGER NOT NULL, cap_ns INTEGER NOT NULL,
    preempted_ns INTEGER NOT NULL, detect_ns INTEGER NOT NULL, cold_ns INTEGER NOT NULL,
    served TEXT NOT NULL, outcome TEXT NOT NULL);

CREATE TABLE residency(
    run INTEGER NOT NULL, replication INTEGER NOT NULL, residency INTEGER NOT NULL,
    workload INTEGER NOT NULL, gpu INTEGER, state TEXT NOT NULL,
    from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL);

CREATE TABLE event(
    run INTEGER NOT NULL, replication INTEGER NOT NULL, event INTEGER NOT NULL,
    at_ns INTEGER NOT NULL, kind TEXT NOT NULL, workload INTEGER, command TEXT, since_ns INTEGER,
    bytes INTEGER NOT NULL, timer INTEGER);

CREATE TABLE command(
    run INTEGER NOT NULL, replication INTEGER NOT NULL, command INTEGER NOT NULL, event INTEGER NOT NULL,
    kind TEXT NOT NULL, workload INTEGER, gpu INTEGER, requester INTEGER,
    bytes INTEGER NOT NULL, moved_bytes INTEGER NOT NULL, at_ns INTEGER, delay_ns INTEGER NOT NULL,
    linger_ns INTEGER NOT NULL, timer INTEGER, reason TEXT NOT NULL, yield INTEGER NOT NULL);

CREATE TABLE candidate(
    run INTEGER NOT NULL, replication INTEGER NOT NULL, command INTEGER NOT NULL,
    workload INTEGER NOT NULL, chosen INTEGER NOT NULL, keep REAL);

-- of a live run: what its driver and GPUs did (record = events); `at_ns` is of the scenario's time, `took_ns` of the device's
CREATE TABLE operation(
    run INTEGER NOT NULL, operation INTEGER NOT NULL, at_ns INTEGER NOT NULL, kind TEXT NOT NULL,
    gpu INTEGER NOT NULL, bytes INTEGER NOT NULL, pieces INTEGER NOT NULL, took_ns INTEGER NOT NULL);

-- the first replication over time

CREATE TABLE gpu_usage(
    run INTEGER NOT NULL, replication INTEGER NOT NULL, gpu INTEGER NOT NULL,
    from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL, useful_ns REAL NOT NULL, switching_ns REAL NOT NULL,
    resident_bytes REAL NOT NULL, swap_in_bytes REAL NOT NULL, swap_out_bytes REAL NOT NULL,
    PRIMARY KEY(run, replication, gpu, from_ns)) WITHOUT ROWID;

CREATE TABLE swap_usage(
    run INTEGER NOT NULL, replication INTEGER NOT NULL, node INTEGER NOT NULL,
    from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL, used_bytes REAL NOT NULL, peak_bytes INTEGER NOT NULL,
    PRIMARY KEY(run, replication, node, from_ns)) WITHOUT ROWID;

-- the sums of a replication

CREATE TABLE replication_group(
    run INTEGER NOT NULL, replication INTEGER NOT NULL, grp INTEGER NOT NULL,
    arrived INTEGER NOT NULL, completed INTEGER NOT NULL, censored INTEGER NOT NULL, rejected INTEGER NOT NULL,
    oom_kills INTEGER NOT NULL, lost INTEGER NOT NULL, migrations INTEGER NOT NULL,
    hot INTEGER NOT NULL, warm INTEGER NOT NULL, cold INTEGER NOT NULL,
    response_ns REAL NOT NULL, alone_ns REAL NOT NULL,
    queue_ns REAL NOT NULL, swap_out_ns REAL NOT NULL, swap_in_ns REAL NOT NULL, cap_ns REAL NOT NULL,
    preempted_ns REAL NOT NULL, detect_ns REAL NOT NULL, cold_ns REAL NOT NULL,
    response_p50_ns REAL, response_p95_ns REAL, response_p99_ns REAL, response_max_ns REAL,
    slowdown_p50 REAL, slowdown_p95 REAL, slowdown_p99 REAL, slowdown_max REAL,
    progress_ns REAL NOT NULL, present_ns REAL NOT NULL, makespan_ns INTEGER,
    -- censored bursts: ages at the end, and the sums of their stalls up to then
    unended_p50_ns REAL, unended_max_ns REAL,
    unended_queue_ns REAL NOT NULL, unended_swap_out_ns REAL NOT NULL, unended_swap_in_ns REAL NOT NULL,
    unended_cap_ns REAL NOT NULL, unended_preempted_ns REAL NOT NULL, unended_detect_ns REAL NOT NULL,
    unended_cold_ns REAL NOT NULL,
    -- workloads that wanted the GPU at the end and did not have it, and for how long, by what they waited for then
    waiting INTEGER NOT NULL, waiting_max_ns REAL,
    waiting_queue_ns REAL NOT NULL, waiting_swap_out_ns REAL NOT NULL, waiting_swap_in_ns REAL NOT NULL,
    waiting_cap_ns REAL NOT NULL, waiting_preempted_ns REAL NOT NULL, waiting_detect_ns REAL NOT NULL,
    waiting_cold_ns REAL NOT NULL,
    waiting_memory_ns REAL NOT NULL, -- of waiting_queue_ns: for GPUs that nobody leaves, as their node does not swap
    refused INTEGER NOT NULL, -- workloads, on arrival; `rejected` counts them, too
    recorded INTEGER NOT NULL, unreached INTEGER NOT NULL, -- bursts of a trace; those to which it never came
    hot_bytes REAL NOT NULL, warm_bytes REAL NOT NULL, cold_bytes REAL NOT NULL,
    -- sent off the GPU: idle, of these wanted again at once, in mid-burst
    evicted_idle INTEGER NOT NULL, evicted_premature INTEGER NOT NULL, evicted_waiting INTEGER NOT NULL,
    jain REAL, shares INTEGER NOT NULL, share_min REAL, share_max REAL, -- of workloads: progress over time present
    PRIMARY KEY(run, replication, grp)) WITHOUT ROWID;

CREATE TABLE replication_gpu(
    run INTEGER NOT NULL, replication INTEGER NOT NULL, gpu INTEGER NOT NULL,
    useful_ns INTEGER NOT NULL, switching_ns INTEGER NOT NULL, idle_ns INTEGER NOT NULL,
    swap_in_bytes INTEGER NOT NULL, swap_out_bytes INTEGER NOT NULL, swaps INTEGER NOT NULL,
    resident_byte_ns REAL NOT NULL,
    PRIMARY KEY(run, replication, gpu)) WITHOUT ROWID;

CREATE TABLE replication_node(
    run INTEGER NOT NULL, replication INTEGER NOT NULL, node INTEGER NOT NULL,
    peak_bytes INTEGER NOT NULL, refused_bytes INTEGER NOT NULL, used_byte_ns REAL NOT NULL,
    enough_bytes INTEGER NOT NULL, -- a swap file that would do: what was not on a GPU at the end, and gaps there
    PRIMARY KEY(run, replication, node)) WITHOUT ROWID;

-- the report

CREATE TABLE metric(
    run INTEGER NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL,
    value REAL, ci_low REAL, ci_high REAL, n INTEGER NOT NULL,
    PRIMARY KEY(run, scope, name)) WITHOUT ROWID;

CREATE TABLE distribution(
    run INTEGER NOT NULL, grp INTEGER NOT NULL, metric TEXT NOT NULL, share REAL NOT NULL, value REAL NOT NULL,
    PRIMARY KEY(run, grp, metric, share)) WITHOUT ROWID;

CREATE TABLE sla(
    run INTEGER NOT NULL, sla INTEGER NOT NULL, name TEXT NOT NULL, grp TEXT, class TEXT NOT NULL,
    metric TEXT NOT NULL, floor INTEGER NOT NULL, target REAL NOT NULL,
    value REAL, ci_low REAL, ci_high REAL, n INTEGER NOT NULL, met INTEGER NOT NULL, attainment REAL,
    missed TEXT, -- why: value, share, stuck, refused
    alone REAL, -- of the times alone
    goodput_per_s REAL, goodput_ci_low REAL, goodput_ci_high REAL, -- bursts within the target
    PRIMARY KEY(run, sla)) WITHOUT ROWID;

-- points of sweeps

CREATE TABLE sweep(
    sweep INTEGER PRIMARY KEY, hash TEXT NOT NULL, scenario TEXT NOT NULL, design TEXT NOT NULL,
    points INTEGER NOT NULL, version TEXT NOT NULL);

CREATE TABLE sweep_key(
    sweep INTEGER NOT NULL, axis INTEGER NOT NULL, key TEXT NOT NULL, "values" TEXT NOT NULL,
    PRIMARY KEY(sweep, axis)) WITHOUT ROWID;

CREATE TABLE sweep_point(
    sweep INTEGER NOT NULL, point INTEGER NOT NULL, run INTEGER NOT NULL, hash TEXT NOT NULL,
    PRIMARY KEY(sweep, point)) WITHOUT ROWID;

CREATE TABLE sweep_value(
    sweep INTEGER NOT NULL, point INTEGER NOT NULL, axis INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY(sweep, point, axis)) WITHOUT ROWID;

CREATE VIEW report_run AS
SELECT run, status, scenario, policy, length, seed, provenance, version, replications,
    (SELECT count(*) FROM replication AS r WHERE r.run = run.run) AS replications_done, limits, next,
    policy_faults
FROM run;

CREATE VIEW report_sweep AS
SELECT sweep, point, run, status, key, value
FROM sweep_point JOIN run USING(run) JOIN sweep_value USING(sweep, point);

CREATE VIEW report_sla AS
SELECT run, name, coalesce(grp, class) AS "group", metric, target, value, ci_low, ci_high, met, attainment, missed, alone,
    goodput_per_s
FROM sla;

CREATE VIEW report_replication AS
SELECT p.run, p.replication, g.name, completed,
    response_ns / 1e9 / nullif(completed, 0) AS response_mean_s, response_p50_ns / 1e9 AS response_p50_s,
    response_p95_ns / 1e9 AS response_p95_s, response_p99_ns / 1e9 AS response_p99_s,
    1.0 * response_ns / nullif(p.alone_ns, 0) AS slowdown_mean, slowdown_p95
FROM replication_group AS p JOIN workload_group AS g USING(run, grp);

-- The same numbers once more, counted from the rows of the bursts.

CREATE VIEW report_burst AS
SELECT b.run, g.name, count(*) AS completed, avg(end_ns - ready_ns) / 1e9 AS response_mean_s,
    1.0 * sum(end_ns - ready_ns) / sum(alone_ns) AS slowdown_mean, max(end_ns - ready_ns) / 1e9 AS response_max_s,
    avg(alone_ns) / 1e9 AS alone_s, avg(queue_ns) / 1e9 AS stall_queue_s, avg(swap_out_ns) / 1e9 AS stall_swap_out_s,
    avg(swap_in_ns) / 1e9 AS stall_swap_in_s, avg(cap_ns) / 1e9 AS stall_cap_s,
    avg(preempted_ns) / 1e9 AS stall_preempted_s, avg(detect_ns) / 1e9 AS stall_detect_s,
    avg(cold_ns) / 1e9 AS stall_cold_s
FROM burst AS b JOIN replication AS r USING(run, replication) JOIN workload AS w USING(run, workload)
    JOIN workload_group AS g ON g.run = b.run AND g.grp = w.grp
WHERE outcome = 'done' AND ready_ns >= from_ns
GROUP BY b.run, g.grp;

CREATE VIEW report_burst_quantile AS
WITH ranked AS (
    SELECT b.run, b.replication, g.name, end_ns - ready_ns AS response_ns,
        row_number() OVER (PARTITION BY b.run, b.replication, g.grp ORDER BY end_ns - ready_ns) AS rank,
        count(*) OVER (PARTITION BY b.run, b.replication, g.grp) AS n
    FROM burst AS b JOIN replication AS r USING(run, replication) JOIN workload AS w USING(run, workload)
        JOIN workload_group AS g ON g.run = b.run AND g.grp = w.grp
    WHERE outcome = 'done' AND ready_ns >= from_ns)
SELECT run, name,
    avg(CASE WHEN rank = (n * 50 + 99) / 100 THEN response_ns END) / 1e9 AS response_p50_s,
    avg(CASE WHEN rank = (n * 95 + 99) / 100 THEN response_ns END) / 1e9 AS response_p95_s,
    avg(CASE WHEN rank = (n * 99 + 99) / 100 THEN response_ns END) / 1e9 AS response_p99_s
FROM ranked
GROUP BY run, name;

-- calibrations: what `calibrate` measured of a GPU; kinds and units are told in docs/calibration.md

CREATE TABLE calibration(
    calibration INTEGER PRIMARY KEY, made TEXT NOT NULL, host TEXT NOT NULL,
    device TEXT NOT NULL, gpu TEXT NOT NULL, uuid TEXT NOT NULL, pci TEXT NOT NULL,
    driver TEXT, cuda INTEGER NOT NULL, memory_bytes INTEGER NOT NULL, chunk_bytes INTEGER NOT NULL,
    duplex REAL NOT NULL, version TEXT NOT NULL, provenance TEXT NOT NULL,
    node TEXT NOT NULL); -- the [node] that it makes, as a scenario includes it

CREATE TABLE meas(
    calibration INTEGER NOT NULL, meas INTEGER NOT NULL, kind TEXT NOT NULL, size INTEGER NOT NULL, unit TEXT NOT NULL,
    n INTEGER NOT NULL, p50 REAL NOT NULL, p95 REAL NOT NULL, min REAL NOT NULL, max REAL NOT NULL,
    steady INTEGER NOT NULL,
    PRIMARY KEY(calibration, meas)) WITHOUT ROWID;

CREATE TABLE sample(
    calibration INTEGER NOT NULL, meas INTEGER NOT NULL, sample INTEGER NOT NULL, value REAL NOT NULL,
    PRIMARY KEY(calibration, meas, sample)) WITHOUT ROWID;

-- the line through the medians of a kind: fixed_ns + size / per_s; `worst` is the greatest relative distance from it
CREATE TABLE fit(
    calibration INTEGER NOT NULL, kind TEXT NOT NULL, fixed_ns REAL NOT NULL, per_s REAL NOT NULL,
    worst REAL NOT NULL, n INTEGER NOT NULL, from_size INTEGER NOT NULL, to_size INTEGER NOT NULL,
    PRIMARY KEY(calibration, kind)) WITHOUT ROWID;
