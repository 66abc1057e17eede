import { randomBytes, randomUUID } from 'node:crypto';
import { hashToken } from '../connectivity/gateway-token.js';

/** How a token begins: one that an admin made, or the session of somebody who signed in. */
export type ManagementTokenKind = 'lmt' | 'lms';

const pattern = /^(lmt|lms)_([A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{43}$/;

/** A new token of a principal: it names its row and carries 256 random bits, so that a plain hash cannot be guessed back. */
export function issueManagementToken(kind: ManagementTokenKind): { id: string; token: string; hash: Buffer } {
  const id = randomUUID();
  const name = Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url');
  const token = `${kind}_${name}.${randomBytes(32).toString('base64url')}`;
  return { id, token, hash: hashToken(token) };
}

/** The id of the row that a token names; null when it is no token of that kind. Nothing is proved yet. */
export function rowOfToken(token: string, kind: ManagementTokenKind): string | null {
  const [, found, name] = pattern.exec(token) ?? [];
  if (found !== kind || name === undefined) return null;
  const hex = Buffer.from(name, 'base64url').toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
