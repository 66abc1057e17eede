-- What LEONORE's processes need of the database, for a role of their own that owns nothing: called by the owner, and again
-- after each migration. Such a role adds to the audit, at the time that the database says, and can neither change it nor take
-- away what keeps it unchanged.
CREATE FUNCTION leonore_grant_to_processes(grantee name) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  own name := current_schema();
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', own, grantee);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO %I', own, grantee);
  EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO %I', own, grantee);
  EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON audit_entry, audit_outcome FROM %I', grantee);
  EXECUTE format('GRANT INSERT (request_id, principal_id, principal, address, action, subject, asked, before) ON audit_entry TO %I', grantee);
  EXECUTE format('GRANT INSERT (entry_id, status, code, made, after) ON audit_outcome TO %I', grantee);
  EXECUTE format('GRANT EXECUTE ON FUNCTION leonore_retain_audit(integer) TO %I', grantee);
  -- Which migrations there were is the owner's to say.
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON _prisma_migrations FROM %I', grantee);
  END IF;
END $$;
