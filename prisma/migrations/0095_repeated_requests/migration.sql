-- What was made by a POST with an Idempotency-Key, where the row itself does not keep the key (rollouts and orders do).
CREATE TABLE repeated_request (
  -- sha256 of caller and key.
  idempotency_key text PRIMARY KEY,
  request_digest text NOT NULL,
  -- Name or id of what was made.
  result text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX repeated_request_created_at_idx ON repeated_request (created_at);
