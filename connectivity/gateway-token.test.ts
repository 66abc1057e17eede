import { expect, test } from '@jest/globals';
import { plainTokenOf } from '../trust/plain-token.js';
import {
  gatewayOfPlainToken,
  gatewayOfToken,
  gatewayTokenHash,
  gatewayTokenMatches,
  hashToken,
  issueGatewayToken,
  tokenOfSecret,
} from './gateway-token.js';

test('a token and its plain form are known by one hash, and neither is taken for the other', () => {
  const { token, hash } = issueGatewayToken('gw-1');
  const plain = plainTokenOf(token);
  expect([gatewayTokenMatches(token, hash), gatewayTokenMatches(plain, hash)]).toEqual([true, true]);
  expect([gatewayOfToken(token), gatewayOfToken(plain)]).toEqual(['gw-1', null]);
  expect([gatewayOfPlainToken(token), gatewayOfPlainToken(plain)]).toEqual([null, 'gw-1']);
  expect(gatewayTokenHash(token, hash)).toEqual(hash);
});

test('tokens that were issued before, or follow from a secret, are known by their own hash, without a plain form', () => {
  for (const token of [issueGatewayToken('gw-1').token, tokenOfSecret('gw-1', 'secret')]) {
    const hash = hashToken(token);
    expect(gatewayTokenMatches(token, hash)).toBe(true);
    expect(gatewayTokenMatches(plainTokenOf(token), hash)).toBe(false);
    expect(gatewayTokenHash(token, hash)).toEqual(hash);
  }
});

test("another's token, and a gateway without one, match nothing", () => {
  const { hash } = issueGatewayToken('gw-1');
  const { token } = issueGatewayToken('gw-1');
  for (const known of [hash, new Uint8Array()]) {
    expect(gatewayTokenMatches(token, known)).toBe(false);
    expect(gatewayTokenMatches(plainTokenOf(token), known)).toBe(false);
  }
});
