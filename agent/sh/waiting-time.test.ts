/** How long the BusyBox agent waits is what it was told: a month is not taken for nonsense. */
import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { busybox } from '../../tests/support/busybox-bed.js';

(busybox === '' ? test.skip : test)('seconds that are a number count, and nothing else', async () => {
  const parts = await readFile(join(import.meta.dirname, 'parts', 'surroundings.sh'), 'utf8');
  const whole = /^whole\(\).*$/m.exec(parts)?.[0] ?? '';
  const told = ['0', '7', '86400', '2678400', '', '-1', '1.5', '99999999999', 'a[$(exit)]'];
  const answers = execFileSync(
    busybox,
    ['sh', '-c', `${whole}\nfor told; do whole "$told" 30; done`, 'sh', ...told],
    {
      encoding: 'utf8',
    },
  );
  expect(answers.trim().split('\n')).toEqual(['0', '7', '86400', '2678400', '30', '30', '30', '30', '30']);
});
