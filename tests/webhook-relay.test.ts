/** The relay of the documentation takes what LEONORE sends, and nothing else. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { sendWebhook } from '../activities/webhook/send-webhook.js';
import { Networks } from '../connectivity/networks.js';
import { WebhookAddresses } from '../connectivity/webhook-addresses.js';
import { packageRoot } from '../process/package-root.js';
import { newWebhookSecret, webhookHeaders } from '../trust/sign-webhook.js';

const addresses = new WebhookAddresses(new Networks(['127.0.0.0/8'], new Set()));
const secret = newWebhookSecret();
const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** @returns where it listens */
async function relay(settings: Record<string, string>): Promise<string> {
  const program = join(packageRoot(), 'examples/webhook-relay/relay.mjs');
  const child: ChildProcess = spawn(process.execPath, [program], {
    env: { PATH: process.env['PATH'], RELAY_SECRET: secret, RELAY_PORT: '0', ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  ends.push(async () => {
    const ended = once(child, 'exit');
    child.kill();
    await ended;
  });
  const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  return /http:\S+/.exec(line.toString())?.[0] ?? '';
}

function send(url: string, id: string, data: object, signedBy = secret, atMs = Date.now()) {
  const body = JSON.stringify({ ...data, timestamp: new Date().toISOString() });
  const headers = webhookHeaders([signedBy], { id, atSeconds: Math.floor(atMs / 1_000), body });
  return sendWebhook(addresses, { url, headers, body }, new AbortController().signal);
}

const silent = {
  type: 'gateway.silent',
  data: { gateways: [{ id: 'gw-1', lastHeardAt: '2026-11-27T21:36:02.411Z' }] },
};

test('it writes a line into a chat, of what is signed, new, and seen for the first time', async () => {
  const lines: string[] = [];
  const chat: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      lines.push((JSON.parse(body) as { text: string }).text);
      response.end('ok');
    });
  }).listen(0, '127.0.0.1');
  await once(chat, 'listening');
  ends.push(async () => chat.close());
  const url = await relay({ RELAY_CHAT: `http://127.0.0.1:${(chat.address() as AddressInfo).port}/` });
  expect(await send(url, 'one', silent)).toMatchObject({ status: 204, problem: null });
  expect(await send(url, 'one', silent)).toMatchObject({ status: 204 });
  expect(await send(url, 'two', silent, newWebhookSecret())).toMatchObject({ status: 401 });
  expect(await send(url, 'three', silent, secret, Date.now() - 3_600_000)).toMatchObject({ status: 401 });
  expect(lines).toEqual(['Silent: gw-1']);
});

test('it sends a mail, and what cannot be sent is tried again by LEONORE', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'leonore-relay-'));
  ends.push(() => rm(directory, { recursive: true, force: true }));
  const sent = join(directory, 'sent');
  await writeFile(join(directory, 'sendmail'), `#!/bin/sh\n[ -e "${sent}" ] && exit 75\ncat > "${sent}"\n`);
  await chmod(join(directory, 'sendmail'), 0o755);
  const PATH = `${directory}:${process.env['PATH'] ?? ''}`;
  const url = await relay({ RELAY_MAIL: 'ops@example.org', PATH });
  const hostile = { ...silent, data: { gateways: [{ id: 'gw-1\nBcc: all@example.org' }] } };
  expect(await send(url, 'one', hostile)).toMatchObject({ status: 204 });
  const [head = ''] = (await readFile(sent, 'utf8')).split('\n\n');
  expect(head.split('\n')).toEqual([
    'To: ops@example.org',
    'Subject: Silent: gw-1 Bcc: all@example.org',
    'Content-Type: text/plain; charset=utf-8',
  ]);
  expect(await send(url, 'two', silent)).toMatchObject({ status: 502 });
});
