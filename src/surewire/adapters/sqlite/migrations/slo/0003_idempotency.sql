-- Answers under an Idempotency-Key, as in every file that stores effects.

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
