/** The BusyBox agent reads ranges in awk as node-semver does, which is asked for the truth. */
import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { satisfies, validRange } from 'semver';
import { busybox } from '../../tests/support/busybox-bed.js';

const part = fc.nat({ max: 3 });
const full = fc.tuple(part, part, part).map((parts) => parts.join('.'));
const version = fc.tuple(full, fc.constantFrom('', '', '', '-rc.1')).map((pieces) => pieces.join(''));
const partial = fc.oneof(
  full,
  part.map(String),
  fc.tuple(part, part).map((parts) => parts.join('.')),
  fc.constantFrom('*', 'x', '1.x', '2.1.*', '0.x'),
);
const operator = fc.constantFrom('', '^', '~', '>=', '>', '<', '<=', '=', '>= ', '^ ');
const comparators = fc
  .array(fc.tuple(operator, partial), { minLength: 1, maxLength: 2 })
  .map((all) => all.map((pieces) => pieces.join('')).join(' '));
const hyphen = fc.tuple(partial, partial).map((ends) => ends.join(' - '));
const range = fc
  .array(fc.oneof({ weight: 4, arbitrary: comparators }, { weight: 1, arbitrary: hyphen }), { maxLength: 2 })
  .map((ways) => ways.join(' || '));

(busybox === '' ? test.skip : test)('a version is in a range for both or for neither', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'leonore-ranges-'));
  try {
    const parts = await readFile(join(import.meta.dirname, 'parts', 'generations.sh'), 'utf8');
    const surroundings = await readFile(join(import.meta.dirname, 'parts', 'surroundings.sh'), 'utf8');
    const rows = /^rows\(\).*$/m.exec(surroundings)?.[0] ?? '';
    const unmet = /^unmet\(\) \{$[^]*?^\}$/m.exec(parts)?.[0] ?? '';
    const cases = fc
      .sample(fc.tuple(version, range), 300)
      .filter(([, wanted]) => validRange(wanted) !== null);
    for (const [index, [found, wanted]] of cases.entries()) {
      const generation = join(directory, String(index));
      await mkdir(generation);
      await writeFile(join(generation, 'table'), `lib\t${found}\n`);
      await writeFile(join(generation, 'requires'), `app\tlib\t${wanted}\n`);
    }
    const script = `tab=$(printf '\\t') gens=$1\n${rows}\n${unmet}\nwhile read -r name; do unmet "$name" | grep -q . && echo no || echo yes; done`;
    const answers = execFileSync(busybox, ['sh', '-c', script, 'ranges', directory], {
      input: cases.map((_case, index) => `${String(index)}\n`).join(''),
      encoding: 'utf8',
    })
      .trim()
      .split('\n');
    expect(cases.map(([found, wanted], index) => [found, wanted, answers[index]])).toEqual(
      cases.map(([found, wanted]) => [
        found,
        wanted,
        satisfies(found, wanted, { includePrerelease: true }) ? 'yes' : 'no',
      ]),
    );
  } finally {
    await rm(directory, { recursive: true });
  }
});
