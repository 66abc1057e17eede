import { expect, test } from '@jest/globals';
import { isPlainToken, plainTokenOf } from './plain-token.js';

const token = `lgw_${Buffer.from('gw-1').toString('base64url')}.${'a'.repeat(43)}`;

test('the plain form names the gateway, follows from the token alone, and shows nothing of its secret', () => {
  const plain = plainTokenOf(token);
  expect(plain).toMatch(/^lgp_Z3ctMQ\.[A-Za-z0-9_-]{43}$/);
  expect(plainTokenOf(token)).toBe(plain);
  expect(plain).not.toContain('aaaa');
  expect(plainTokenOf(token.replace(/a$/, 'b'))).not.toBe(plain);
  // Of a gateway of another name it is another, though the secret were the same.
  expect(plainTokenOf(token.replace('Z3ctMQ', 'Z3ctMg')).slice(-43)).not.toBe(plain.slice(-43));
});

test('what is no token of a gateway has no other form', () => {
  for (const other of ['', 'lge_x', plainTokenOf(token), `${token}x`])
    expect(plainTokenOf(other)).toBe(other);
});

test('the two forms are told apart', () => {
  expect([isPlainToken(token), isPlainToken(plainTokenOf(token)), isPlainToken('lgp_x')]).toEqual([
    false,
    true,
    false,
  ]);
});
