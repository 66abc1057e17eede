import { randomBytes, randomUUID } from 'node:crypto';
import { hashToken } from '../connectivity/gateway-token.js';

const pattern = /^lmt_([A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{43}$/;

/** A new token of a principal: it names its row and carries 256 random bits, so that a plain hash cannot be guessed back. */
export function issueManagementToken(): { id: string; token: string; hash: Buffer } {
  const id = randomUUID();
  const name = Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url');
  const token = `lmt_${name}.${randomBytes(32).toString('base64url')}`;
  return { id, token, hash: hashToken(token) };
}

/** The id of the row that a token names; null when it is no token of a principal. Nothing is proved yet. */
export function rowOfToken(token: string): string | null {
  const name = pattern.exec(token)?.[1];
  if (name === undefined) return null;
  const hex = Buffer.from(name, 'base64url').toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
