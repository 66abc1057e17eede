import { expect, test } from '@jest/globals';
import { SecretBox } from './secret-box.js';

const [first, second] = ['11'.repeat(32), '22'.repeat(32)];

test('what was sealed is opened by whoever has the key, in its place only', () => {
  const box = new SecretBox([first]);
  const sealed = box.seal('pässword', 'gw-1 key');
  expect(sealed.includes('pässword')).toBe(false);
  expect(box.seal('pässword', 'gw-1 key').equals(sealed)).toBe(false);
  expect(box.open(sealed, 'gw-1 key')).toBe('pässword');
  // A new key seals, the old one still opens.
  expect(new SecretBox([second, first]).open(sealed, 'gw-1 key')).toBe('pässword');
  for (const [other, place] of [
    [new SecretBox([first]), 'gw-2 key'],
    [new SecretBox([second]), 'gw-1 key'],
    [new SecretBox([]), 'gw-1 key'],
  ] as const) {
    expect(() => other.open(sealed, place)).toThrow(expect.objectContaining({ code: 'SECRETS_UNAVAILABLE' }));
  }
});

test('what was tampered with is not opened', () => {
  const box = new SecretBox([first]);
  const sealed = box.seal('secret', 'place');
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = Buffer.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(() => box.open(changed, 'place')).toThrow(
      expect.objectContaining({ code: 'SECRETS_UNAVAILABLE' }),
    );
    expect(() => box.open(sealed.subarray(0, at), 'place')).toThrow();
  }
});

test('without a key nothing is sealed', () => {
  expect(() => new SecretBox([]).seal('secret', 'place')).toThrow(
    expect.objectContaining({ code: 'SECRETS_UNAVAILABLE' }),
  );
});
