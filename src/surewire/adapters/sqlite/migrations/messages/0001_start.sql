-- Chats, members, messages, and what reads and repeats them.

-- A deleted chat keeps its row, without name and owner: its id and its counter say that what is missing was removed on purpose.
CREATE TABLE chats (
  chat INTEGER PRIMARY KEY,
  chat_id TEXT NOT NULL UNIQUE,
  name TEXT,
  owner TEXT,
  created_micros INTEGER NOT NULL,
  deleted_micros INTEGER
) STRICT;

-- What is left to be cleaned away.
CREATE INDEX chats_deleted ON chats (chat) WHERE deleted_micros IS NOT NULL;

-- The counters of a chat, apart from it so that a commit of many chats changes few pages. Messages with sequences above
-- removed_up_to and up to latest_sequence exist, all others do not.
CREATE TABLE counters (
  chat INTEGER PRIMARY KEY REFERENCES chats (chat),
  latest_sequence INTEGER NOT NULL DEFAULT 0,
  removed_up_to INTEGER NOT NULL DEFAULT 0
) STRICT;

-- A member and its watermarks.
CREATE TABLE members (
  chat INTEGER NOT NULL REFERENCES chats (chat),
  user_id TEXT NOT NULL,
  joined_micros INTEGER NOT NULL,
  delivered_sequence INTEGER NOT NULL DEFAULT 0,
  read_sequence INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (chat, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX members_user ON members (user_id, chat);

-- The log of all messages in the order of their commits. AUTOINCREMENT, so that a position is never used again after retention.
CREATE TABLE messages (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  chat INTEGER NOT NULL REFERENCES chats (chat),
  sequence INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  sender TEXT NOT NULL,
  client_message_id TEXT NOT NULL,
  content TEXT NOT NULL,
  content_type TEXT NOT NULL,
  created_micros INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX messages_sequence ON messages (chat, sequence);
CREATE UNIQUE INDEX messages_client_id ON messages (chat, sender, client_message_id);
CREATE UNIQUE INDEX messages_id ON messages (message_id);

-- How far each consumer of the log has got.
CREATE TABLE consumers (
  consumer TEXT PRIMARY KEY,
  position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Messages that a consumer could not process, for a person to look at.
CREATE TABLE dead_letters (
  dead_letter INTEGER PRIMARY KEY,
  consumer TEXT NOT NULL,
  position INTEGER NOT NULL,
  chat_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  detail TEXT NOT NULL,
  created_micros INTEGER NOT NULL
) STRICT;

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
