/** Debian's libcoap as it is, as a gateway: it registers, fetches its task and its package, and reports; also when datagrams are lost. */
import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseTasksText } from '../../domain/agent-protocol/text-form.js';
import type {
  RegisterResponse,
  ReportsResponse,
  TasksResponse,
} from '../../domain/agent-protocol/messages.js';
import { clientBed, type ClientBed } from '../../tests/support/client-bed.js';
import { coapClient, obtainLibcoap, type LibcoapAnswer } from '../../tests/support/libcoap.js';
import { lossyRelay, type LossyRelay } from '../../tests/support/lossy-relay.js';
import { coap } from './coap-handler.js';

const installed = await obtainLibcoap();

if (installed === null) {
  test.skip('libcoap is not installed, and its packages cannot be had here', () => undefined);
} else {
  let bed: ClientBed;
  let files = 0;

  beforeAll(async () => {
    bed = await clientBed(coap, { LEONORE_COAP_PORT: '0' });
  }, 240_000);
  afterAll(() => bed.close());

  const ask = (...words: readonly string[]): Promise<LibcoapAnswer> => {
    files += 1;
    return coapClient(installed, join(bed.directory, `answer-${files}`), ...words);
  };

  async function bodyFile(value: unknown): Promise<string> {
    files += 1;
    const path = join(bed.directory, `body-${files}`);
    await writeFile(path, JSON.stringify(value));
    return path;
  }

  /** From the registration to the end of a delivery, as a script would go about it. */
  async function provisioned(address: string, id: string, packageBytes: number): Promise<string> {
    const enrolment = await bed.enrolment();
    // Longer than a block: what a device measures of itself is.
    const tools = Array.from({ length: 20 }, (_none, index) => ({ name: `tool-${index}`, version: '1.0.0' }));
    const profile = {
      ...{ id, hardware: { arch: 'armv7' }, software: { os: 'linux', tools, formats: ['raw'] } },
      ...{ protocols: ['coap'], strategies: ['pull'] },
    };
    const at = (path: string, token: string): string => `${address}/device/v1/${path}?token=${token}`;
    const send = async (method: 'post' | 'put', path: string, token: string, value: unknown) =>
      ask('-m', method, '-t', 'json', '-b', '512', '-f', await bodyFile(value), at(path, token));

    const registered = await send('post', 'register', enrolment, { profile });
    const { token = '' } = JSON.parse(registered.body.toString()) as RegisterResponse;
    const bytes = randomBytes(packageBytes);
    const rolloutId = await bed.offer(id, { version: '1.0.0', fileName: 'image', bytes });
    bed.service.gatewayChanged(id);
    const { tasks } = JSON.parse((await ask(at('tasks', token))).body.toString()) as TasksResponse;
    const [task] = tasks;
    if (task === undefined) throw new Error('it has a task');
    const archive = (await ask('-b', '1024', at(`packages/${task.package.digest}`, token))).body;
    expect(createHash('sha256').update(archive).digest('hex')).toBe(task.package.digest);
    const report = (sequence: number, state: string) => ({
      deliveryId: task.deliveryId,
      sequence,
      state,
      ...(state === 'succeeded' ? { installed: [] } : { detail: 'x'.repeat(900) }),
    });
    const reports = [report(1, 'downloading'), report(2, 'installing'), report(3, 'succeeded')];
    const answer = await send('post', 'reports', token, { reports });
    const { outcomes } = JSON.parse(answer.body.toString()) as ReportsResponse;
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['applied', 'applied', 'applied']);
    expect(await bed.repositories.rollouts.counts(rolloutId)).toMatchObject({ succeeded: 1 });
    return token;
  }

  describe('libcoap as it is', () => {
    test('registers, fetches task and package, and reports', async () => {
      const token = await provisioned(bed.address, 'gw-libcoap', 40_000);
      const text = await ask('-A', 'text/plain', `${bed.address}/device/v1/tasks?token=${token}`);
      expect(parseTasksText(text.body.toString())).toEqual({ tasks: [], profileWanted: false });
    });

    test('does all of that when three of ten datagrams are lost', async () => {
      // It waits two to three seconds for each, so the package is a small one here.
      const relay: LossyRelay = await lossyRelay(bed.address, (count) =>
        [2, 5, 9].includes(count % 10) ? 'lost' : 'passed',
      );
      await provisioned(relay.address, 'gw-libcoap-lossy', 1_500);
      expect(relay.counts.lost / relay.counts.all).toBeGreaterThan(0.25);
      relay.close();
    });

    test('is refused when its token is not one', async () => {
      const answer = await ask(`${bed.address}/device/v1/tasks?token=lgp_x`);
      expect([answer.body.length, answer.complaint]).toEqual([0, expect.stringContaining('4.01')]);
    });
  });
}
