import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { envelopeOf, Signer, verifier } from '../../trust/ed25519.js';
import { instantText, newRoot, newSnapshot, newTargets, newTimestamp } from '../../trust/make-metadata.js';
import { keyIdOf, signersOf, trustKey, type Envelope } from './metadata.js';
import {
  currentTargets,
  pinRoot,
  withRoot,
  withSnapshot,
  withTargets,
  withTimestamp,
  type TrustedMetadata,
} from './trusted-metadata.js';

const [first, second, third, targetsKey, online, otherOnline] = Array.from({ length: 6 }, () =>
  Signer.generate(),
) as [Signer, Signer, Signer, Signer, Signer, Signer];
const untrusted = expect.objectContaining({ code: 'UNTRUSTED' });
const nowMs = Date.parse('2026-11-27T00:00:00Z');
const laterMs = nowMs + 1_000_000;

const text = (envelope: Envelope<unknown>): string => JSON.stringify(envelope);
const held = (threshold: number, ...signers: Signer[]) => ({
  publicKeys: signers.map(({ publicKey }) => publicKey),
  threshold,
});

function root(version: number, signers: readonly Signer[], holders = [first, second], live = online): string {
  const roles = {
    root: held(2, ...holders),
    targets: held(1, targetsKey),
    snapshot: held(1, live),
    timestamp: held(1, live),
  };
  return text(envelopeOf(newRoot(version, laterMs, roles), signers));
}
const timestamp = (version: number, snapshot: number, by = online, expiresMs = laterMs): string =>
  text(envelopeOf(newTimestamp(version, expiresMs, snapshot), [by]));
const snapshot = (version: number, targets: number, by = online, expiresMs = laterMs): string =>
  text(envelopeOf(newSnapshot(version, instantText(expiresMs), targets), [by]));
const targets = (version: number, by = targetsKey, expiresMs = laterMs): string =>
  text(envelopeOf(newTargets(version, expiresMs, [], []), [by]));

function upToDate(
  version = 1,
  from = pinRoot(root(1, [first, second]), verifier),
  by = online,
): TrustedMetadata {
  const dated = withTimestamp(from, timestamp(version, version, by), nowMs, verifier);
  const listed = withSnapshot(dated, snapshot(version, version, by), nowMs, verifier);
  return withTargets(listed, targets(version), nowMs, verifier);
}

describe('a root', () => {
  test('is pinned only when it is signed by its own threshold', () => {
    expect(() => pinRoot(root(1, [first]), verifier)).toThrow(untrusted);
    expect(() => pinRoot(root(1, [first, first]), verifier)).toThrow(untrusted);
    expect(() => pinRoot('{', verifier)).toThrow(untrusted);
    expect(pinRoot(root(1, [first, second]), verifier).root.signed.version).toBe(1);
  });

  test('is followed by one that both have signed, one version on', () => {
    const pinned = pinRoot(root(1, [first, second]), verifier);
    const holders = [second, third];
    const chained = withRoot(pinned, root(2, [first, second, third], holders), verifier);
    expect(chained.root.signed.version).toBe(2);
    for (const refused of [
      root(2, [second, third], holders),
      root(2, [first, second], holders),
      root(3, [first, second, third], holders),
      root(1, [first, second]),
    ]) {
      expect(() => withRoot(pinned, refused, verifier)).toThrow(untrusted);
    }
  });

  test('that takes the online keys away makes their versions forgotten: a fast-forward is mended', () => {
    const ahead = withTimestamp(
      pinRoot(root(1, [first, second]), verifier),
      timestamp(Number.MAX_SAFE_INTEGER, 1),
      nowMs,
      verifier,
    );
    expect(() => withTimestamp(ahead, timestamp(2, 1), nowMs, verifier)).toThrow(untrusted);
    const mended = withRoot(ahead, root(2, [first, second], [first, second], otherOnline), verifier);
    expect(() => withTimestamp(mended, timestamp(2, 1), nowMs, verifier)).toThrow(untrusted);
    expect(
      withTimestamp(mended, timestamp(2, 1, otherOnline), nowMs, verifier).timestamp?.signed.version,
    ).toBe(2);
  });
});

test('a root that takes the keys of snapshots away makes the versions of targets forgotten that they named', () => {
  const ahead = upToDate(100);
  const mended = withRoot(ahead, root(2, [first, second], [first, second], otherOnline), verifier);
  expect(() => currentTargets(mended, nowMs)).toThrow(untrusted);
  expect(upToDate(1, mended, otherOnline).targets?.signed.version).toBe(1);
});

describe('signatures of metadata', () => {
  const signed = newTimestamp(1, laterMs, 1);
  const { keyid, sig } = envelopeOf(signed, [online]).signatures[0] ?? { keyid: '', sig: '' };
  const read = (...signatures: object[]): number | undefined =>
    withTimestamp(
      pinRoot(root(1, [first, second]), verifier),
      JSON.stringify({ signed, signatures }),
      nowMs,
      verifier,
    ).timestamp?.signed.version;

  test.each(['', 'x', `${sig}00`, 'zz'.repeat(64), sig.toUpperCase()])(
    'one that is none (%#) counts as none',
    (none) => {
      expect(read({ keyid, sig }, { keyid: first.keyid, sig: none })).toBe(1);
      expect(() => read({ keyid, sig: none })).toThrow(untrusted);
    },
  );

  test('two of one key are refused', () => {
    expect(() => read({ keyid, sig }, { keyid, sig })).toThrow(untrusted);
    expect(() => read({ keyid, sig: '' }, { keyid, sig })).toThrow(untrusted);
  });
});

describe('an update', () => {
  test('leads from timestamp to snapshot to targets', () => {
    expect(currentTargets(upToDate(), nowMs).version).toBe(1);
  });

  test('is refused when it leads back', () => {
    const at2 = upToDate(2);
    expect(() => withTimestamp(at2, timestamp(1, 2), nowMs, verifier)).toThrow(untrusted);
    expect(() => withTimestamp(at2, timestamp(3, 1), nowMs, verifier)).toThrow(untrusted);
    const dated = withTimestamp(at2, timestamp(3, 3), nowMs, verifier);
    expect(() => withSnapshot(dated, snapshot(3, 1), nowMs, verifier)).toThrow(untrusted);
  });

  test('names all that was named before, none of it older', () => {
    const listing = (version: number, meta: object): string =>
      text(
        envelopeOf(
          {
            ...newSnapshot(version, instantText(laterMs), 1),
            meta: { 'targets.json': { version: 1 }, ...meta },
          },
          [online],
        ),
      );
    const next = (from: TrustedMetadata, version: number, meta: object): TrustedMetadata =>
      withSnapshot(
        withTimestamp(from, timestamp(version, version), nowMs, verifier),
        listing(version, meta),
        nowMs,
        verifier,
      );
    const at2 = next(upToDate(), 2, { 'more.json': { version: 3 } });
    expect(next(at2, 3, { 'more.json': { version: 3 } }).snapshot?.signed.version).toBe(3);
    expect(() => next(at2, 3, {})).toThrow(untrusted);
    expect(() => next(at2, 3, { 'more.json': { version: 2 } })).toThrow(untrusted);
  });

  test('has one content for a version: the one that was seen first', () => {
    const at1 = upToDate();
    const again = withTimestamp(at1, timestamp(1, 100), nowMs, verifier);
    expect(again.timestamp).toBe(at1.timestamp);
    const soon = withTimestamp(
      pinRoot(root(1, [first, second]), verifier),
      timestamp(1, 1, online, nowMs + 1_000),
      nowMs,
      verifier,
    );
    // What holds longer under the same number would let whoever signs it put off the end of what was seen.
    expect(() => withTimestamp(soon, timestamp(1, 1), nowMs + 1_000, verifier)).toThrow(untrusted);
  });

  test('is held to the length and the digest that are named, where they are', () => {
    const naming = (members: object): string => {
      const signed = newTimestamp(2, laterMs, 2);
      const meta = { 'snapshot.json': { version: 2, ...members } };
      return text(envelopeOf({ ...signed, meta }, [online]));
    };
    const named = snapshot(2, 1);
    const bytes = Buffer.from(named);
    const sha256 = verifier.sha256(bytes);
    const take = (members: object): number | undefined =>
      withSnapshot(withTimestamp(upToDate(), naming(members), nowMs, verifier), named, nowMs, verifier)
        .snapshot?.signed.version;
    expect(take({ length: bytes.length, hashes: { sha256 } })).toBe(2);
    expect(take({ hashes: { sha256, sha512: 'not judged' } })).toBe(2);
    expect(() => take({ length: bytes.length - 1 })).toThrow(untrusted);
    expect(() => take({ length: bytes.length, hashes: { sha256: sha256.replace(/^./, 'g') } })).toThrow(
      untrusted,
    );
    expect(() => take({ hashes: { sha256: verifier.sha256(Buffer.from('another')) } })).toThrow(untrusted);
    expect(() => take({ hashes: { sha512: 'of an algorithm that is not known' } })).toThrow(untrusted);
  });

  test('of delegations too is held to its digest', () => {
    const signed = newSnapshot(2, instantText(laterMs), 2);
    const wanted = targets(2);
    const listing = (sha256: string): string =>
      text(envelopeOf({ ...signed, meta: { 'targets.json': { version: 2, hashes: { sha256 } } } }, [online]));
    const dated = withTimestamp(upToDate(), timestamp(2, 2), nowMs, verifier);
    const take = (sha256: string): TrustedMetadata =>
      withTargets(withSnapshot(dated, listing(sha256), nowMs, verifier), wanted, nowMs, verifier);
    expect(take(verifier.sha256(Buffer.from(wanted))).targets?.signed.version).toBe(2);
    expect(() => take(verifier.sha256(Buffer.from('another')))).toThrow(untrusted);
  });

  test('is refused when its parts do not belong together', () => {
    const dated = withTimestamp(upToDate(), timestamp(2, 2), nowMs, verifier);
    expect(() => withSnapshot(dated, snapshot(3, 2), nowMs, verifier)).toThrow(untrusted);
    const listed = withSnapshot(dated, snapshot(2, 2), nowMs, verifier);
    expect(() => withTargets(listed, targets(3), nowMs, verifier)).toThrow(untrusted);
    // Between the two nothing can be gone by.
    expect(() => currentTargets(listed, nowMs)).toThrow(untrusted);
  });

  test('is refused when it is not signed by its role', () => {
    const pinned = pinRoot(root(1, [first, second]), verifier);
    expect(() => withTimestamp(pinned, timestamp(1, 1, targetsKey), nowMs, verifier)).toThrow(untrusted);
    const dated = withTimestamp(pinned, timestamp(1, 1), nowMs, verifier);
    expect(() => withSnapshot(dated, snapshot(1, 1, first), nowMs, verifier)).toThrow(untrusted);
    const listed = withSnapshot(dated, snapshot(1, 1), nowMs, verifier);
    expect(() => withTargets(listed, targets(1, online), nowMs, verifier)).toThrow(untrusted);
  });

  test('is refused when it has expired, and what is believed ends with its time', () => {
    const pinned = pinRoot(root(1, [first, second]), verifier);
    expect(() => withTimestamp(pinned, timestamp(1, 1, online, nowMs), nowMs, verifier)).toThrow(untrusted);
    const dated = withTimestamp(pinned, timestamp(1, 1), nowMs, verifier);
    expect(() => withSnapshot(dated, snapshot(1, 1, online, nowMs), nowMs, verifier)).toThrow(untrusted);
    const listed = withSnapshot(dated, snapshot(1, 1), nowMs, verifier);
    expect(() => withTargets(listed, targets(1, targetsKey, nowMs), nowMs, verifier)).toThrow(untrusted);
    expect(() => currentTargets(upToDate(), laterMs)).toThrow(untrusted);
  });
});

test('a threshold counts keys: not signatures, not names, not keys of others', () => {
  const signers = [first, second, third, targetsKey];
  const message = Buffer.from('message');
  fc.assert(
    fc.property(
      fc.array(fc.nat(3), { maxLength: 8 }),
      fc.array(fc.nat(3), { maxLength: 4 }),
      fc.integer({ min: 1, max: 4 }),
      fc.boolean(),
      (signing, holding, threshold, damaged) => {
        const by = (at: number): Signer => signers[at] ?? first;
        const signatures = signing.map((at) => by(at).sign(damaged ? Buffer.from('other') : message));
        const keys = Object.fromEntries(signers.map((signer) => [signer.keyid, trustKey(signer.publicKey)]));
        const holders = { keyids: holding.map((at) => by(at).keyid), threshold };
        const wanted = damaged ? 0 : new Set(signing.filter((at) => holding.includes(at))).size;
        expect(signersOf(message, signatures, holders, keys, verifier) !== null).toBe(wanted >= threshold);
      },
    ),
    { numRuns: 60 },
  );
});

test('a key under a name that is not its own does not count', () => {
  const message = Buffer.from('message');
  const alias = 'ab'.repeat(32);
  const { sig, keyid } = first.sign(message);
  const keys = { [alias]: trustKey(first.publicKey), [keyid]: trustKey(first.publicKey) };
  const signatures = [
    { keyid, sig },
    { keyid: alias, sig },
  ];
  expect(signersOf(message, signatures, { keyids: [keyid, alias], threshold: 2 }, keys, verifier)).toBeNull();
  expect(keyIdOf(trustKey(first.publicKey), verifier.sha256)).toBe(keyid);
});
