-- Connections ask for a plan of each statement anew, and so do the functions that they call: once for each gateway. What
-- these look for they find by keys, whatever their tables hold.
ALTER FUNCTION leonore_value_versions(text, jsonb) SET plan_cache_mode = 'force_generic_plan';
ALTER FUNCTION leonore_lacking_values(text, jsonb) SET plan_cache_mode = 'force_generic_plan';
ALTER FUNCTION leonore_artifact_versions(text, text) SET plan_cache_mode = 'force_generic_plan';
ALTER FUNCTION leonore_declared(text, text) SET plan_cache_mode = 'force_generic_plan';
ALTER FUNCTION leonore_stale_artifact(text, text[]) SET plan_cache_mode = 'force_generic_plan';
ALTER FUNCTION leonore_given(uuid, integer, jsonb) SET plan_cache_mode = 'force_generic_plan';
