/**
 * The profiler (paper, section III-B 1): "uses pre-defined interfaces to constantly monitor the underlying system".
 * Each interface is a FactSource; the profile is what they say together, later ones over earlier ones.
 */
import { Value } from 'typebox/value';
import { LeonoreError } from '../../domain/errors.js';
import { GatewayProfileSchema, type GatewayProfile } from '../../domain/gateway/profile.js';
import { mergeFacts, type Facts } from './facts.js';

/** One interface to the system below. */
export interface FactSource {
  readonly name: string;
  /** A part of a profile, as plain JSON. */
  read(): Promise<Facts> | Facts;
}

export class Profiler {
  constructor(private readonly sources: readonly FactSource[]) {}

  /**
   * Reads the profile as it is now.
   *
   * @throws LeonoreError MALFORMED_INPUT when the sources together make no profile: an overlay is wrong
   */
  async read(): Promise<GatewayProfile> {
    let facts: Facts = {};
    for (const source of this.sources) facts = mergeFacts(facts, await source.read());
    if (!Value.Check(GatewayProfileSchema, facts)) {
      const [first] = Value.Errors(GatewayProfileSchema, facts);
      throw new LeonoreError(
        'MALFORMED_INPUT',
        `The profile is not valid at ${first?.instancePath ?? '/'}: ${first?.message ?? 'unknown'}.`,
      );
    }
    return facts;
  }
}

/** Free memory, free disk and load change all the time: less than this share is no news. */
const noticeableShare = 0.1;

/** True when a profile says something that the one sent before did not. Uptime alone is no news. */
export function differsNoticeably(sent: GatewayProfile, now: GatewayProfile): boolean {
  if (JSON.stringify(withoutDynamic(sent)) !== JSON.stringify(withoutDynamic(now))) return true;
  return (
    moved(sent.hardware.memoryFree, now.hardware.memoryFree, now.hardware.memoryTotal ?? 0) ||
    moved(sent.hardware.diskFree, now.hardware.diskFree, now.hardware.diskTotal ?? 0) ||
    moved(sent.hardware.load, now.hardware.load, Math.max(now.hardware.cpus ?? 1, 1) * 5)
  );
}

function withoutDynamic({ hardware, state, ...others }: GatewayProfile): unknown {
  const { arch, cpus, memoryTotal, diskTotal, components } = hardware;
  const applications = state?.applications.map((application) => ({ ...application, sinceSeconds: 0 }));
  return { ...others, state: { ...state, applications }, arch, cpus, memoryTotal, diskTotal, components };
}

function moved(before: number | undefined, now: number | undefined, scale: number): boolean {
  if (before === undefined || now === undefined) return before !== now;
  return Math.abs(now - before) > scale * noticeableShare;
}
