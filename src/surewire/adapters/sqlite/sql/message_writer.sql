-- The writer's statements. Each takes a whole batch as one JSON value, because every step of a statement gives up the interpreter's
-- lock and may wait long to get it back: a commit of a thousand messages takes five steps.

-- name: chats
-- Everything that must be known of chats before a message is written to them, as one JSON value:
-- [chat, id, latest sequence of the counter, highest stored sequence, its instant, [members]].
SELECT json_group_array(json_array(
  c.chat, c.chat_id, k.latest_sequence, last.sequence, last.created_micros,
  json((SELECT json_group_array(user_id) FROM members WHERE members.chat = c.chat))
))
FROM jsonb_each(?) AS asked
JOIN chats AS c ON c.chat_id = asked.value AND c.deleted_micros IS NULL
LEFT JOIN counters AS k ON k.chat = c.chat
LEFT JOIN messages AS last ON last.position = (SELECT position FROM messages WHERE chat = c.chat ORDER BY sequence DESC LIMIT 1);

-- name: known
-- The messages that are stored already under [chat, sender, client_message_id]; usually none.
SELECT m.chat, m.sender, m.client_message_id, m.sequence, m.message_id, m.content, m.content_type, m.created_micros
FROM jsonb_each(?) AS asked
CROSS JOIN messages AS m
  ON m.chat = asked.value ->> 0 AND m.sender = asked.value ->> 1 AND m.client_message_id = asked.value ->> 2;

-- name: insert_messages
-- New messages, in the order of their positions.
INSERT INTO messages (position, chat, sequence, message_id, sender, client_message_id, content, content_type, created_micros)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8
FROM jsonb_each(?);

-- name: raise_counters
-- The new latest sequences as [chat, sequence].
UPDATE counters SET latest_sequence = raised.value ->> 1
FROM jsonb_each(?) AS raised
WHERE counters.chat = raised.value ->> 0;

-- name: last_position
-- The highest position ever used; no row before the first.
SELECT seq FROM sqlite_sequence WHERE name = 'messages';

-- name: newest_message_id
-- The id that the next one has to sort after.
SELECT message_id FROM messages ORDER BY message_id DESC LIMIT 1;
