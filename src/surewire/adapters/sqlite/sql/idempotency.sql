-- Answers under an Idempotency-Key. Each file that stores effects has this table, so that effect and answer are one commit.

-- name: answer
-- What was answered to a key, and to which body.
SELECT fingerprint, status, body
FROM idempotency_answers
WHERE owner = ? AND method = ? AND path = ? AND key = ? AND created_micros > ?;

-- name: remember
-- The answer of an effect of this very transaction. An older one can only be expired.
INSERT OR REPLACE INTO idempotency_answers (owner, method, path, key, fingerprint, status, body, created_micros)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: forget_expired
-- A few of those that are too old, the oldest first, so that no single commit pays for many.
DELETE FROM idempotency_answers
WHERE (owner, method, path, key) IN (
  SELECT owner, method, path, key FROM idempotency_answers WHERE created_micros <= ? ORDER BY created_micros LIMIT ?
);
