-- What selectors need to be evaluated here (repositories/selector-sql.ts): versions and texts compare exactly as in
-- domain/selector, where node-semver and JavaScript do it.

-- Whether JavaScript holds each of these whole numbers exactly.
CREATE FUNCTION leonore_are_safe(numbers text[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  FOR i IN 1..cardinality(numbers) LOOP
    IF length(numbers[i]) > 15 AND numbers[i]::numeric > 9007199254740991 THEN
      RETURN false;
    END IF;
  END LOOP;
  RETURN true;
END $$;

-- A version as {major, minor, patch, identifiers of the prerelease ...}; null when the text cannot be read as one.
-- First as SemVer, with white space around it as JavaScript trims it; else the first numbers that look like a version.
CREATE FUNCTION leonore_read_version(value text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  parts text[];
BEGIN
  -- As most are; this costs a fifth of what follows.
  IF value ~ '^(0|[1-9][0-9]{0,14})([.](0|[1-9][0-9]{0,14})){0,2}$' THEN
    parts := string_to_array(value, '.');
    RETURN ARRAY[parts[1], coalesce(parts[2], '0'), coalesce(parts[3], '0')];
  END IF;
  IF length(value) <= 256 THEN
    parts := regexp_match(value, '^[\t-\r \u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000\uFEFF]*'
      'v?(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)'
      '(?:-((?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*))?'
      '(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?'
      '[\t-\r \u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000\uFEFF]*$');
    IF parts IS NOT NULL AND leonore_are_safe(parts[1:3]) THEN
      RETURN parts[1:3] || string_to_array(parts[4], '.');
    END IF;
  END IF;
  parts := regexp_match(value,
    '(?:^|[^0-9])([0-9]{1,16})(?:\.([0-9]{1,16}))?(?:\.([0-9]{1,16}))?(?:$|[^0-9])');
  IF parts IS NULL THEN
    RETURN NULL;
  END IF;
  parts := ARRAY[parts[1], coalesce(parts[2], '0'), coalesce(parts[3], '0')];
  -- A number with leading zeros makes it no version after all.
  IF array_to_string(parts, '.') ~ '(^|\.)0[0-9]' OR NOT leonore_are_safe(parts) THEN
    RETURN NULL;
  END IF;
  RETURN parts;
END $$;

-- Negative, zero or positive as version a comes before, with or after b, by the precedence of SemVer.
CREATE FUNCTION leonore_compare_versions(a text[], b text[]) RETURNS integer
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  FOR i IN 1..3 LOOP
    IF a[i] <> b[i] THEN
      RETURN CASE WHEN a[i]::bigint < b[i]::bigint THEN -1 ELSE 1 END;
    END IF;
  END LOOP;
  -- What has no prerelease comes after what has one.
  IF cardinality(a) = 3 OR cardinality(b) = 3 THEN
    RETURN cardinality(b) - cardinality(a);
  END IF;
  FOR i IN 4..greatest(cardinality(a), cardinality(b)) LOOP
    CONTINUE WHEN a[i] = b[i];
    RETURN CASE
      WHEN a[i] IS NULL THEN -1
      WHEN b[i] IS NULL THEN 1
      -- As doubles, since that is how node-semver compares them.
      WHEN a[i] ~ '^[0-9]+$' AND b[i] ~ '^[0-9]+$' THEN sign(a[i]::float8 - b[i]::float8)
      WHEN a[i] ~ '^[0-9]+$' THEN -1
      WHEN b[i] ~ '^[0-9]+$' THEN 1
      WHEN a[i] COLLATE "C" < b[i] COLLATE "C" THEN -1
      ELSE 1
    END;
  END LOOP;
  RETURN 0;
END $$;

-- A text that sorts by bytes as the given one sorts in JavaScript, by UTF-16 code units: there, characters beyond the
-- first 65,536 come before U+E000 to U+FFFF. These are led by the last character of all, which is escaped itself.
CREATE FUNCTION leonore_code_unit_order(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT regexp_replace(replace(value, chr(1114111), chr(1114111) || chr(1)), '([\uE000-\uFFFF])',
                        chr(1114111) || '\1', 'g')
$$;

-- Whether a label is a number in another spelling than JavaScript's: 07 or 7.0 for 7. An equal number is found by that
-- spelling, or among the few gateways for which this is true. It errs on the side of true: more than 15 digits, or a
-- number near zero with many, may be spelled right. On the text, since that takes half the time of looking at each.
CREATE FUNCTION leonore_has_odd_number(labels jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT labels::text ~ '": "(-0|-?(0[0-9]+([.][0-9]+)?|[0-9]+[.][0-9]*0|[0-9]{8,}[.][0-9]+|[0-9]+[.][0-9]{9,}|0[.]0[0-9]{6,}))"'
$$;

-- "labels.KEY == VALUE" and "in", which most selectors consist of.
CREATE INDEX gateway_labels_idx ON gateway USING gin (labels jsonb_path_ops);
CREATE INDEX gateway_odd_number_idx ON gateway (id) WHERE leonore_has_odd_number(labels);
