import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EventReader } from './event-reader.js';

const text =
  ': a comment\r\nevent: nodes\nid: nodes=1\ndata: {"at":1,\ndata: "x":2}\r\n\r\nid: nodes=2\n\ndata: y\n\nevent: cut\ndata: off\n';

describe('events of a stream', () => {
  test('are told however the text is cut into pieces, and none that the end cuts off', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(text.length)), (cuts) => {
        const at = [0, ...cuts.sort((one, other) => one - other), text.length];
        const reader = new EventReader();
        const told = at.slice(1).flatMap((end, index) => reader.push(text.slice(at[index], end)));
        expect(told).toEqual([
          { id: 'nodes=1', event: 'nodes', data: '{"at":1,\n"x":2}' },
          { id: 'nodes=2', event: 'message', data: 'y' },
        ]);
      }),
    );
  });
});
