/** A real OpenID provider, and people who sign in there with a browser that is only its cookies. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { callbackPath } from '../../api/sign-in/config.js';
import type { SignInOptions } from '../../api/sign-in/sign-in.js';
import { readGroupRoles } from '../../domain/access/group-roles.js';
import { packageRoot } from '../../process/package-root.js';

/** Where people reach LEONORE; nothing listens there, what is asked of it is sent to the API of the test. */
const publicUrl = new URL('http://leonore.test');

export type Accounts = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface TestProvider {
  readonly issuer: URL;
  /** Its clock from now on. */
  setClockAhead(seconds: number): Promise<void>;
  /** It listens no more. */
  close(): Promise<void>;
}

export interface ProviderFacts {
  readonly accounts: Accounts;
  readonly port?: number;
  readonly claimsIn?: 'id-token' | 'userinfo';
  /** Where people reach LEONORE, if that is another place. */
  readonly at?: URL;
  /** Where it tells that somebody has signed out. */
  readonly logoutUri?: string;
  /** PEM files that it serves with. */
  readonly tls?: { readonly certPath: string; readonly keyPath: string };
}

export async function testProvider({
  accounts,
  port = 0,
  claimsIn = 'id-token',
  at = publicUrl,
  ...more
}: ProviderFacts): Promise<TestProvider> {
  const facts = { accounts, port, claimsIn, redirectUris: [new URL(callbackPath, at).href], ...more };
  const file = join(packageRoot(), 'tests', 'support', 'oidc-provider.mjs');
  const child = fork(file, [JSON.stringify(facts)], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const { issuer } = await Promise.race([
    answerOf<{ issuer: string }>(child),
    once(child, 'exit').then(() => {
      throw new Error(`the provider ended: ${errors}`);
    }),
  ]);
  return {
    issuer: new URL(issuer),
    async setClockAhead(seconds) {
      const taken = answerOf(child);
      child.send({ clockAheadSeconds: seconds });
      await taken;
    },
    async close() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function answerOf<T>(child: ChildProcess): Promise<T> {
  const [answer] = (await once(child, 'message')) as [T];
  return answer;
}

/** What an API is told of a provider. @param roles which groups have which roles, as in the file */
export function signInAt(
  { issuer }: Pick<TestProvider, 'issuer'>,
  roles: string,
  more: Partial<Omit<SignInOptions, 'provider'>> & {
    readonly provider?: Partial<SignInOptions['provider']>;
  } = {},
): SignInOptions {
  const at = more.publicUrl ?? publicUrl;
  return {
    publicUrl: at,
    groupRoles: readGroupRoles(roles, 'roles.yaml'),
    lastsSeconds: 3_600,
    idleSeconds: 1_800,
    ...more,
    provider: {
      issuer,
      clientId: 'leonore',
      clientSecret: 'secret-of-leonore',
      ca: null,
      scopes: 'openid profile email',
      groupsClaim: 'groups',
      redirectUri: new URL(callbackPath, at).href,
      ...more.provider,
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly location: string | null;
  readonly setCookies: readonly string[];
  readonly text: string;
}

/** A browser without a page: it keeps cookies for each host, and follows redirects as far as it is let. */
export class CookieBrowser {
  private readonly jars = new Map<string, Map<string, string>>();

  /**
   * @param api where what is asked of {@link publicUrl} goes
   * @param ca PEM of the authority that it believes
   */
  constructor(
    private readonly api: () => string,
    private readonly ca?: string,
  ) {}

  cookies(of: URL = publicUrl): ReadonlyMap<string, string> {
    return this.jars.get(of.host) ?? new Map();
  }

  setCookie(name: string, value: string): void {
    this.jar(publicUrl).set(name, value);
  }

  /** What the page would tell of a sign-in that came to nothing. */
  signInProblem(): string | undefined {
    const kept = this.cookies().get('leonore-sign-in-problem');
    return kept === undefined
      ? undefined
      : (JSON.parse(Buffer.from(kept, 'base64url').toString()) as { detail: string }).detail;
  }

  /** Asks for an address, of LEONORE when it is only a path. */
  async ask(
    address: string,
    {
      method = 'GET',
      form,
      headers = {},
      body,
    }: {
      method?: 'GET' | 'POST' | 'DELETE' | 'PATCH';
      form?: Record<string, string>;
      headers?: Record<string, string>;
      body?: string;
    } = {},
  ): Promise<Answer> {
    const url = new URL(address, publicUrl);
    const jar = this.jar(url);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const sent = url.host === publicUrl.host ? new URL(url.pathname + url.search, this.api()) : url;
    const content = form === undefined ? body : new URLSearchParams(form).toString();
    const answer = await request(sent, {
      method,
      ...(this.ca === undefined ? {} : { dispatcher: new Agent({ connect: { ca: this.ca } }) }),
      headers: {
        ...(cookie === '' ? {} : { cookie }),
        ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
        ...headers,
      },
      ...(content === undefined ? {} : { body: content }),
    });
    const setCookies = [answer.headers['set-cookie'] ?? []].flat();
    for (const line of setCookies) keep(jar, line);
    const { location } = answer.headers;
    return {
      status: answer.statusCode,
      location: typeof location === 'string' ? new URL(location, url).href : null,
      setCookies,
      text: await answer.body.text(),
    };
  }

  /** Follows redirects until an address of LEONORE comes, or a page. @returns that address, or null, and the last answer */
  async follow(first: Answer): Promise<{ readonly back: string | null; readonly answer: Answer }> {
    let answer = first;
    while (answer.location !== null) {
      if (new URL(answer.location).host === publicUrl.host) return { back: answer.location, answer };
      answer = await this.ask(answer.location);
    }
    return { back: null, answer };
  }

  /** Goes to the provider as the API says. @returns the address with which it sends the browser back */
  async signInAtProvider(login: string, start: Answer): Promise<string> {
    const page = await this.follow(start);
    const back = page.back ?? (await this.submitLogin(page.answer, login)).back;
    if (back === null) throw new Error('the provider does not send anybody back');
    return back;
  }

  /** Signs in, whole. @returns the answer of LEONORE to whom came back */
  async signIn(login: string, to = '/'): Promise<Answer> {
    const start = await this.ask(`/api/v1/sign-in/start?to=${encodeURIComponent(to)}`);
    return this.ask(await this.signInAtProvider(login, start));
  }

  /** Enters the code that a command line shows. */
  async enterCode(address: string, login: string): Promise<void> {
    const shown = await this.ask(address);
    const confirm = await this.submitForm(shown, address);
    const begun = await this.submitForm(confirm, address);
    const page = await this.follow(begun);
    await this.submitLogin(page.answer, login);
  }

  /** Signs out at the provider, of everything. */
  async signOutAtProvider(issuer: URL): Promise<void> {
    const address = new URL('/session/end', issuer).href;
    const { action, fields } = formOf((await this.ask(address)).text);
    await this.ask(new URL(action, address).href, { method: 'POST', form: { ...fields, logout: 'yes' } });
  }

  private async submitLogin(page: Answer, login: string) {
    const { action } = formOf(page.text);
    return this.follow(
      await this.ask(action, { method: 'POST', form: { prompt: 'login', login, password: 'x' } }),
    );
  }

  private async submitForm(page: Answer, base: string): Promise<Answer> {
    const { action, fields } = formOf(page.text);
    return this.ask(new URL(action, base).href, { method: 'POST', form: fields });
  }

  private jar(url: URL): Map<string, string> {
    const jar = this.jars.get(url.host) ?? new Map<string, string>();
    this.jars.set(url.host, jar);
    return jar;
  }
}

function keep(jar: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
  const at = pair.indexOf('=');
  const isEnded = attributes.some(
    (one) => /^max-age=0$/i.test(one) || /^expires=thu, 01 jan 1970/i.test(one),
  );
  if (isEnded) jar.delete(pair.slice(0, at));
  else jar.set(pair.slice(0, at), pair.slice(at + 1));
}

function formOf(html: string): { readonly action: string; readonly fields: Record<string, string> } {
  const action = /<form[^>]*\saction="([^"]*)"/.exec(html)?.[1];
  if (action === undefined) throw new Error(`no form: ${html.slice(0, 500)}`);
  const inputs = [...html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)];
  return { action, fields: Object.fromEntries(inputs.map(([, name = '', value = '']) => [name, value])) };
}
