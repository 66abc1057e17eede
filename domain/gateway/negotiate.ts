import type { RegisterResponse } from '../agent-protocol/messages.js';
import { LeonoreError } from '../errors.js';
import { channelName, type Channel, type Endpoint } from './endpoint.js';
import type { GatewayProfile } from './profile.js';

/** What a gateway can be spoken to by, in its order of preference. */
export interface GatewayOffer {
  readonly protocols: readonly string[];
  readonly strategies: readonly string[];
  /** Where it listens to be pushed; null: nowhere. */
  readonly pushAddress: string | null;
}

/** How a gateway and its node are to talk. */
export interface Agreement {
  readonly channel: Channel;
  /** Why this one, for people. */
  readonly reason: string;
  /** Channels that both sides have besides, in the order in which they are tried. */
  readonly fallbacks: readonly Channel[];
}

/** A gateway that says nothing of it asks over the protocol by which it has registered. */
const assumed: Pick<GatewayOffer, 'protocols' | 'strategies'> = { protocols: ['http'], strategies: ['pull'] };
/** Refused wishes that a reason names. */
const namedWishes = 4;

/** What a profile offers. @param pushAddress told beside it */
export function offerOf(
  { protocols, strategies }: Pick<GatewayProfile, 'protocols' | 'strategies'>,
  pushAddress: string | null,
): GatewayOffer {
  return {
    protocols: protocols ?? assumed.protocols,
    strategies: strategies ?? assumed.strategies,
    pushAddress,
  };
}

/**
 * Agrees on protocol and strategy (paper, section III-C 5): of the channels that both sides have, the first in the
 * operator's order, and where that names none of them the first in the gateway's.
 * @param preference the operator's: channels (`mqtt/push`) or protocols (`mqtt`)
 * @throws LeonoreError NO_COMMON_PROTOCOL with both sides' channels
 */
export function negotiate(
  offer: GatewayOffer,
  endpoints: readonly Endpoint[],
  preference: readonly string[],
): Agreement {
  const wishes = wishesOf(offer).map((channel) => ({
    channel,
    problem: problemOf(channel, offer, endpoints),
    rank: rankOf(channel, preference),
  }));
  const common = wishes
    .filter(({ problem }) => problem === null)
    .sort((left, right) => left.rank - right.rank);
  const [best, ...others] = common;
  if (best === undefined) throw nothingInCommon(wishes, endpoints);
  const missed = wishes
    .slice(0, wishes.indexOf(best))
    .flatMap(({ channel, problem }) => (problem === null ? [] : [`not ${channelName(channel)}: ${problem}`]));
  const why =
    best.rank < preference.length
      ? `preferred by the operator (${preference[best.rank] ?? ''})`
      : 'what the gateway wants most of what its node serves';
  return {
    channel: best.channel,
    reason: [why, ...missed.slice(0, namedWishes)].join('; '),
    fallbacks: others.map(({ channel }) => channel),
  };
}

/**
 * How well a node suits a gateway by what it serves: the place of the channel that {@link negotiate} would agree on among all
 * that the gateway offers. 0 is the best there could be, Infinity that they have nothing in common.
 */
export function misfit(
  offer: GatewayOffer,
  endpoints: readonly Endpoint[],
  preference: readonly string[],
): number {
  const place = wishesOf(offer)
    .map((channel) => ({ channel, rank: rankOf(channel, preference) }))
    .sort((left, right) => left.rank - right.rank)
    .findIndex(({ channel }) => problemOf(channel, offer, endpoints) === null);
  return place === -1 ? Number.POSITIVE_INFINITY : place;
}

/** Where a gateway is served that has agreed on something, in the order in which it tries them: a part of its registration's answer. */
export function endpointsFor(
  { channel, fallbacks }: Agreement,
  endpoints: readonly Endpoint[],
): NonNullable<RegisterResponse['endpoints']> {
  return [channel, ...fallbacks].flatMap(({ protocol, strategy }) =>
    endpoints
      .filter((endpoint) => endpoint.protocol === protocol && endpoint.strategies.includes(strategy))
      .map(({ transport, address, tls }) => ({ protocol, strategy, transport, address, tls })),
  );
}

/** Strategies are what a gateway cares about first: one that asks to be pushed takes any protocol for it. */
function wishesOf({ protocols, strategies }: GatewayOffer): Channel[] {
  return [...new Set(strategies)].flatMap((strategy) =>
    [...new Set(protocols)].map((protocol) => ({ protocol, strategy })),
  );
}

function problemOf(
  { protocol, strategy }: Channel,
  { pushAddress }: GatewayOffer,
  endpoints: readonly Endpoint[],
): string | null {
  const serving = endpoints.filter(
    (endpoint) => endpoint.protocol === protocol && endpoint.strategies.includes(strategy),
  );
  if (serving.length === 0) return 'its node does not serve it';
  const isReachable = serving.some(
    ({ pushScheme }) =>
      strategy !== 'push' || pushScheme === null || pushAddress?.startsWith(`${pushScheme}://`) === true,
  );
  return isReachable ? null : 'it told no address to be notified at';
}

/** Its place in the operator's order; those that it does not name come after all that it does. */
function rankOf(channel: Channel, preference: readonly string[]): number {
  const place = preference.findIndex((name) => name === channel.protocol || name === channelName(channel));
  return place === -1 ? preference.length : place;
}

function nothingInCommon(
  wishes: readonly { readonly channel: Channel; readonly problem: string | null }[],
  endpoints: readonly Endpoint[],
): LeonoreError {
  const served = endpoints.flatMap(({ protocol, strategies }) =>
    strategies.map((strategy) => ({ protocol, strategy })),
  );
  const theirs = wishes.map(({ channel, problem }) => `${channelName(channel)} (${problem ?? ''})`);
  return new LeonoreError(
    'NO_COMMON_PROTOCOL',
    `the gateway offers ${theirs.slice(0, 2 * namedWishes).join(', ') || 'nothing'}; its node serves ${served.map(channelName).join(', ') || 'nothing'}`,
    { served },
  );
}
