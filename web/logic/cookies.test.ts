import { expect, test } from '@jest/globals';
import { cookieIn, signInProblemOf } from './cookies.js';

test('a cookie is found by its whole name', () => {
  const cookies = 'x-leonore-csrf=no; leonore-csrf=a=b; empty=';
  expect(cookieIn(cookies, 'leonore-csrf')).toBe('a=b');
  expect(cookieIn(cookies, 'csrf')).toBeNull();
  expect(cookieIn(cookies, 'empty')).toBeNull();
  expect(cookieIn('', 'leonore-csrf')).toBeNull();
});

test('why a sign-in came to nothing is read as it was written, and nothing else is', () => {
  const problem = { detail: 'none of the groups of Zoë has a role ÿ?>', advice: 'Ask.' };
  const bytes = new TextEncoder().encode(JSON.stringify(problem));
  const written = btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
  expect(signInProblemOf(written)).toEqual(problem);
  for (const wrong of [null, '', '%%%', btoa('null'), btoa('{"detail":1,"advice":""}'), btoa('[')])
    expect(signInProblemOf(wrong)).toBeNull();
});
