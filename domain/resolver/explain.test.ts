import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseRequest, type ArtifactRequest } from '../plan/request.js';
import { createCatalog } from './create-catalog.js';
import { resolve } from './resolve.js';
import { artifact, gateway, needs, run, sized } from './testing/builders.js';
import type { Case } from './testing/oracle.js';
import { randomCase } from './testing/random-case.js';

const helpOf = (explanation: string | null) => /^Nearest help: (.*)$/mu.exec(explanation ?? '')?.[1] ?? '';

/** The case with a help applied that says how; null for one that is about the catalog or another gateway. */
function helped({ catalog, gateway: profile, requests }: Case, help: string): Case | null {
  const [, wanted = '', instead = ''] =
    /^request (?:the prerelease )?(\S+) instead of (\S+)$/u.exec(help) ?? [];
  const same = (request: ArtifactRequest, text: string) =>
    request.name === parseRequest(text).name && request.range === parseRequest(text).range;
  if (wanted !== '') {
    const changed = requests.map((request) => (same(request, instead) ? parseRequest(wanted) : request));
    return { catalog, gateway: profile, requests: changed };
  }
  const [, left] = /^leave out (\S+)$/u.exec(help) ?? [];
  if (left !== undefined) {
    return { catalog, gateway: profile, requests: requests.filter((request) => !same(request, left)) };
  }
  const [, bytes, what] = /^(\d+) B more free (disk|memory)$/u.exec(help) ?? [];
  if (bytes === undefined) return null;
  const field = what === 'disk' ? 'diskFree' : 'memoryFree';
  const { hardware } = profile;
  const more = { ...hardware, [field]: (hardware[field] ?? 0) + Number(bytes) };
  return { catalog, gateway: { ...profile, hardware: more }, requests };
}

describe('explanation', () => {
  test('there is one whenever there is no plan, it names a request, and its help is true', () => {
    fc.assert(
      fc.property(randomCase(4), (subject) => {
        const { catalog, gateway: profile, requests } = subject;
        const { plans, explanation } = resolve({
          catalog: createCatalog(catalog),
          gateway: profile,
          requests,
        });
        if (plans.length > 0) {
          expect(explanation).toBeNull();
          return;
        }
        expect(explanation).toMatch(/^No plan installs .*:\n(.*\n)*.* (was|were) requested/u);
        const better = helped(subject, helpOf(explanation));
        if (better === null) return;
        const again = resolve({ ...better, catalog: createCatalog(better.catalog) });
        expect({ help: helpOf(explanation), outcome: again.outcome }).toMatchObject({ outcome: 'solved' });
      }),
      { numRuns: 1_000 },
    );
  });

  test('only what provides the range is named as a provider', () => {
    const catalog = [
      artifact('app@1.0.0', { requires: needs('bus@^2', 'other') }),
      artifact('new-bus@1.0.0', { provides: [{ name: 'bus', version: '2.0.0' }], conflicts: needs('other') }),
      artifact('old-bus@1.0.0', { provides: [{ name: 'bus', version: '1.0.0' }] }),
      artifact('other@1.0.0'),
    ];
    const { explanation } = run(catalog, gateway(), 'app');
    expect(explanation).toContain('new-bus');
    expect(explanation).not.toContain('old-bus');
  });

  test('nobody is asked for a version of what has none, nor for nothing at all', () => {
    const { explanation } = run([], gateway(), 'armv7@^2');
    expect(helpOf(explanation)).toMatch(/^none was found/u);
    expect(helpOf(run([], gateway(), 'a', 'b').explanation)).not.toContain('leave out a; and leave out b');
  });

  test('what is named is no more than it takes', () => {
    const bulk = Array.from({ length: 30 }, (_, index) => artifact(`x${index}@1.0.0`));
    const catalog = [
      artifact('app@1.0.0', { requires: needs(...bulk.map(({ name }) => name), 'last') }),
      artifact('last@1.0.0', { requires: needs('ghost') }),
      ...bulk,
    ];
    expect(run(catalog, gateway(), 'app').explanation?.split('\n')).toHaveLength(5);
  });

  test('the disk is not blamed for what has nothing to do with it', () => {
    const holes = Array.from({ length: 6 }, (_, index) => index + 1);
    const names = Array.from({ length: 7 }, (_, index) => `p${index}`);
    const catalog = [
      artifact('app@1.0.0', { requires: needs(...names) }),
      ...names.flatMap((name) =>
        holes.map((hole) =>
          artifact(`${name}@${hole}.0.0`, {
            ...sized(hole),
            conflicts: needs(...names.map((other) => `${other}@${hole}`)),
          }),
        ),
      ),
    ];
    const { explanation } = run(catalog, gateway({ hardware: { diskFree: 100 } }), 'app');
    expect(explanation).not.toMatch(/free/u);
    expect(explanation?.split('\n')).toHaveLength(7);
  });
});
