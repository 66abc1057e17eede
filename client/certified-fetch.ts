/**
 * A fetch for servers that are certified by an authority of one's own. What it takes is loaded with its first call: that costs a
 * third of the start of a verb, and few have such an authority.
 * @param ca PEM
 */
export function fetchCertifiedBy(ca: string): typeof fetch {
  let dispatcher: Promise<object> | null = null;
  return async (input, init) => {
    dispatcher ??= import('undici').then(({ Agent }) => new Agent({ connect: { ca } }));
    return fetch(input, { ...init, dispatcher: await dispatcher } as RequestInit);
  };
}
