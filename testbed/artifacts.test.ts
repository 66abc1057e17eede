import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { Value } from 'typebox/value';
import { parse } from 'yaml';
import { ArtifactManifestSchema } from '../domain/artifact/manifest.js';

const artifacts = join(import.meta.dirname, 'artifacts');
const directories = readdirSync(artifacts).filter((name) => statSync(join(artifacts, name)).isDirectory());
const output = mkdtempSync(join(tmpdir(), 'leonore-artifacts-'));
afterAll(() => rmSync(output, { recursive: true }));

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(directory, path)).isFile())
    .sort();
}

function shell(script: string): string {
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).trim();
}

describe('artifacts of the demo', () => {
  test.each(directories)('%s: its manifest is valid and named as its directory', (directory) => {
    const manifest: unknown = parse(readFileSync(join(artifacts, directory, 'artifact.yaml'), 'utf8'));
    expect([...Value.Errors(ArtifactManifestSchema, manifest)]).toEqual([]);
    const { name, version } = Value.Parse(ArtifactManifestSchema, manifest);
    expect(`${name}-${version}`).toBe(directory);
  });

  test.each(directories)('%s: every script is POSIX sh', (directory) => {
    const scripts = filesBelow(join(artifacts, directory)).filter(
      (path) => path.endsWith('.sh') || path.includes('bin/'),
    );
    for (const script of scripts) {
      const checked = spawnSync('sh', ['-n', join(artifacts, directory, script)], { encoding: 'utf8' });
      expect(checked.stderr).toBe('');
    }
  });

  test.each(['1.0.0', '2.0.0'])('thermometer %s: its variants differ by the platform alone', (version) => {
    const of = (variant: string): string => join(artifacts, `thermometer-${version}`, variant);
    expect(filesBelow(of('armv7'))).toEqual(filesBelow(of('x86_64')));
    const differing = filesBelow(of('armv7')).filter(
      (path) =>
        readFileSync(join(of('armv7'), path), 'utf8') !== readFileSync(join(of('x86_64'), path), 'utf8'),
    );
    expect(differing).toEqual(['etc/platform.sh']);
  });

  test('the build of probe-driver 1.1.0 fails with the place, that of 2.0.0 works', () => {
    const build = (version: string): ReturnType<typeof spawnSync> =>
      spawnSync('sh', ['build.sh'], {
        cwd: join(artifacts, `probe-driver-${version}`, 'source'),
        env: { ...process.env, LEONORE_OUTPUT: join(output, version) },
        encoding: 'utf8',
      });
    const failed = build('1.1.0');
    expect(failed.status).not.toBe(0);
    expect(failed.stderr).toContain('calibration.csv: line 4: expected two whole numbers');
    expect(build('2.0.0').status).toBe(0);
    const read = shell(`
      . ${artifacts}/sh-decimal-2.0.0/lib/sh-decimal.sh
      . ${output}/2.0.0/lib/sensor-driver.sh
      echo 21375 >${output}/probe
      sensor_source ${output}/nothing ${output}/probe
      sensor_read ${output}/probe`);
    expect(read).toBe(`${output}/probe\n21.42`);
  });

  test('sh-decimal writes thousandths, negative and rounded ones too', () => {
    const first = `. ${artifacts}/sh-decimal-1.0.0/lib/sh-decimal.sh`;
    const second = `. ${artifacts}/sh-decimal-2.0.0/lib/sh-decimal.sh`;
    expect(shell(`${first}; decimal_of_milli 21375; decimal_of_milli -5`)).toBe('21.375\n-0.005');
    expect(shell(`${second}; decimal_of_milli -1250 1; decimal_of_milli 999 2`)).toBe('-1.3\n1.00');
  });
});
