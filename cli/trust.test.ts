/** Keys, signatures and delegations from the command line, against the real API. */
import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { artifactTar, testApi, testTokens, type TestApi } from '../tests/support/test-api.js';
import { Signer } from '../trust/ed25519.js';
import { runCli } from './run-cli.js';

let api: TestApi;
let directory: string;

beforeAll(async () => {
  // Nothing listens there.
  api = await testApi('127.0.0.1:1');
  directory = await mkdtemp(join(tmpdir(), 'leonore-cli-trust-'));
}, 60_000);

afterAll(async () => {
  await api.close();
  await rm(directory, { recursive: true, force: true });
});

async function run(words: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const written = { stdout: '', stderr: '' };
  const exitCode = await runCli([...words, '--json'], {
    stdout: { write: (text: string) => (written.stdout += text) },
    stderr: { write: (text: string) => (written.stderr += text) },
    env: { LEONORE_SERVER: api.address, LEONORE_TOKEN: testTokens.admin, XDG_DATA_HOME: directory, ...env },
  });
  return { exitCode, ...written };
}

async function done(words: readonly string[], env?: NodeJS.ProcessEnv): Promise<Record<string, unknown>> {
  const { exitCode, stdout, stderr } = await run(words, env);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return JSON.parse(stdout) as Record<string, unknown>;
}

async function failed(words: readonly string[], env?: NodeJS.ProcessEnv): Promise<string> {
  const { exitCode, stderr } = await run(words, env);
  expect(exitCode).not.toBe(0);
  return (JSON.parse(stderr) as { error: { code: string } }).error.code;
}

const at = (...names: readonly string[]): string => join(directory, ...names);

async function artifact(name: string): Promise<string> {
  const files = { 'run.sh': 'exec sleep 1000\n', 'data/x': 'x' };
  await mkdir(at(name, 'data'), { recursive: true });
  for (const [path, content] of Object.entries(files))
    await writeFile(at(name, path), content, { mode: 0o755 });
  const configurations = '[{ path: etc/conf, template: "a={{b}}", values: { b: c } }]';
  const manifest = `name: ${name}\nversion: 1.0.0\nkind: application\ncontrol: { start: run.sh }\nconfigurations: ${configurations}\n`;
  await writeFile(at(name, 'artifact.yaml'), manifest);
  return at(name);
}

test('a key is for its owner alone, is never replaced, and opens with its passphrase only', async () => {
  const sealed = { LEONORE_KEY_PASSPHRASE: 'correct horse' };
  const made = await done(['key', 'create', at('sealed.json'), '--name', 'ours'], sealed);
  expect((await stat(at('sealed.json'))).mode & 0o777).toBe(0o600);
  expect(await readFile(at('sealed.json'), 'utf8')).not.toMatch(/"secret": "/);
  expect(await done(['key', 'show', at('sealed.json')])).toEqual(made);
  expect(await failed(['key', 'create', at('sealed.json')])).toBe('MALFORMED_INPUT');
  const from = await artifact('with-passphrase');
  expect(await failed(['artifact', 'add', from, '--key', at('sealed.json')])).toBe('MALFORMED_INPUT');
  const wrong = { LEONORE_KEY_PASSPHRASE: 'battery staple' };
  expect(await failed(['artifact', 'add', from, '--key', at('sealed.json')], wrong)).toBe('MALFORMED_INPUT');
  expect(await done(['artifact', 'add', from, '--key', at('sealed.json')], sealed)).toMatchObject({
    signedBy: [made['keyid']],
  });
});

test('an artifact is signed where it lies, by one publisher after the other', async () => {
  const from = await artifact('signed');
  const [one, two] = [
    await done(['key', 'create', at('one.json')]),
    await done(['key', 'create', at('two.json')]),
  ];
  expect(await done(['artifact', 'add', from])).toMatchObject({ signedBy: [] });
  expect(await done(['artifact', 'add', from, '--key', at('one.json')])).toMatchObject({
    signedBy: [one['keyid']],
  });
  await done(['artifact', 'add', from, '--key', at('two.json')]);
  await done(['artifact', 'add', from, '--key', at('two.json')]);
  const shown = await done(['artifact', 'show', 'signed@1.0.0']);
  expect(shown).toMatchObject({ signedBy: [one['keyid'], two['keyid']] });
});

test('a signature of something else is refused, and nothing is kept', async () => {
  const signer = Signer.generate();
  const add = (signature: string) =>
    fetch(`${api.address}/api/v1/artifacts`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${testTokens.operator}`,
        'content-type': 'application/x-tar',
        'leonore-signature': signature,
      },
      body: artifactTar('name: forged\nversion: 1.0.0\nkind: application\n'),
    });
  const { sig } = signer.sign(Buffer.from('something else'));
  const answer = await add(`${signer.publicKey}:${sig}`);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ code: 'SIGNATURE_INVALID' });
  expect((await add('nonsense')).status).toBe(400);
  expect(await failed(['artifact', 'show', 'forged@1.0.0'])).toBe('ARTIFACT_NOT_FOUND');
});

test('who may sign is made, changed, rotated and published, and the server takes only what follows', async () => {
  const trust = at('trust');
  expect(await failed(['trust', 'init', trust, '--threshold', '2'])).toBe('BAD_USAGE');
  await done(['trust', 'init', trust, '--root-keys', '2', '--threshold', '2']);
  expect(await failed(['trust', 'init', trust])).toBe('MALFORMED_INPUT');
  const { keyid } = await done(['key', 'create', at('publisher.json')]);
  const delegated = ['trust', 'delegate', trust, 'ours', '--key', at('publisher.json'), '--name', 'app-*'];
  expect(await done(delegated)).toEqual({ root: 1, targets: 2 });
  const published = await done(['trust', 'publish', trust]);
  expect(published).toMatchObject({
    root: { version: 1 },
    targets: {
      version: 2,
      unsigned: [],
      delegations: [
        { name: 'directors' },
        { name: 'builders' },
        { name: 'ours', paths: ['artifacts/app-*'], keyids: [keyid] },
      ],
    },
  });
  // Again, nothing changes.
  expect(await done(['trust', 'publish', trust])).toEqual(published);

  await cp(trust, at('older'), { recursive: true });
  for (const role of ['online', 'targets', 'root', 'builder'])
    await done(['trust', 'rotate', trust, '--role', role]);
  await done(['trust', 'unsigned', trust, 'old-*']);
  await done(['trust', 'revoke', trust, at('publisher.json')]);
  expect(await failed(['trust', 'revoke', trust, at('publisher.json')])).toBe('MALFORMED_INPUT');
  expect(await done(['trust', 'publish', trust])).toMatchObject({
    root: { version: 4 },
    targets: { unsigned: ['old-*'], delegations: [{}, {}, { name: 'ours', keyids: [] }] },
  });
  // Neither what was before, nor what goes another way from there, nor another root.
  expect(await failed(['trust', 'publish', at('older')])).toBe('UNTRUSTED');
  await done(['trust', 'rotate', at('older'), '--role', 'online']);
  expect(await failed(['trust', 'publish', at('older')])).toBe('UNTRUSTED');
  await done(['trust', 'init', at('other')]);
  expect(await failed(['trust', 'publish', at('other')])).toBe('UNTRUSTED');
  expect(await run(['trust', 'show'], { LEONORE_TOKEN: testTokens.viewer })).toMatchObject({ exitCode: 0 });
  expect(await failed(['trust', 'publish', trust, '--token', testTokens.operator])).toBe('FORBIDDEN');
});
