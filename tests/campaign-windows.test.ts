/**
 * A campaign with windows on both agents, from the command line to the application: what it brings is fetched before the
 * window opens, and the gateway switches inside of it.
 */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runCli } from '../cli/run-cli.js';
import { busybox } from './support/busybox-bed.js';
import { tick } from './support/in-process-leonore.js';
import { inProcessStack, type InProcessStack } from './support/in-process-stack.js';
import { startBusyBoxGateway, startTypeScriptGateway, type RealGateway } from './support/real-gateways.js';
import { testTokens } from './support/test-api.js';

/** Time for plans, the build and two downloads. */
const opensAfterSeconds = 20;

let stack: InProcessStack;
const gateways = new Map<string, RealGateway>();

beforeAll(async () => {
  stack = await inProcessStack('campaign-windows');
  const { repositories } = stack.api;
  await stack.leonore.builder.publish(
    { name: 'meter', version: '1.0.0', kind: 'application', control: { start: 'start.sh' } },
    { 'start.sh': 'date +%s > "$LEONORE_DATA/started"\nexec sleep 1000\n' },
  );
  // A strategy counts in minutes: so that nobody waits for one, the moments that gateways are told are moved.
  await repositories.database.$executeRawUnsafe(`
    CREATE FUNCTION soon() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      NEW.windows := jsonb_build_array(jsonb_build_object(
        'fromSeconds', extract(epoch FROM now())::bigint + ${opensAfterSeconds},
        'toSeconds', extract(epoch FROM now())::bigint + 3600));
      RETURN NEW;
    END $$`);
  await repositories.database.$executeRawUnsafe(
    'CREATE TRIGGER soon BEFORE INSERT ON rollout_window FOR EACH ROW EXECUTE FUNCTION soon()',
  );
  gateways.set('gw-agent', await startTypeScriptGateway(stack, 'gw-agent'));
  if (busybox !== '') gateways.set('gw-busybox', await startBusyBoxGateway(stack, 'gw-busybox'));
  await until(async () => (await repositories.gateways.list(10, null)).items.length === gateways.size);
}, 15 * 60_000);

afterAll(async () => {
  for (const gateway of gateways.values()) await gateway.end();
  await stack.close();
}, 300_000);

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await tick();
}

async function leonoreCli(...words: string[]): Promise<{ readonly id: string; readonly state: string }> {
  let text = '';
  const write = (part: string): void => void (text += part);
  await runCli(['campaign', ...words, '--json'], {
    stdout: { write },
    stderr: { write },
    env: {
      LEONORE_SERVER: stack.api.address,
      LEONORE_TOKEN: testTokens.admin,
      XDG_DATA_HOME: stack.directory,
    },
  });
  return JSON.parse(text) as { id: string; state: string };
}

/** When the archive of this digest was written whole below a directory, in seconds; null while it is not. */
async function fetchedAt(root: string, digest: string, sizeBytes: number): Promise<number | null> {
  for (const file of await readdir(root, { recursive: true }).catch(() => [])) {
    // Each agent has a name of its own for it.
    if (![digest, `${digest}.tgz`].includes(basename(file))) continue;
    const found = await stat(join(root, file)).catch(() => null);
    if (found?.size === sizeBytes) return found.mtimeMs / 1_000;
  }
  return null;
}

/** HH:MM in UTC, so many minutes from now. */
function inMinutes(minutes: number): string {
  return new Date(Date.now() + minutes * 60_000).toISOString().slice(11, 16);
}

test('gateways fetch before their window, and switch inside of it', async () => {
  const { repositories } = stack.api;
  const file = join(stack.directory, 'strategy.json');
  const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
  const weekly = [{ days, from: inMinutes(20), to: inMinutes(50) }];
  await writeFile(file, JSON.stringify({ phases: [], windows: { zone: 'UTC', weekly } }));
  const named = [...gateways.keys()].flatMap((id) => ['--gateway', id]);
  const { id } = await leonoreCli('start', 'meter', ...named, '--strategy', file);

  const told = async () =>
    repositories.database.$queryRaw<{ from: number }[]>`
      SELECT (w.windows -> 0 ->> 'fromSeconds')::float8 AS "from" FROM rollout_window w
      JOIN rollout r ON r.id = w.rollout_id WHERE r.campaign_id = ${id}::uuid`;
  await until(async () => (await told()).length === 1);
  const opensAt = (await told())[0]?.from ?? 0;
  await until(async () => (await repositories.packages.list(2, null)).items.length === 1);
  const [built] = (await repositories.packages.list(2, null)).items;
  const { archiveDigest, sizeBytes } = built ?? { archiveDigest: '', sizeBytes: 0 };
  for (const { root } of gateways.values()) {
    await until(async () => (await fetchedAt(root, archiveDigest, sizeBytes)) !== null);
    expect(await fetchedAt(root, archiveDigest, sizeBytes)).toBeLessThan(opensAt);
  }
  for (const gatewayId of gateways.keys())
    expect((await repositories.gateways.get(gatewayId)).profile.installed ?? []).toEqual([]);

  await until(async () => (await leonoreCli('show', id)).state === 'succeeded');
  for (const { root } of gateways.values()) {
    const started = await readFile(join(root, 'container/data/meter/started'), 'utf8');
    expect(Number(started)).toBeGreaterThanOrEqual(opensAt);
  }
}, 300_000);
