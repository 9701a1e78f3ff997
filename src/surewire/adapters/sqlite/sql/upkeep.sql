-- Retention, sizes and the integrity check.

-- name: old_chats
-- Some chats whose oldest kept message is older than an instant, as a JSON list.
SELECT json_group_array(chat) FROM (
  SELECT chat FROM counters AS k
  WHERE k.removed_up_to < k.latest_sequence AND (
    SELECT created_micros FROM messages AS m WHERE m.chat = k.chat AND m.sequence > k.removed_up_to ORDER BY m.sequence LIMIT 1
  ) < ?
  LIMIT ?
);

-- name: deleted_chats
-- Some deleted chats that still have messages, as a JSON list.
SELECT json_group_array(chat) FROM (
  SELECT c.chat FROM chats AS c
  WHERE c.deleted_micros IS NOT NULL AND EXISTS (SELECT 1 FROM messages AS m WHERE m.chat = c.chat)
  LIMIT ?
);

-- name: last_to_remove
-- The last of a chat's oldest messages that are older than an instant, and how many those are. Instants never go back within a chat,
-- so these are the first ones by sequence.
SELECT max(sequence), count(*)
FROM (SELECT sequence, created_micros FROM messages WHERE chat = ? ORDER BY sequence LIMIT ?)
WHERE created_micros < ?;

-- name: remove
-- A chat's messages up to a sequence.
DELETE FROM messages WHERE chat = ? AND sequence <= ?;

-- name: mark_removed
-- The mark that says so.
UPDATE counters SET removed_up_to = max(removed_up_to, ?) WHERE chat = ?;

-- name: stats
-- Chats, messages and members.
SELECT
  (SELECT count(*) FROM chats WHERE deleted_micros IS NULL),
  (SELECT coalesce(sum(latest_sequence - removed_up_to), 0) FROM counters),
  (SELECT count(*) FROM members),
  (SELECT created_micros FROM messages ORDER BY position LIMIT 1),
  (SELECT created_micros FROM messages ORDER BY position DESC LIMIT 1);

-- name: check_integrity
-- SQLite's own check of pages, indexes and constraints.
PRAGMA integrity_check(100);

-- name: check_references
-- Rows whose chat does not exist.
PRAGMA foreign_key_check;

-- name: check_counters
-- Chats whose counter is absent or does not agree with their messages.
SELECT c.chat_id, k.latest_sequence, (SELECT max(sequence) FROM messages AS m WHERE m.chat = c.chat) AS highest
FROM chats AS c LEFT JOIN counters AS k ON k.chat = c.chat
WHERE k.chat IS NULL OR (
  c.deleted_micros IS NULL
  AND coalesce((SELECT max(sequence) FROM messages AS m WHERE m.chat = c.chat), k.removed_up_to) <> k.latest_sequence
);

-- name: check_sequences
-- Places where a chat's sequences do not go up by one: [chat id, one, the next].
SELECT chat_id, previous, sequence
FROM (
  SELECT c.chat_id, m.sequence, lag(m.sequence, 1, coalesce(k.removed_up_to, 0)) OVER (PARTITION BY m.chat ORDER BY m.sequence) AS previous
  FROM messages AS m JOIN chats AS c ON c.chat = m.chat AND c.deleted_micros IS NULL LEFT JOIN counters AS k ON k.chat = m.chat
)
WHERE sequence <> previous + 1
LIMIT 100;

-- name: count_messages
-- All of them, one by one.
SELECT count(*) FROM messages AS m JOIN chats AS c ON c.chat = m.chat AND c.deleted_micros IS NULL;

-- name: objects
-- Every table, index and trigger that somebody made.
SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY type DESC, name;

-- name: chats_ever
-- Chats, deleted ones too.
SELECT count(*) FROM chats;
