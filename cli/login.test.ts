/** Signing in from the command line, and what it keeps of servers. */
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { processIdentity } from '../stack/process-identity.js';
import {
  CookieBrowser,
  signInAt,
  testProvider,
  type TestProvider,
} from '../tests/support/identity-provider.js';
import { testApi, testTokens, type TestApi } from '../tests/support/test-api.js';
import { withStack, writeContexts } from './contexts.js';
import { runCli } from './run-cli.js';

let provider: TestProvider;
let api: TestApi;
let plain: TestApi;
let directory: string;
const file = () => join(directory, 'leonore', 'contexts.json');

beforeAll(async () => {
  provider = await testProvider({
    accounts: {
      root: { email: 'root@example.com', groups: ['admins'] },
      carl: { email: 'carl@example.com', groups: ['cooks'] },
    },
  });
  // Nothing listens there.
  api = await testApi('127.0.0.1:1', { signIn: signInAt(provider, 'admins: [ { role: admin } ]') });
  plain = await testApi('127.0.0.1:1');
}, 60_000);

afterAll(async () => {
  await api.close();
  await plain.close();
  await provider.close();
});

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'leonore-login-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

/** @param asked gets what people are told while a verb waits */
async function run(words: string, asked: (text: string) => void = () => undefined) {
  const written = { stdout: '', stderr: '' };
  const exitCode = await runCli(words.split(' '), {
    stdout: { write: (text: string) => (written.stdout += text) },
    stderr: {
      write: (text: string) => {
        written.stderr += text;
        asked(written.stderr);
      },
    },
    env: { XDG_CONFIG_HOME: directory, XDG_DATA_HOME: directory },
  });
  return { exitCode, ...written };
}

async function told(words: string): Promise<string> {
  const { exitCode, stdout, stderr } = await run(words);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout;
}

/** Enters the code that is shown, once it is. */
function entering(login: string): (text: string) => void {
  let isEntered = false;
  return (text) => {
    const address = /(http\S+user_code=\S+)[\s\S]*code \S+/.exec(text)?.[1];
    if (address === undefined || isEntered) return;
    isEntered = true;
    void new CookieBrowser(() => api.address).enterCode(address, login);
  };
}

describe('leonore login', () => {
  test('signs in by a browser elsewhere; the server is used from then on, until logout', async () => {
    const { exitCode, stdout } = await run(`login --server ${api.address} --context here`, entering('root'));
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
    expect(stdout).toContain('as root@example.com; using it as here from now on');
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    const { token } = (
      JSON.parse(await readFile(file(), 'utf8')) as { contexts: { here: { token: string } } }
    ).contexts.here;
    for (const words of ['context list', 'context show', 'context list --json'])
      expect(await told(words)).not.toContain(token);
    const [session] = JSON.parse(await told('session list --json')) as { id: string; kind: string }[];
    expect(session).toMatchObject({ kind: 'cli', name: 'root@example.com', grants: [{ role: 'admin' }] });
    // What is kept for one server is sent to no other.
    expect((await run(`node list --server ${plain.address}`)).stderr).toContain('NO_TOKEN');

    expect(await told('logout')).toContain('signed out');
    expect((await run('node list')).stderr).toContain('NO_TOKEN');
    expect((await run(`node list --server ${api.address} --token ${token}`)).stderr).toContain(
      'UNAUTHENTICATED',
    );
    expect(await readFile(file(), 'utf8')).not.toContain(token);
  });

  test('says when somebody has no role, and keeps nothing', async () => {
    const { exitCode, stderr } = await run(`login --server ${api.address}`, entering('carl'));
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('SIGN_IN_NOT_ALLOWED') as unknown,
    });
    await expect(stat(file())).rejects.toThrow('ENOENT');
  });

  test('takes a token, where there is no provider too', async () => {
    expect((await run(`login --server ${plain.address}`)).stderr).toContain('SIGN_IN_NOT_CONFIGURED');
    expect((await run(`login --server ${plain.address} --token nonsense`)).stderr).toContain(
      'UNAUTHENTICATED',
    );
    await expect(stat(file())).rejects.toThrow('ENOENT');
    await told(`login --server ${plain.address} --token ${testTokens.viewer}`);
    expect(await told('node list')).toContain('no nodes');
  });
});

describe('leonore context', () => {
  test('says which server is used', async () => {
    await told(`login --server ${plain.address} --token ${testTokens.viewer} --context one`);
    await told(`login --server ${api.address} --token ${testTokens.admin} --context two`);
    expect(await told('session list')).toBeDefined();
    await told('context use one');
    expect((await run('session list')).stderr).toContain('FORBIDDEN');
    // A server that is named is asked with what is kept for it.
    expect((await run(`session list --server ${api.address}`)).exitCode).toBe(0);
    await told('context remove one');
    expect((await run('node list')).stderr).toContain('NO_SERVER');
    expect(await told('context list')).not.toContain('one');
    for (const words of ['context use one', 'context remove one', 'context show one', 'context show'])
      expect((await run(words)).exitCode).toBe(2);
    expect(
      (await run(`login --server ${api.address} --token ${testTokens.admin} --context a/b`)).exitCode,
    ).toBe(2);
  });

  test.each([
    '{',
    '[]',
    'null',
    '{"current":null,"contexts":{"a":{"server":"x"}}}',
    '{"current":7,"contexts":{}}',
  ])('a file that says %s is not believed', async (text) => {
    await told(`login --server ${plain.address} --token ${testTokens.viewer}`);
    await writeFile(file(), text);
    expect(await run('node list')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('contexts.json') as unknown,
    });
  });

  test('a file that others may read is refused', async () => {
    await told(`login --server ${plain.address} --token ${testTokens.viewer}`);
    await chmod(file(), 0o640);
    expect((await run('node list')).stderr).toContain('chmod 600');
  });

  test('of a stack says where it is as long as it runs; then it is none', async () => {
    const stack = join(directory, 'data');
    const state = {
      api: plain.address,
      adminToken: testTokens.admin,
      stackPid: process.pid,
      identities: { stack: processIdentity(process.pid) },
    };
    const { contexts } = withStack({ current: null, contexts: {} }, stack);
    await writeContexts({ XDG_CONFIG_HOME: directory }, contexts);
    expect((await run('node list')).stderr).toContain('NO_SERVER');
    await mkdir(stack);
    await writeFile(join(stack, 'stack.json'), JSON.stringify(state));
    expect((await run('session list')).exitCode).toBe(0);
  });

  test('a stack that starts takes nobody from the server that he uses', () => {
    const none = { current: null, contexts: {} };
    const first = withStack(none, '/a/data');
    expect(first).toMatchObject({ name: 'data', contexts: { current: 'data' } });
    const second = withStack(first.contexts, '/b/data');
    expect(second).toMatchObject({ name: 'data-2', contexts: { current: 'data-2' } });
    expect(withStack(second.contexts, '/a/data').name).toBe('data');
    const server = { server: 'https://leonore.example' };
    const used = { current: 'work', contexts: { work: server } };
    expect(withStack(used, '/a/ü b').contexts).toEqual({
      current: 'work',
      contexts: { work: server, stack: { stack: '/a/ü b' } },
    });
  });
});
