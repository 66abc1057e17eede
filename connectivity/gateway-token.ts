import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { gatewayIdPattern } from '../domain/gateway/gateway-id.js';
import { isPlainToken, plainTokenOf } from '../trust/plain-token.js';

const gatewayId = new RegExp(gatewayIdPattern, 'u');
const pattern = /^lgw_([A-Za-z0-9_-]{1,200})\.([A-Za-z0-9_-]{43})$/;

/**
 * A new token for a gateway: it names the gateway and carries 256 random bits. Only its hash is ever stored; the
 * bits are random, so a plain hash cannot be guessed back.
 * @returns with it the hash by which it and its plain form are known
 */
export function issueGatewayToken(gatewayId: string): { token: string; hash: Buffer } {
  const secret = randomBytes(32).toString('base64url');
  const token = `lgw_${Buffer.from(gatewayId).toString('base64url')}.${secret}`;
  return { token, hash: hashToken(plainTokenOf(token)) };
}

/**
 * The token under which a device is known that has a secret of its own kind: a client of another protocol, which cannot be
 * told another. Whoever has the secret has the token, of this gateway and no other.
 */
export function tokenOfSecret(gatewayId: string, secret: string): string {
  const own = createHmac('sha256', secret).update(`leonore-client-1\n${gatewayId}`).digest('base64url');
  return `lgw_${Buffer.from(gatewayId).toString('base64url')}.${own}`;
}

/** A token with which gateways may enrol: 256 random bits. */
export function issueEnrolmentToken(): { token: string; hash: Buffer } {
  const token = `lge_${randomBytes(32).toString('base64url')}`;
  return { token, hash: hashToken(token) };
}

/** A code by which one gateway enrols once: 128 random bits, so that somebody may type it. */
export function issueClaimCode(): { code: string; hash: Buffer } {
  const code = `lgc_${randomBytes(16).toString('base64url')}`;
  return { code, hash: hashToken(code) };
}

/** What a bearer token is by its form; nothing is proved yet. */
export function kindOfToken(token: string): 'gateway' | 'enrolment' | 'claim' | 'other' {
  if (token.startsWith('lgw_')) return 'gateway';
  if (token.startsWith('lge_')) return 'enrolment';
  return token.startsWith('lgc_') ? 'claim' : 'other';
}

/** The gateway that a token claims to be of; null when it is no gateway token. Nothing is proved yet. */
export function gatewayOfToken(token: string): string | null {
  const match = pattern.exec(token);
  const id = match?.[1] === undefined ? '' : Buffer.from(match[1], 'base64url').toString('utf8');
  return gatewayId.test(id) ? id : null;
}

/** The same of a token in its plain form. */
export function gatewayOfPlainToken(token: string): string | null {
  return isPlainToken(token) ? gatewayOfToken(token.replace('lgp_', 'lgw_')) : null;
}

/** sha256 of a token. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Compares in constant time; an empty hash (a decommissioned gateway) matches nothing. */
export function tokenMatches(token: string, hash: Uint8Array): boolean {
  const own = hashToken(token);
  return hash.length === own.length && timingSafeEqual(own, hash);
}

/**
 * The hash that a gateway's token is known by, if it is this gateway's: that of its plain form, and for tokens that were issued
 * before there was one, or that follow from a device's own secret, that of the token itself.
 */
export function gatewayTokenHash(token: string, known: Uint8Array): Buffer {
  return tokenMatches(token, known) ? hashToken(token) : hashToken(plainTokenOf(token));
}

/** Compares a gateway's token, in either form, in constant time. */
export function gatewayTokenMatches(token: string, hash: Uint8Array): boolean {
  return tokenMatches(plainTokenOf(token), hash) || tokenMatches(token, hash);
}
