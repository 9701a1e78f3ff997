-- Alerts: where each is, what was told of them, when they fired, and what is still to be told.

CREATE TABLE alerts (
  name TEXT PRIMARY KEY,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE alert_groups (
  key TEXT PRIMARY KEY,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE silences (
  id TEXT PRIMARY KEY,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The times that alerts fired, once they are over.
CREATE TABLE episodes (
  episode INTEGER PRIMARY KEY AUTOINCREMENT,
  fired_at_s INTEGER NOT NULL,
  resolved_at_s INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;

CREATE INDEX episodes_by_end ON episodes (resolved_at_s);

-- Notifications that were not taken yet, in the order in which they are sent, and those that were given up.
CREATE TABLE outbox (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL,
  body TEXT NOT NULL,
  queued_at_s INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_s INTEGER NOT NULL DEFAULT 0,
  problem TEXT NOT NULL DEFAULT '',
  is_dead INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX waiting_notifications ON outbox (id) WHERE is_dead = 0;
CREATE INDEX dead_letters ON outbox (next_attempt_s) WHERE is_dead = 1;
