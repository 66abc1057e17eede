-- A package whose archive was removed is still known by the rollouts that delivered it.
ALTER TABLE package ADD COLUMN removed_at timestamptz(3);

-- What came of building a source variant: once for all packages that it is in, and the same bytes each time.
CREATE TABLE source_build (
  artifact_id uuid NOT NULL REFERENCES artifact (id) ON DELETE CASCADE,
  variant_index integer NOT NULL,
  error text,
  log text NOT NULL,
  built_by text NOT NULL,
  built_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (artifact_id, variant_index)
);

CREATE TABLE source_build_file (
  artifact_id uuid NOT NULL,
  variant_index integer NOT NULL,
  path text NOT NULL,
  sha256 text NOT NULL,
  size_bytes bigint NOT NULL,
  mode text NOT NULL CHECK (mode IN ('0644', '0755')),
  PRIMARY KEY (artifact_id, variant_index, path),
  FOREIGN KEY (artifact_id, variant_index) REFERENCES source_build (artifact_id, variant_index) ON DELETE CASCADE
);
CREATE INDEX source_build_file_sha256_idx ON source_build_file (sha256);
