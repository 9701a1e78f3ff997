-- What was promised, in a file of its own, and which broken promises were reported.

-- The highest acknowledged sequence of each chat.
CREATE TABLE marks (
  chat_id TEXT PRIMARY KEY,
  sequence INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Ranges of sequences that were reported, so that each is reported once.
CREATE TABLE findings (
  finding INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  chat_id TEXT NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  found_micros INTEGER NOT NULL
) STRICT;

CREATE INDEX findings_chat ON findings (chat_id, kind);
