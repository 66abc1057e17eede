import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PacketGuard } from './bounded-socket.js';

/** A packet with a body of that length, its length written as MQTT does. */
function packetOf(length: number): Buffer {
  const header = [0x30];
  let left = length;
  do {
    header.push((left % 128) | (left >= 128 ? 128 : 0));
    left = Math.floor(left / 128);
  } while (left > 0);
  return Buffer.concat([Buffer.from(header), Buffer.alloc(length, 0xff)]);
}

test('packets of any lengths pass, however the stream is cut, and one that is too long does not', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 9_000 }),
      fc.boolean(),
      (lengths, cut, tooLong) => {
        const guard = new PacketGuard(20_000);
        const stream = Buffer.concat([...lengths, ...(tooLong ? [20_001] : [])].map(packetOf));
        let passes = true;
        for (let place = 0; place < stream.length && passes; place += cut)
          passes = guard.takes(stream.subarray(place, place + cut));
        expect(passes).toBe(!tooLong);
      },
    ),
  );
});

test('a length that does not end is none', () => {
  expect(new PacketGuard(1e9).takes(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff]))).toBe(false);
});
