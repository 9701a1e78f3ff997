-- Chats and their members: changes, which run on the writer, and reads.

-- name: chat
-- A chat as one of its members sees it: [chat, id, name, owner, instant, latest sequence]; no row for outsiders.
SELECT c.chat, c.chat_id, c.name, c.owner, c.created_micros, coalesce(k.latest_sequence, 0)
FROM chats AS c
JOIN members AS me ON me.chat = c.chat AND me.user_id = ?
LEFT JOIN counters AS k ON k.chat = c.chat
WHERE c.chat_id = ? AND c.deleted_micros IS NULL;

-- name: chat_with_members
-- The same, and its members as JSON [user, instant], the first to join first.
SELECT c.chat, c.chat_id, c.name, c.owner, c.created_micros, coalesce(k.latest_sequence, 0),
  (SELECT json_group_array(json_array(user_id, joined_micros) ORDER BY joined_micros, user_id) FROM members WHERE members.chat = c.chat)
FROM chats AS c
JOIN members AS me ON me.chat = c.chat AND me.user_id = ?
LEFT JOIN counters AS k ON k.chat = c.chat
WHERE c.chat_id = ? AND c.deleted_micros IS NULL;

-- name: chats_of
-- A user's chats after an id, as JSON [id, name, owner, instant, latest sequence].
SELECT json_group_array(json_array(chat_id, name, owner, created_micros, latest_sequence) ORDER BY chat_id)
FROM (
  SELECT c.chat_id, c.name, c.owner, c.created_micros, coalesce(k.latest_sequence, 0) AS latest_sequence
  FROM members AS me
  JOIN chats AS c ON c.chat = me.chat AND c.deleted_micros IS NULL
  LEFT JOIN counters AS k ON k.chat = c.chat
  WHERE me.user_id = ? AND c.chat_id > ?
  ORDER BY c.chat_id
  LIMIT ?
);

-- name: members
-- The user ids of a chat's members as JSON; no row when there is no such chat.
SELECT (SELECT json_group_array(user_id) FROM members WHERE members.chat = c.chat)
FROM chats AS c
WHERE c.chat_id = ? AND c.deleted_micros IS NULL;

-- name: delivery
-- The latest sequence and every member's watermarks as JSON [user, delivered, read]; no row for outsiders.
SELECT coalesce(k.latest_sequence, 0),
  (SELECT json_group_array(json_array(user_id, delivered_sequence, read_sequence) ORDER BY user_id) FROM members WHERE members.chat = c.chat)
FROM chats AS c
JOIN members AS me ON me.chat = c.chat AND me.user_id = ?
LEFT JOIN counters AS k ON k.chat = c.chat
WHERE c.chat_id = ? AND c.deleted_micros IS NULL;

-- name: insert_chat
-- A new chat; the lobby may exist.
INSERT INTO chats (chat_id, name, owner, created_micros) VALUES (?, ?, ?, ?) ON CONFLICT (chat_id) DO NOTHING RETURNING chat;

-- name: chat_number
-- The number of a chat that exists.
SELECT chat FROM chats WHERE chat_id = ?;

-- name: insert_counter
-- Its counter.
INSERT INTO counters (chat) VALUES (?);

-- name: insert_members
-- New members given as a JSON list; those who are members stay as they are.
INSERT OR IGNORE INTO members (chat, user_id, joined_micros) SELECT ?, value, ? FROM json_each(?);

-- name: count_members
-- How many members a chat has, and whether a user is one.
SELECT count(*), coalesce(max(user_id = ?), 0) FROM members WHERE chat = ?;

-- name: delete_member
-- Takes one out, with its watermarks.
DELETE FROM members WHERE chat = ? AND user_id = ?;

-- name: rename
-- A new name, or none.
UPDATE chats SET name = ? WHERE chat = ?;

-- name: mark_deleted
-- Deletes a chat as far as anybody can see; its row stays as the mark that it was removed on purpose.
UPDATE chats SET deleted_micros = ?, name = NULL, owner = NULL WHERE chat = ?;

-- name: delete_members
-- Takes all members out.
DELETE FROM members WHERE chat = ?;

-- name: mark_all_removed
-- Says that none of a chat's messages are kept; the rows go in small batches later.
UPDATE counters SET removed_up_to = latest_sequence WHERE chat = ?;

-- name: raise_watermarks
-- Watermarks given as JSON [index, user, read?, chat id, sequence, message id], raised where they are higher and never above the latest
-- sequence. Several of one member count as the highest.
WITH given AS (
  SELECT m.chat AS chat, value ->> 1 AS user_id, max(min(coalesce(named.sequence, value ->> 4), k.latest_sequence)) AS delivered,
    max(iif(value ->> 2, min(coalesce(named.sequence, value ->> 4), k.latest_sequence), 0)) AS read
  FROM json_each(?) AS update_
  LEFT JOIN messages AS named ON value ->> 3 = '' AND named.message_id = value ->> 5
  LEFT JOIN chats AS c ON c.chat_id = value ->> 3
  JOIN members AS m ON m.chat = coalesce(named.chat, c.chat) AND m.user_id = value ->> 1
  JOIN counters AS k ON k.chat = m.chat
  GROUP BY m.chat, m.user_id
)
UPDATE members
SET delivered_sequence = max(delivered_sequence, given.delivered), read_sequence = max(read_sequence, given.read)
FROM given
WHERE members.chat = given.chat AND members.user_id = given.user_id
  AND (given.delivered > members.delivered_sequence OR given.read > members.read_sequence);

-- name: outsiders
-- The indexes, as a JSON list, of those updates whose chat or message is there or was asked for, but whose user is no member.
SELECT json_group_array(value ->> 0)
FROM json_each(?) AS update_
LEFT JOIN messages AS named ON value ->> 3 = '' AND named.message_id = value ->> 5
LEFT JOIN chats AS c ON c.chat_id = value ->> 3
WHERE (value ->> 3 <> '' OR named.chat IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM members AS m WHERE m.chat = coalesce(named.chat, c.chat) AND m.user_id = value ->> 1);
