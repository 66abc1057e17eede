import { createHash, randomBytes } from 'node:crypto';

/** A secret that cannot be guessed: 256 random bits. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** What is handed to the processes in place of a token: sha256 in hex. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
