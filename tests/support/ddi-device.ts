/** A client of hawkBit's DDI, as its documentation has it, for the contract of handlers and for what a client may do wrong. */
import type { HandlerUnderTest } from '../../connectivity/testing/handler-contract.js';
import type { Report } from '../../domain/agent-protocol/messages.js';
import { askAsClient, type ClientAnswer, type ClientRequest } from './client-answer.js';

export interface DdiBase {
  readonly config: { readonly polling: { readonly sleep: string } };
  readonly _links: Readonly<
    Partial<Record<'deploymentBase' | 'cancelAction' | 'configData', { readonly href: string }>>
  >;
}

/** One request, with the token of the device. @param path whole, or below that of the device */
export async function askDdi(
  device: { readonly base: string; readonly authorization: string },
  path: string,
  options: ClientRequest = {},
): Promise<ClientAnswer> {
  const common = { authorization: device.authorization, accept: 'application/hal+json, application/json' };
  return askAsClient(path.startsWith('http') ? path : `${device.base}${path}`, common, options);
}

const executions: Readonly<Record<Report['state'], readonly [string, string]>> = {
  downloading: ['proceeding', 'none'],
  installing: ['downloaded', 'none'],
  succeeded: ['closed', 'success'],
  failed: ['closed', 'failure'],
};

/** A feedback as SWUpdate writes it: the id as a number, the time in its own way. */
export function feedbackOf(action: string, state: Report['state'], details: readonly string[] = []): object {
  const [execution, finished] = executions[state];
  const status = { execution, result: { finished }, details };
  return { id: Number(action), time: '20261102T101500', status };
}

/** For the contract of handlers. */
export const ddiGateway: HandlerUnderTest['gateway'] = async ({ id, token }, { address }) => {
  const device = { base: `${address}/${id}`, authorization: `TargetToken ${token}` };
  async function taken(...request: Parameters<typeof askDdi>): Promise<ClientAnswer> {
    const answer = await askDdi(...request);
    if (answer.status < 400) return answer;
    const { code } = answer.body;
    const retryAfterMs = Number(answer.headers.get('retry-after') ?? 0) * 1_000;
    const failures: Record<number, string> = { 401: 'unauthenticated', 421: 'wrongNode', 429: 'unavailable' };
    const failure = failures[answer.status] ?? (answer.status >= 500 ? 'unavailable' : 'refused');
    throw Object.assign(new Error(`it was answered by ${answer.status}`), { failure, code, retryAfterMs });
  }
  return {
    async tasks() {
      const { _links: links } = (await taken(device, '')).body as unknown as DdiBase;
      const profileWanted = links.configData !== undefined;
      if (links.deploymentBase === undefined) return { tasks: [], profileWanted };
      const { body } = await taken(device, links.deploymentBase.href);
      return { tasks: [{ deliveryId: String(body['id']) }], profileWanted };
    },
    async report(reports) {
      for (const { deliveryId, state } of reports) {
        const body = feedbackOf(deliveryId, state);
        await taken(device, `/deploymentBase/${deliveryId}/feedback`, { method: 'POST', body });
      }
      return null;
    },
    async sendProfile(profile) {
      const body = { mode: 'merge', data: { name: profile.name ?? 'x' } };
      await taken({ ...device, base: `${address}/${profile.id}` }, '/configData', { method: 'PUT', body });
    },
    async sendTooMuch() {
      const body = { mode: 'merge', data: { name: 'x'.repeat(1024 * 1024) } };
      const answer = await askDdi(device, '/configData', { method: 'PUT', body });
      if (answer.status !== 413) throw new Error(`it was answered by ${answer.status}`);
    },
    close: async () => undefined,
  };
};
