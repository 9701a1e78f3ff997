-- The events stream: a bounded history with positions that never mean two things.

-- One row: the epoch of the offsets below, which changes when events were lost or this file is an older copy, and how often a
-- process opened the file, which tells older copies apart.
CREATE TABLE stream (
  stream INTEGER PRIMARY KEY CHECK (stream = 1),
  epoch TEXT NOT NULL,
  openings INTEGER NOT NULL
) STRICT;

INSERT INTO stream (stream, epoch, openings) VALUES (1, '', 0);

-- Neighbouring offsets, the oldest removed first. AUTOINCREMENT, so that the head is known when retention removed every event.
CREATE TABLE events (
  offset INTEGER PRIMARY KEY AUTOINCREMENT,
  message_id TEXT NOT NULL,
  created_micros INTEGER NOT NULL,
  event TEXT NOT NULL
) STRICT;

INSERT INTO sqlite_sequence (name, seq) VALUES ('events', 0);

-- Answers under an Idempotency-Key, stored with their effects.
CREATE TABLE idempotency_answers (
  owner TEXT NOT NULL,
  method TEXT NOT NULL,
  path TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint BLOB NOT NULL,
  status INTEGER NOT NULL,
  body BLOB NOT NULL,
  created_micros INTEGER NOT NULL,
  PRIMARY KEY (owner, method, path, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_answers_age ON idempotency_answers (created_micros);
