-- The log of committed messages, its consumers and their dead letters.

-- name: entries
-- Committed messages after a position and up to another, without those of deleted chats, as one JSON value:
-- [position, id, chat id, sequence, sender, content, content type, instant].
SELECT json_group_array(json_array(position, message_id, chat_id, sequence, sender, content, content_type, created_micros) ORDER BY position)
FROM (
  SELECT m.position, m.message_id, c.chat_id, m.sequence, m.sender, m.content, m.content_type, m.created_micros
  FROM messages AS m
  JOIN chats AS c ON c.chat = m.chat AND c.deleted_micros IS NULL
  WHERE m.position > ? AND m.position <= ?
  ORDER BY m.position
  LIMIT ?
);

-- name: begin_consumer
-- Where a new consumer begins; one that is known stays where it is.
INSERT OR IGNORE INTO consumers (consumer, position) VALUES (?, ?);

-- name: cursor
-- The last position that a consumer has finished.
SELECT position FROM consumers WHERE consumer = ?;

-- name: advance
-- How far consumers have got, as [consumer, position].
INSERT INTO consumers (consumer, position)
SELECT value ->> 0, value ->> 1 FROM jsonb_each(?) WHERE true
ON CONFLICT (consumer) DO UPDATE SET position = max(position, excluded.position);

-- name: dead_letter
-- An entry that could not be processed.
INSERT INTO dead_letters (consumer, position, chat_id, message_id, reason, detail, created_micros) VALUES (?, ?, ?, ?, ?, ?, ?);
