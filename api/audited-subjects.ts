import { LeonoreError } from '../domain/errors.js';
import type { Repositories } from '../repositories/repositories.js';

/** How something looks that is about to be changed, or was: plain JSON, with nothing secret. */
type Look = (repositories: Repositories, key: string, more: readonly string[]) => Promise<unknown>;

/** What changes are about, by the first word of the address; of what is not here the audit keeps what was asked for. */
const looks: Readonly<Record<string, Look>> = {
  gateways: async ({ gateways, values }, id) => {
    const { state, operatorLabels, reportedLabels, key, readmitted } = await gateways.get(id);
    const known = (await values.list(id)).map(
      ({ key: name, value, secret }) => [name, secret ? '(secret)' : value] as const,
    );
    const valuesNow: Record<string, string | null> = Object.fromEntries(known);
    return { state, operatorLabels, reportedLabels, key, readmitted, values: valuesNow };
  },
  deployments: async ({ deployments }, name) => {
    const { gatewayIds, selector, mode } = await deployments.get(name);
    return { gatewayIds, select: selector, mode };
  },
  rollouts: async ({ rollouts }, id) => {
    const { requests, deployment, state, options } = await rollouts.get(id);
    return { requests, deployment, state, ...options };
  },
  artifacts: async ({ artifacts }, name, [version = '']) => {
    const stored = await artifacts.find(name, version);
    return stored === null ? null : { digest: stored.digest, signedBy: stored.signedBy };
  },
  enrolments: async ({ enrolments }, name) => {
    const { ids, labels, reportedLabels, nodeId, keyless, approval, most, used } = await enrolments.get(name);
    return { ids, labels, reportedLabels, nodeId, keyless, approval, most, used };
  },
  tokens: async ({ tokens }, name) => {
    const { grants, expiresAt } = await tokens.get(name);
    return { grants, expiresAt };
  },
  sessions: async ({ sessions }, id) => {
    const { kind, name, subject, issuer, address } = await sessions.get(id);
    return { kind, name, subject, issuer, address };
  },
  webhooks: async ({ webhooks }, name) => {
    const { url, events, previousUntil } = await webhooks.get(name);
    return { url, events, previousSecretUntil: previousUntil };
  },
  nodes: async ({ nodes }, id) => {
    const { state, origin } = await nodes.get(id);
    return { state, origin };
  },
  campaigns: async ({ campaigns }, id) => {
    const { requests, deployment, state, strategy } = await campaigns.get(id);
    return { requests, deployment, state, strategy };
  },
  'wanted-states': async ({ wantedStates }, id) => {
    const { requests, deployment, automatic, endedAt } = await wantedStates.get(id);
    return { requests, deployment, automatic, endedAt };
  },
  values: async ({ sharedValues }) =>
    (await sharedValues.list()).map(({ key, select, value, secret }) => ({
      key,
      select,
      value: secret ? '(secret)' : value,
    })),
  trust: async ({ trustMetadata }) => {
    const [root, targets] = await Promise.all([
      trustMetadata.newest('root'),
      trustMetadata.newest('targets'),
    ]);
    return { root: root?.version ?? null, targets: targets?.version ?? null };
  },
};

/** What an address names without a key. */
const ofWhichThereIsOne = new Set(['trust', 'values']);

/** How the subject of a change looks now; null when it is not there, or nobody knows how to look at it. */
export async function lookAt(repositories: Repositories, subject: string): Promise<unknown> {
  const [kind = '', key, ...more] = subject.split('/');
  const look = Object.hasOwn(looks, kind) ? looks[kind] : undefined;
  if (look === undefined || (key === undefined && !ofWhichThereIsOne.has(kind))) return null;
  try {
    return await look(repositories, key ?? '', more);
  } catch (error) {
    if (error instanceof LeonoreError && error.kind.status === 404) return null;
    throw error;
  }
}
