-- Slots, lives and the ledger.

-- name: name_series
-- The number of a series, given at its first use.
INSERT INTO series (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET name = name RETURNING series;

-- name: all_series
-- Every series that has a number.
SELECT series, name FROM series;

-- name: keep_life
-- The sign of life of a process, over its last one: the life's number.
INSERT INTO lives (id, instance, ready_s, last_s, connections, is_clean) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET ready_s = excluded.ready_s, last_s = excluded.last_s, connections = excluded.connections,
  is_clean = excluded.is_clean
RETURNING life;

-- name: lives
-- Lives that reach into an interval.
SELECT ready_s, last_s, connections, is_clean, id, instance FROM lives WHERE ready_s < ? AND last_s >= ? ORDER BY life;

-- name: remove_lives
-- Lives that ended before an instant, but for each process's last one.
DELETE FROM lives WHERE last_s < ? AND life NOT IN (SELECT max(life) FROM lives GROUP BY instance);

-- name: write_slot
-- What a life recorded in a slot, over what it wrote before.
INSERT INTO raw_slots (start_s, life, is_estimate, seen_s, body) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (start_s, life, is_estimate) DO UPDATE SET seen_s = excluded.seen_s, body = excluded.body;

-- name: reopen_levels
-- Rolled slots from an instant on are no longer complete.
UPDATE levels SET rolled_up_to_s = min(rolled_up_to_s, ? / length_s * length_s) WHERE length_s > 15;

-- name: level
-- Up to where a length of slots is rolled up, and up to where it is gone.
SELECT rolled_up_to_s, removed_up_to_s FROM levels WHERE length_s = ?;

-- name: rolled_up
-- Rolled slots are complete up to an instant.
UPDATE levels SET rolled_up_to_s = max(rolled_up_to_s, ?) WHERE length_s = ?;

-- name: removed
-- Slots are gone up to an instant.
UPDATE levels SET removed_up_to_s = max(removed_up_to_s, ?) WHERE length_s = ?;

-- name: raw_slots
-- What every life recorded in an interval.
SELECT start_s, seen_s, body FROM raw_slots WHERE start_s >= ? AND start_s < ? ORDER BY start_s, life, is_estimate;

-- name: rolled_slots
-- Rolled slots of a length in an interval.
SELECT start_s, seen_s, body FROM rolled_slots WHERE length_s = ? AND start_s >= ? AND start_s < ? ORDER BY start_s;

-- name: first_raw
-- The start of the first raw slot in an interval.
SELECT min(start_s) FROM raw_slots WHERE start_s >= ? AND start_s < ?;

-- name: first_rolled
-- The start of the first rolled slot of a length in an interval.
SELECT min(start_s) FROM rolled_slots WHERE length_s = ? AND start_s >= ? AND start_s < ?;

-- name: roll_up
-- A rolled slot, over what was rolled up before.
INSERT INTO rolled_slots (length_s, start_s, seen_s, body) VALUES (?, ?, ?, ?)
ON CONFLICT (length_s, start_s) DO UPDATE SET seen_s = excluded.seen_s, body = excluded.body;

-- name: remove_raw
-- Removes raw slots before an instant.
DELETE FROM raw_slots WHERE start_s < ?;

-- name: remove_rolled
-- Removes rolled slots of a length before an instant.
DELETE FROM rolled_slots WHERE length_s = ? AND start_s < ?;

-- name: append_entry
-- A decision, unless its id is taken.
INSERT INTO ledger (id, kind, at_s, actor, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING;

-- name: entries
-- Decisions since an instant, of all kinds or of those in a JSON list.
SELECT id, kind, at_s, actor, body FROM ledger
WHERE at_s >= ?1 AND (json_array_length(?2) = 0 OR kind IN (SELECT value FROM json_each(?2)))
ORDER BY entry;

-- name: all_slots
-- Every slot's length, start and body.
SELECT 15, start_s, body FROM raw_slots UNION ALL SELECT length_s, start_s, body FROM rolled_slots;

-- name: series_numbers
-- Every series' number.
SELECT series FROM series;

-- name: check_ledger
-- Decisions whose body is no JSON object.
SELECT id FROM ledger WHERE NOT json_valid(body) OR json_type(body) <> 'object' ORDER BY entry LIMIT 100;

-- name: lives_ever
-- Times that a server was ready.
SELECT count(*) FROM lives;
