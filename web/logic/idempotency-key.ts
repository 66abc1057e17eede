import { useRef } from 'react';

const keyBytes = 16;

/** A key for what is sent until it has been taken: sent twice, it is done once. */
export function useIdempotencyKey(): { readonly next: () => string; readonly used: () => void } {
  const key = useRef<string | null>(null);
  return {
    next: () => (key.current ??= randomKey()),
    used: () => {
      key.current = null;
    },
  };
}

/** `crypto.randomUUID` is there for pages over TLS alone. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(keyBytes));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
