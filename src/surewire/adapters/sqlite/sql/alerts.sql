-- Alerts, their groups, silences and episodes, and the outbox.

-- name: alerts
-- Where each alert is.
SELECT body FROM alerts;

-- name: groups
-- What was told of each group.
SELECT body FROM alert_groups;

-- name: silences
-- Every silence that was not removed.
SELECT body FROM silences;

-- name: keep_alert
-- Where an alert is now.
INSERT INTO alerts (name, body) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body;

-- name: keep_group
-- What was told of a group up to now.
INSERT INTO alert_groups (key, body) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET body = excluded.body;

-- name: keep_silence
-- A silence, new or changed.
INSERT INTO silences (id, body) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body;

-- name: remove_group
-- A group that has nothing to tell any more.
DELETE FROM alert_groups WHERE key = ?;

-- name: remove_silence
-- A silence that was taken back or is long over.
DELETE FROM silences WHERE id = ?;

-- name: keep_episode
-- One time that an alert fired.
INSERT INTO episodes (fired_at_s, resolved_at_s, body) VALUES (?, ?, ?);

-- name: remove_episodes
-- Episodes that ended before an instant.
DELETE FROM episodes WHERE resolved_at_s < ?;

-- name: episodes
-- Episodes that reach into an interval, as they ended.
SELECT body FROM episodes WHERE resolved_at_s >= ? AND fired_at_s < ? ORDER BY resolved_at_s, episode;

-- name: put
-- A notification at the end of the outbox, if it does not wait there already.
INSERT INTO outbox (id, body, queued_at_s) VALUES (?, ?, ?) ON CONFLICT (id) WHERE is_dead = 0 DO NOTHING;

-- name: pending
-- What waits, oldest first.
SELECT position, body, queued_at_s, attempts, next_attempt_s, problem FROM outbox WHERE is_dead = 0 ORDER BY position LIMIT ?;

-- name: delivered
-- A notification that was taken.
DELETE FROM outbox WHERE id = ? AND is_dead = 0;

-- name: failed
-- One attempt more, which failed: why, when the next one is (or that there is none).
UPDATE outbox SET attempts = attempts + 1, problem = ?, next_attempt_s = ?, is_dead = ? WHERE id = ? AND is_dead = 0;

-- name: trim_dead_letters
-- Dead letters beyond the newest ones.
DELETE FROM outbox WHERE position IN (
  SELECT position FROM outbox WHERE is_dead = 1 ORDER BY next_attempt_s DESC, position DESC LIMIT -1 OFFSET ?
);

-- name: dead_letters
-- What was given up, newest first.
SELECT position, body, queued_at_s, attempts, next_attempt_s, problem FROM outbox WHERE is_dead = 1
ORDER BY next_attempt_s DESC, position DESC LIMIT ?;

-- name: take_dead_letter
-- The newest dead letter with that id, taken out.
DELETE FROM outbox WHERE position = (SELECT max(position) FROM outbox WHERE id = ? AND is_dead = 1) RETURNING body;
