import { expect, test } from '@jest/globals';
import { OpenAsk } from './open-ask.js';

test('a question stays when its button goes, and says that it is not offered any more', () => {
  const open = new OpenAsk<string>();
  let told = 0;
  open.subscribe(() => (told += 1));
  open.open('a', 'Pause?');
  open.offer('a', 'Pause it?');
  open.withdraw('a');
  expect(open.asked()).toEqual({ id: 'a', what: 'Pause it?', isOffered: false });
  open.offer('a', 'Pause it?');
  expect(open.asked()?.isOffered).toBe(true);
  open.close();
  expect(open.asked()).toBeNull();
  expect(told).toBe(5);
});

test('other buttons come and go without a word', () => {
  const open = new OpenAsk<string>();
  open.offer('b', 'Stop?');
  open.withdraw('b');
  open.close();
  expect(open.asked()).toBeNull();
  open.open('a', 'Pause?');
  open.offer('b', 'Stop?');
  open.withdraw('b');
  expect(open.asked()).toEqual({ id: 'a', what: 'Pause?', isOffered: true });
});
