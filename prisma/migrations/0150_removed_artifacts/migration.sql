-- What was removed from the artifact repository: the version may come again, but with no other content. One row a version
-- that ever was removed, kept for good: gateways and packages remember their content by name and version.
CREATE TABLE removed_artifact (
  name text NOT NULL,
  -- Without build metadata, which makes no other version.
  release text NOT NULL,
  version text NOT NULL,
  -- sha256 over manifest and files, as it was in artifact.
  digest text NOT NULL,
  removed_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (name, release)
);
