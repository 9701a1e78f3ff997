-- Service levels: what was counted, by slot and by life of a process, and what was decided.

-- The names of series, each once; slots have their numbers.
CREATE TABLE series (
  series INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- The lives of processes. `last_s` and `connections` are of the last record; a crash leaves is_clean at 0.
CREATE TABLE lives (
  life INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  instance TEXT NOT NULL,
  ready_s INTEGER NOT NULL,
  last_s INTEGER NOT NULL,
  connections INTEGER NOT NULL,
  is_clean INTEGER NOT NULL
) STRICT;

-- What one life recorded in one slot of 15 s; the open slot's row is written again at every tick. An estimate stands beside it.
-- A table with a row id, because other tables of SQLite put rows of this size on pages of their own.
CREATE TABLE raw_slots (
  slot INTEGER PRIMARY KEY,
  start_s INTEGER NOT NULL,
  life INTEGER NOT NULL,
  is_estimate INTEGER NOT NULL,
  seen_s INTEGER NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (start_s, life, is_estimate)
) STRICT;

-- Sums of finer slots, of all processes together.
CREATE TABLE rolled_slots (
  slot INTEGER PRIMARY KEY,
  length_s INTEGER NOT NULL,
  start_s INTEGER NOT NULL,
  seen_s INTEGER NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (length_s, start_s)
) STRICT;

-- By length of slot: rolled slots before `rolled_up_to_s` are complete, slots before `removed_up_to_s` are gone.
CREATE TABLE levels (
  length_s INTEGER PRIMARY KEY,
  rolled_up_to_s INTEGER NOT NULL,
  removed_up_to_s INTEGER NOT NULL
) STRICT;

INSERT INTO levels VALUES (15, 0, 0), (300, 0, 0), (3600, 0, 0), (86400, 0, 0);

-- What people and the engine decided, in the order of their decisions.
CREATE TABLE ledger (
  entry INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  at_s INTEGER NOT NULL,
  actor TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;

CREATE TRIGGER ledger_is_never_changed BEFORE UPDATE ON ledger BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;

CREATE TRIGGER ledger_is_never_shortened BEFORE DELETE ON ledger BEGIN SELECT raise(ABORT, 'the ledger is append-only'); END;
