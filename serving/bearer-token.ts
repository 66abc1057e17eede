/** The token of an `Authorization: Bearer` header, or null. */
export function bearerToken(authorization: string | undefined): string | null {
  const match =
    authorization === undefined ? null : /^Bearer ([A-Za-z0-9._~+/=-]{1,512})$/i.exec(authorization);
  return match?.[1] ?? null;
}
