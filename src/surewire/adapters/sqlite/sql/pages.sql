-- Pages of messages. Each is one statement, so one snapshot, and one row, so one step: [latest sequence, removed up to, messages as JSON
-- [sequence, id, sender, content, content type, instant]]. No row for outsiders. A page ends before the message with which it would
-- take more than :bytes on the wire; 256 stands for the names and ids around a message.

-- name: page_after
-- The first messages above a sequence; a fourth column says how far the member's own watermark is.
SELECT coalesce(k.latest_sequence, 0), coalesce(k.removed_up_to, 0), (
  SELECT json_group_array(json_array(sequence, message_id, sender, content, content_type, created_micros) ORDER BY sequence)
  FROM (
    SELECT *, sum(size) OVER (ORDER BY sequence) AS total
    FROM (
      SELECT m.*, octet_length(json_quote(content)) + octet_length(sender) + octet_length(content_type) + 256 AS size
      FROM messages AS m
      WHERE m.chat = c.chat AND m.sequence > ?1
      ORDER BY m.sequence
      LIMIT ?2
    )
  )
  WHERE total <= ?3 OR (total = size AND ?4)
), me.delivered_sequence
FROM chats AS c
JOIN members AS me ON me.chat = c.chat AND me.user_id = ?5
LEFT JOIN counters AS k ON k.chat = c.chat
WHERE c.chat_id = ?6 AND c.deleted_micros IS NULL;

-- name: page_before
-- The last messages below a sequence, ascending.
SELECT coalesce(k.latest_sequence, 0), coalesce(k.removed_up_to, 0), (
  SELECT json_group_array(json_array(sequence, message_id, sender, content, content_type, created_micros) ORDER BY sequence)
  FROM (
    SELECT *, sum(size) OVER (ORDER BY sequence DESC) AS total
    FROM (
      SELECT m.*, octet_length(json_quote(content)) + octet_length(sender) + octet_length(content_type) + 256 AS size
      FROM messages AS m
      WHERE m.chat = c.chat AND m.sequence < ?1
      ORDER BY m.sequence DESC
      LIMIT ?2
    )
  )
  WHERE total <= ?3 OR (total = size AND ?4)
)
FROM chats AS c
JOIN members AS me ON me.chat = c.chat AND me.user_id = ?5
LEFT JOIN counters AS k ON k.chat = c.chat
WHERE c.chat_id = ?6 AND c.deleted_micros IS NULL;
