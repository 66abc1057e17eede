-- What people have who signed in by an identity provider: a cookie of the dashboard, or a bearer token of the command line.
-- Of either only a hash is kept. What somebody may do is not: it is judged by his groups at each request.
CREATE TABLE person_session (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  -- dashboard | cli
  kind text NOT NULL,
  secret_hash bytea NOT NULL,
  -- URL of the provider, and who it is there.
  issuer text NOT NULL,
  subject text NOT NULL,
  name text NOT NULL,
  -- Of his groups at the provider those that had a role when he signed in.
  groups text[] NOT NULL,
  -- Where he signed in from.
  address text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  last_used_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3) NOT NULL,
  -- Seconds without use after which it ends before that; null: it does not.
  idle_seconds integer
);
CREATE INDEX person_session_issuer_subject_created_at_idx ON person_session (issuer, subject, created_at);
CREATE INDEX person_session_expires_at_idx ON person_session (expires_at);
