/** Cookies (RFC 6265) whose values need no quoting: letters, digits and `-._~`. */

/** Names of the cookie of a session: over TLS browsers hold it to this very host, and set it over TLS alone. */
export const sessionCookies = { secure: '__Host-leonore-session', plain: 'leonore-session' } as const;

/** The value of a cookie; null when there is none, or several, of which one is somebody else's. */
export function cookieOf(header: string | undefined, name: string): string | null {
  const values = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`));
  return values.length === 1 ? (values[0]?.slice(name.length + 1) ?? null) : null;
}

/** What carries the session of a browser, whichever of the two it is; nothing is proved yet. */
export function sessionCookie(header: string | undefined): string | null {
  return cookieOf(header, sessionCookies.secure) ?? cookieOf(header, sessionCookies.plain);
}
