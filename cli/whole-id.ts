import { ClientError, type ClientErrorCode } from '../client/client-error.js';
import type { LeonoreClient } from '../client/leonore-client.js';
import type { IdentifiedKind } from '../client/resources.js';
import { badUsage } from './bad-usage.js';

const whole = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u;
/** Fewer digits would soon be those of another one, too. */
const beginning = /^[0-9a-f][0-9a-f-]{3,35}$/u;
/** Named in an error. */
const shownIds = 5;

const words: Readonly<Record<IdentifiedKind, { name: string; missing: ClientErrorCode; list: string }>> = {
  rollout: { name: 'rollout', missing: 'ROLLOUT_NOT_FOUND', list: 'rollout list' },
  order: { name: 'order', missing: 'ORDER_NOT_FOUND', list: 'order list' },
  campaign: { name: 'campaign', missing: 'CAMPAIGN_NOT_FOUND', list: 'campaign list' },
  'wanted-state': { name: 'wanted state', missing: 'WANTED_STATE_NOT_FOUND', list: 'wanted list' },
};

/**
 * The id that a text is, or is the only one to begin with: of what it may be, the server looks among all.
 * @returns a text that no id begins with as it is: the server says what is wrong with it
 * @throws ClientError when nothing of these kinds begins so; CommanderError when several do
 */
export async function wholeId(
  client: LeonoreClient,
  kinds: readonly [IdentifiedKind, ...IdentifiedKind[]],
  text: string,
): Promise<string> {
  const lower = text.toLowerCase();
  if (whole.test(lower) || !beginning.test(lower)) return text;
  const found = (await client.idsBeginningWith(lower)).filter(({ kind }) => kinds.includes(kind));
  const [only, ...others] = found;
  const named = kinds.map((kind) => words[kind].name).join(' or ');
  if (only === undefined) {
    const { missing, list } = words[kinds[0]];
    throw new ClientError({
      code: missing,
      detail: `the id of no ${named} begins with "${text}"`,
      actor: 'caller',
      advice: `See \`leonore ${list}\`.`,
      status: 0,
      retryable: false,
    });
  }
  if (others.length === 0) return only.id;
  const shown = found.slice(0, shownIds).map(({ id, kind }) => `${words[kind].name} ${id}`);
  const more = found.length > shownIds ? ', …' : '';
  throw badUsage(`"${text}" begins the ids of several: ${shown.join(', ')}${more}. Give more of it.`);
}
