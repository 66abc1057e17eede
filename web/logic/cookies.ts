/** What the server leaves for the page to read. */

/** The value of a cookie; null when there is none. @param cookies as `document.cookie` has them */
export function cookieIn(cookies: string, name: string): string | null {
  const pair = cookies.split('; ').find((one) => one.startsWith(`${name}=`));
  const value = pair?.slice(name.length + 1) ?? '';
  return value === '' ? null : value;
}

/** Why a sign-in came to nothing, and what to do. */
export interface SignInProblem {
  readonly detail: string;
  readonly advice: string;
}

/** @param value of the cookie that tells it; null, too, when it is not what the server writes */
export function signInProblemOf(value: string | null): SignInProblem | null {
  if (value === null) return null;
  try {
    const bytes = Uint8Array.from(atob(value.replaceAll('-', '+').replaceAll('_', '/')), (one) =>
      one.charCodeAt(0),
    );
    const { detail, advice } = JSON.parse(new TextDecoder().decode(bytes)) as Partial<SignInProblem>;
    return typeof detail === 'string' && typeof advice === 'string' ? { detail, advice } : null;
  } catch {
    // Whoever can set cookies of this host can write anything there.
    return null;
  }
}
