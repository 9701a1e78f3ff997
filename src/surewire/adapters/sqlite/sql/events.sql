-- The history of the events stream. Few statements and few rows a call, because each gives the interpreter's lock away and waits for it.

-- name: state
-- The epoch, the number of openings, the highest offset ever taken, the oldest that is kept, and the id of the newest event.
SELECT
  (SELECT epoch FROM stream),
  (SELECT openings FROM stream),
  (SELECT seq FROM sqlite_sequence WHERE name = 'events'),
  (SELECT min(offset) FROM events),
  (SELECT message_id FROM events ORDER BY offset DESC LIMIT 1);

-- name: begin_epoch
-- Offsets mean something else from now on.
UPDATE stream SET epoch = ?;

-- name: count_opening
-- A process has opened the file.
UPDATE stream SET openings = openings + 1;

-- name: begin_at
-- The next offset is the one after this.
UPDATE sqlite_sequence SET seq = ? WHERE name = 'events';

-- name: insert
-- One event; the code repeats the row for as many as it stores at once.
INSERT INTO events (offset, message_id, created_micros, event) VALUES (?, ?, ?, CAST(? AS TEXT));

-- name: first_not_older
-- The first of some of the oldest events that is not too old.
SELECT min(offset) FROM (SELECT offset, created_micros FROM events ORDER BY offset LIMIT ?) WHERE created_micros >= ?;

-- name: remove_before
-- Removes the oldest events.
DELETE FROM events WHERE offset < ?;

-- name: page
-- Events after an offset as one JSON array, at most so many, and none that begins after so many bytes of events.
SELECT CAST('[' || group_concat(entry, ',' ORDER BY offset) || ']' AS BLOB)
FROM (
  SELECT
    offset,
    '{"offset":' || offset || ',"message_id":"' || message_id || '","created_micros":' || created_micros || ',"event":' || event || '}'
      AS entry,
    sum(octet_length(event)) OVER (ORDER BY offset) - octet_length(event) AS begins_at
  FROM (SELECT offset, message_id, created_micros, event FROM events WHERE offset > ? ORDER BY offset LIMIT ?)
)
WHERE begins_at < ?;

-- name: check_offsets
-- Places where the kept offsets do not go up by one: one, the next.
SELECT previous, offset
FROM (SELECT offset, lag(offset) OVER (ORDER BY offset) AS previous FROM events)
WHERE offset <> previous + 1
LIMIT 100;

-- name: check_end
-- The epoch, the number of openings, the highest offset ever taken, and the newest event that is kept.
SELECT
  (SELECT epoch FROM stream),
  (SELECT openings FROM stream),
  (SELECT seq FROM sqlite_sequence WHERE name = 'events'),
  (SELECT max(offset) FROM events);

-- name: check_events
-- Offsets of events that are no JSON object.
SELECT offset FROM events WHERE NOT json_valid(event) OR json_type(event) <> 'object' ORDER BY offset LIMIT 100;

-- name: count_events
-- All of them, one by one.
SELECT count(*) FROM events;

-- name: events_ever
-- Events that were ever published.
SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'events';
