-- Who changed what: an entry is written before a change is made, and another row says what came of it. Neither is ever
-- changed. With roles of the database of its own, the api needs INSERT and SELECT on both, and EXECUTE on leonore_retain_audit.
CREATE TABLE audit_entry (
  id bigserial PRIMARY KEY,
  at timestamptz(3) NOT NULL DEFAULT now(),
  request_id text NOT NULL,
  principal_id text NOT NULL,
  principal text NOT NULL,
  address text NOT NULL,
  -- Name of the operation in the OpenAPI document.
  action text NOT NULL,
  -- What the address of the request names, such as gateways/gw-1.
  subject text NOT NULL,
  -- The body, without secrets.
  asked jsonb,
  before jsonb
);
CREATE INDEX audit_entry_at_idx ON audit_entry (at);
CREATE INDEX audit_entry_principal_id_idx ON audit_entry (principal, id);
CREATE INDEX audit_entry_subject_id_idx ON audit_entry (subject, id);
CREATE TABLE audit_outcome (
  entry_id bigint PRIMARY KEY REFERENCES audit_entry (id) ON DELETE CASCADE,
  at timestamptz(3) NOT NULL DEFAULT now(),
  status integer NOT NULL,
  -- Code of the problem; null when it was done.
  code text,
  -- What was made, when the request named nothing.
  made text,
  after jsonb
);

-- What is older is removed by leonore_retain_audit; nothing else is, by anybody who is not the owner of the tables.
CREATE FUNCTION leonore_audit_retention() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '400 days' $$;

CREATE FUNCTION leonore_refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.at < now() - leonore_audit_retention() THEN RETURN OLD; END IF;
    -- The outcome goes with its entry; entries have no entry_id, so that must not be asked of them.
    IF TG_TABLE_NAME = 'audit_outcome' THEN
      IF NOT EXISTS (SELECT FROM audit_entry WHERE id = OLD.entry_id) THEN RETURN OLD; END IF;
    END IF;
  END IF;
  RAISE EXCEPTION 'the audit is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON audit_entry
  FOR EACH ROW EXECUTE FUNCTION leonore_refuse_audit_change();
CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry
  FOR EACH STATEMENT EXECUTE FUNCTION leonore_refuse_audit_change();
CREATE TRIGGER audit_outcome_append_only BEFORE UPDATE OR DELETE ON audit_outcome
  FOR EACH ROW EXECUTE FUNCTION leonore_refuse_audit_change();
CREATE TRIGGER audit_outcome_no_truncate BEFORE TRUNCATE ON audit_outcome
  FOR EACH STATEMENT EXECUTE FUNCTION leonore_refuse_audit_change();

-- Removes some of what is older than it has to be kept.
CREATE FUNCTION leonore_retain_audit(most integer) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
  DELETE FROM audit_entry WHERE id IN (
    SELECT id FROM audit_entry WHERE at < now() - leonore_audit_retention() ORDER BY at LIMIT most)
$$;
