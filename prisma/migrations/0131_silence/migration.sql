-- What is told once: gateways that have fallen silent, until they are heard of again (repositories/silence-repository.ts).
CREATE TABLE silent_gateway (
  gateway_id text PRIMARY KEY REFERENCES gateway (id) ON DELETE CASCADE,
  -- When it was heard of last.
  since timestamptz(3) NOT NULL
);

-- A gateway that somebody was told of: it is not as is wanted, or cannot be brought there. Until it is again.
ALTER TABLE wanted_member ADD COLUMN broken boolean NOT NULL DEFAULT false;
