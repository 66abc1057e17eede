/** What a client of somebody else's protocol asks and is answered. */

export interface ClientRequest {
  readonly method?: string;
  /** Sent as it is when it is a text. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ClientAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Empty where the answer is not JSON: a token, an artifact, or nothing. */
  readonly body: Record<string, unknown>;
  readonly bytes: Buffer;
}

/** One request. @param common headers of all that the client asks */
export async function askAsClient(
  url: string,
  common: Readonly<Record<string, string>>,
  { method = 'GET', body, headers = {} }: ClientRequest,
): Promise<ClientAnswer> {
  const answer = await fetch(url, {
    method,
    headers: {
      ...common,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const bytes = Buffer.from(await answer.arrayBuffer());
  let value: unknown = {};
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    // Not JSON.
  }
  return { status: answer.status, headers: answer.headers, body: value as Record<string, unknown>, bytes };
}
