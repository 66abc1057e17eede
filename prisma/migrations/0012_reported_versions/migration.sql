-- Without the white space around it, as JavaScript trims it.
CREATE FUNCTION leonore_trim(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT regexp_replace(value,
    '^[\t-\r \u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000\uFEFF]+'
    '|[\t-\r \u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000\uFEFF]+$', '', 'g')
$$;

-- Tools, components and kernels carry the version that makers and distributions print. Selectors read it here exactly as
-- reportedVersion of domain/gateway does, as {major, minor, patch, identifiers of the prerelease ...}: an epoch and the
-- build of a distribution do not count, a prerelease does. Null when there is no number in it.
CREATE FUNCTION leonore_read_reported_version(value text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  trimmed text;
  parts text[];
  announced text[];
BEGIN
  -- As most are; this costs a fifth of what follows.
  IF value ~ '^(0|[1-9][0-9]{0,14})([.](0|[1-9][0-9]{0,14})){0,2}$' THEN
    parts := string_to_array(value, '.');
    RETURN ARRAY[parts[1], coalesce(parts[2], '0'), coalesce(parts[3], '0')];
  END IF;
  -- In code units, as JavaScript counts.
  IF length(value) > 128
     AND length(value) + length(regexp_replace(value, '[^\U00010000-\U0010FFFF]', '', 'g')) > 256 THEN
    RETURN NULL;
  END IF;
  trimmed := leonore_trim(value);
  parts := regexp_match(trimmed,
    '^(?:[0-9]+:)?[vV]?([0-9]{1,15})(?:[.]([0-9]{1,15}))?(?:[.]([0-9]{1,15}))?(.*)$');
  -- Some print a name before it.
  IF parts IS NULL THEN
    RETURN leonore_read_version(trimmed);
  END IF;
  announced := regexp_match(parts[4],
    '^[-._~+]?(alpha|beta|preview|pre|rc|dev|snapshot|canary|nightly|next)[-._]?([0-9]{0,15})', 'i');
  parts := ARRAY[parts[1]::bigint::text, coalesce(parts[2], '0')::bigint::text, coalesce(parts[3], '0')::bigint::text];
  IF announced IS NULL THEN
    RETURN parts;
  END IF;
  parts := parts || lower(announced[1]);
  RETURN CASE WHEN announced[2] = '' THEN parts ELSE parts || announced[2]::bigint::text END;
END $$;

-- A C library as libcOf of domain/gateway takes it apart, as {name, version}: `musl`, `glibc 2.36`, `glibc-2.36`.
CREATE FUNCTION leonore_read_libc(value text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  trimmed text := leonore_trim(value);
  version text;
BEGIN
  -- The separator that is followed by a digit and no white space any more, and begins the earliest.
  version := (regexp_match(trimmed,
    '^[^\t-\r \u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000\uFEFF]+?[\t-\r \u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000\uFEFF/@-]+v?([0-9][^\t-\r \u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000\uFEFF]*)$'))[1];
  IF version IS NULL THEN
    RETURN ARRAY[value, NULL];
  END IF;
  RETURN ARRAY[regexp_replace(left(trimmed, length(trimmed) - length(version)), '[\t-\r \u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000\uFEFF/@-]+v?$', ''), version];
END $$;
