-- The auditor's view of the store, and its own file of acknowledged marks.

-- name: chat_ids
-- Chats after an id, deleted ones too, as a JSON list.
SELECT json_group_array(chat_id ORDER BY chat_id) FROM (SELECT chat_id FROM chats WHERE chat_id > ? ORDER BY chat_id LIMIT ?);

-- name: chat_state
-- A chat's counter, its mark of removal, and its highest stored sequence.
SELECT c.chat, k.latest_sequence, coalesce(k.removed_up_to, 0), (SELECT max(sequence) FROM messages AS m WHERE m.chat = c.chat)
FROM chats AS c LEFT JOIN counters AS k ON k.chat = c.chat
WHERE c.chat_id = ?;

-- name: uneven
-- Of so many messages after a sequence: the last one's, and as JSON [one, the next] where sequences do not go up by one.
WITH part AS (
  SELECT sequence FROM messages WHERE chat = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3
),
steps AS (
  SELECT sequence, lag(sequence, 1, ?2) OVER (ORDER BY sequence) AS previous FROM part
)
SELECT (SELECT max(sequence) FROM part), (
  SELECT json_group_array(json_array(previous, sequence)) FROM (SELECT * FROM steps WHERE sequence <> previous + 1 LIMIT 1000)
);

-- name: absent
-- The indexes, as a JSON list, of those messages, given as JSON [chat id, sequence, id, content], that are neither stored nor removed.
SELECT json_group_array(asked.key)
FROM json_each(?) AS asked
WHERE NOT EXISTS (
  SELECT 1 FROM chats AS c JOIN messages AS m ON m.chat = c.chat AND m.sequence = asked.value ->> 1
  WHERE c.chat_id = asked.value ->> 0 AND m.message_id = asked.value ->> 2 AND m.content = asked.value ->> 3
) AND NOT EXISTS (
  SELECT 1 FROM chats AS c JOIN counters AS k ON k.chat = c.chat
  WHERE c.chat_id = asked.value ->> 0 AND k.removed_up_to >= asked.value ->> 1
);

-- name: raise_marks
-- Higher marks, as JSON [chat id, sequence].
INSERT INTO marks (chat_id, sequence)
SELECT value ->> 0, value ->> 1 FROM json_each(?) WHERE true
ON CONFLICT (chat_id) DO UPDATE SET sequence = excluded.sequence WHERE excluded.sequence > sequence;

-- name: marks
-- Marks after a chat's, as JSON [chat id, sequence].
SELECT json_group_array(json_array(chat_id, sequence) ORDER BY chat_id)
FROM (SELECT chat_id, sequence FROM marks WHERE chat_id > ? ORDER BY chat_id LIMIT ?);

-- name: reported
-- The ranges of a chat that were reported.
SELECT first, last FROM findings WHERE chat_id = ? AND kind = ? ORDER BY first;

-- name: report
-- One more.
INSERT INTO findings (kind, chat_id, first, last, found_micros) VALUES (?, ?, ?, ?, ?);

-- name: marks_ever
-- Chats of which something was acknowledged.
SELECT count(*) FROM marks;

-- name: check_marks
-- Chats whose acknowledged mark is no sequence.
SELECT chat_id FROM marks WHERE sequence < 1 ORDER BY chat_id LIMIT 100;

-- name: marks_after
-- Marks after a chat's.
SELECT chat_id, sequence FROM marks WHERE chat_id > ? ORDER BY chat_id LIMIT ?;

-- name: check_acknowledged
-- Of marks, as JSON [chat id, sequence], those that are above all that a chat ever had: [chat id, its last sequence, the mark].
SELECT chat_id, last, acknowledged
FROM (
  SELECT
    mark.value ->> 0 AS chat_id,
    mark.value ->> 1 AS acknowledged,
    max(
      coalesce(k.latest_sequence, 0),
      coalesce(k.removed_up_to, 0),
      coalesce((SELECT max(sequence) FROM messages AS m WHERE m.chat = c.chat), 0)
    ) AS last
  FROM json_each(?) AS mark LEFT JOIN chats AS c ON c.chat_id = mark.value ->> 0 LEFT JOIN counters AS k ON k.chat = c.chat
)
WHERE acknowledged > last;
