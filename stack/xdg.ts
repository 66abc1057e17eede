import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Where LEONORE keeps what it can get again (XDG Base Directory Specification). */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return join(baseDirectory(env['XDG_CACHE_HOME'], '.cache'), 'leonore');
}

/** Where LEONORE keeps what must not be lost (XDG Base Directory Specification). */
export function dataDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return join(baseDirectory(env['XDG_DATA_HOME'], '.local', 'share'), 'leonore');
}

/** Where LEONORE keeps what somebody has told it (XDG Base Directory Specification). */
export function configDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return join(baseDirectory(env['XDG_CONFIG_HOME'], '.config'), 'leonore');
}

/** The specification has relative paths ignored. */
function baseDirectory(configured: string | undefined, ...fallback: string[]): string {
  return configured !== undefined && isAbsolute(configured) ? configured : join(homedir(), ...fallback);
}
