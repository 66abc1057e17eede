import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { judge, type Credentials, type KnownIdentity } from './admission.js';

const key = fc.constantFrom('ed25519:a', 'ed25519:b', 'hmac-sha256:c');
const counter = fc.integer({ min: 0, max: 5 });
const address = fc.constantFrom('10.0.0.1', '10.0.0.2');
const known: fc.Arbitrary<KnownIdentity> = fc.record({
  state: fc.constantFrom('pending', 'queued', 'active', 'decommissioned'),
  key: fc.option(key),
  counter,
  readmitted: fc.boolean(),
  confirmed: fc.boolean(),
  registeredFrom: fc.option(address),
});
const told: fc.Arbitrary<Credentials> = fc.record({
  ownToken: fc.boolean(),
  key: fc.option(fc.record({ text: key, counter: counter.map((value) => value + 1) })),
  enrolment: fc.option(fc.record({ keyless: fc.boolean() })),
  address,
});
const holds = (property: (before: KnownIdentity, credentials: Credentials) => boolean): void =>
  fc.assert(fc.property(known, told, property), { numRuns: 2_000 });
const enters = (before: KnownIdentity | undefined, credentials: Credentials): boolean =>
  judge(before, credentials).kind === 'enters';

describe('whatever is held and whatever comes', () => {
  test('a bound id is entered by its key alone, with a number above the last', () =>
    holds(
      (before, credentials) =>
        before.key === null ||
        before.readmitted ||
        !enters(before, credentials) ||
        (credentials.key?.text === before.key && credentials.key.counter > before.counter),
    ));

  test('what an enrolment token adds makes no difference to an id with a key', () =>
    holds((before, credentials) => {
      if (before.key === null || before.readmitted || credentials.key === null) return true;
      const without = judge(before, { ...credentials, enrolment: null });
      return JSON.stringify(judge(before, credentials)) === JSON.stringify(without);
    }));

  test('a decommissioned gateway stays so until it is readmitted', () =>
    holds(
      (before, credentials) =>
        before.state !== 'decommissioned' || before.readmitted || !enters(before, credentials),
    ));

  test('without a token, a key or an enrolment nobody enters', () =>
    holds((before, { address: from }) =>
      [before, undefined].every(
        (held) => !enters(held, { ownToken: false, key: null, enrolment: null, address: from }),
      ),
    ));

  test('a token stays with who brought it, never with anybody else', () =>
    holds((before, credentials) => {
      const verdict = judge(before, credentials);
      return verdict.kind !== 'enters' || !verdict.keepsToken || credentials.ownToken;
    }));

  test('only who is not known, or is readmitted, is enrolled; and only by an enrolment', () =>
    holds((before, credentials) => {
      const verdict = judge(before, credentials);
      if (verdict.kind !== 'enters' || !verdict.enrols) return true;
      return before.readmitted && credentials.enrolment !== null;
    }));
});

test('a token that comes from elsewhere is replaced: a copy of the disk is found out by it', () => {
  const before: KnownIdentity = {
    state: 'active',
    key: 'ed25519:a',
    counter: 3,
    readmitted: false,
    confirmed: true,
    registeredFrom: '10.0.0.1',
  };
  const brought = { ownToken: true, key: { text: 'ed25519:a', counter: 4 }, enrolment: null };
  expect(judge(before, { ...brought, address: '10.0.0.1' })).toMatchObject({ keepsToken: true });
  expect(judge(before, { ...brought, address: '10.0.0.2' })).toMatchObject({ keepsToken: false });
});
