import { expect, test } from '@jest/globals';
import { KeptAnswers } from './kept-answers.js';

function worker() {
  const asked: string[] = [];
  const ends: (() => void)[] = [];
  const work = (question: string) => () => {
    asked.push(question);
    return new Promise<string>((resolve) => ends.push(() => resolve(question)));
  };
  return { asked, ends, work };
}

const soon = () => new Promise((resolve) => setImmediate(resolve));

test('who asks the same gets the same answer, one question is worked on at a time, and too many are turned away', async () => {
  const answers = new KeptAnswers<string>(60_000, 10, 2);
  const { asked, ends, work } = worker();
  const [one, same, two] = [
    answers.of('a', work('a')),
    answers.of('a', work('a')),
    answers.of('b', work('b')),
  ];
  await soon();
  expect(asked).toEqual(['a']);
  expect(await answers.of('c', work('c'))).toBeNull();
  ends[0]?.();
  expect([await one, await same]).toEqual(['a', 'a']);
  await soon();
  ends[1]?.();
  expect(await two).toBe('b');
  expect(await answers.of('a', work('a'))).toBe('a');
  expect(asked).toEqual(['a', 'b']);
});

test('what failed, what is old and what is one too many is asked for anew', async () => {
  const short = new KeptAnswers<string>(0, 10, 10);
  expect(await short.of('a', async () => 'first')).toBe('first');
  expect(await short.of('a', async () => 'second')).toBe('second');
  const answers = new KeptAnswers<string>(60_000, 1, 10);
  await expect(answers.of('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await answers.of('a', async () => 'now')).toBe('now');
  await answers.of('b', async () => 'other');
  expect(await answers.of('a', async () => 'anew')).toBe('anew');
});
