import { expect, test } from '@jest/globals';
import { Signer, verifier } from '../../trust/ed25519.js';
import { newTargets, type NewDelegation } from '../../trust/make-metadata.js';
import { delegatedPath, isDelegated } from './delegations.js';

const [one, two] = [Signer.generate(), Signer.generate()];
const message = Buffer.from('statement');

function holds(
  delegations: readonly Omit<NewDelegation, 'name'>[],
  name: string,
  ...signers: Signer[]
): boolean {
  const named = delegations.map((delegation, index) => ({ name: `role-${index}`, ...delegation }));
  const targets = newTargets(1, 0, named, []);
  const signatures = signers.map((signer) => signer.sign(message));
  return isDelegated(targets, delegatedPath.artifact(name), message, signatures, verifier);
}

const of = (signers: readonly Signer[], paths: readonly string[], terminating = false, threshold = 1) => ({
  publicKeys: signers.map(({ publicKey }) => publicKey),
  threshold,
  paths,
  terminating,
});

test('a key may sign the names that it was given, and no others', () => {
  const delegations = [of([one], ['artifacts/app-*']), of([two], ['artifacts/lib', 'builds/*'])];
  expect(holds(delegations, 'app-1', one)).toBe(true);
  expect(holds(delegations, 'lib', one)).toBe(false);
  expect(holds(delegations, 'lib', two)).toBe(true);
  expect(holds(delegations, 'app-1', two)).toBe(false);
  expect(holds(delegations, 'other', one, two)).toBe(false);
});

test('a delegation that ends the search has the last word', () => {
  const ending = [of([one, two], ['artifacts/app'], true, 2), of([one], ['artifacts/*'])];
  expect(holds(ending, 'app', one)).toBe(false);
  expect(holds(ending, 'app', one, two)).toBe(true);
  expect(holds(ending, 'lib', one)).toBe(true);
  const open = [of([one, two], ['artifacts/app'], false, 2), of([one], ['artifacts/*'])];
  expect(holds(open, 'app', one)).toBe(true);
});
