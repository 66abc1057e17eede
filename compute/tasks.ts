/** The work of computing processes, by name. Only they load this: everybody else knows its types. */
import { checkArtifact } from '../domain/artifact/check-artifact.js';
import type { ArtifactManifest } from '../domain/artifact/manifest.js';
import type { ArtifactFile } from '../domain/artifact/variant-files.js';
import { canonicalJson } from '../domain/canonical-json.js';
import { artifactStatement } from '../domain/trust/statement.js';
import type { GatewayProfile } from '../domain/gateway/profile.js';
import { contentDigest } from '../repositories/content-digest.js';
import { sha256 } from '../trust/ed25519.js';
import {
  PlanningSession,
  type PageTaken,
  type PlannedGroup,
  type PlanningInput,
} from './planning-session.js';

export interface CheckedArtifact {
  readonly manifest: ArtifactManifest;
  readonly digest: string;
  readonly statement: string | null;
}

/** A process plans for one caller at a time. */
let session: PlanningSession | null = null;

function planning(): PlanningSession {
  if (session === null) throw new Error('no planning has begun in this process');
  return session;
}

export const tasks = {
  /**
   * Checks an artifact as it was sent; `digest` is that of its content, `statement` what its publisher signs, when it is
   * asked for. @throws LeonoreError MALFORMED_ARTIFACT, TOO_LARGE
   */
  checkArtifact(input: {
    readonly manifestText: string;
    readonly files: readonly ArtifactFile[];
    readonly isSigned?: boolean;
  }): CheckedArtifact {
    const { manifestText, files, isSigned = false } = input;
    const manifest = checkArtifact(manifestText, files);
    const statement = isSigned ? canonicalJson(artifactStatement(manifest, files, sha256)) : null;
    return { manifest, digest: contentDigest(manifest, files), statement };
  },
  beginPlanning(input: PlanningInput, at: (name: string) => void): void {
    session = new PlanningSession(input, at);
  },
  /** Part of the catalog; all of it comes before the first gateways. */
  takeManifests(manifests: readonly ArtifactManifest[]): void {
    planning().takeManifests(manifests);
  },
  takeGateways(profiles: readonly GatewayProfile[]): PageTaken {
    return planning().takeGateways(profiles);
  },
  /** The groups from one on, a few at a time; an empty list is the end. */
  plannedGroups(from: number): readonly PlannedGroup[] {
    const groups = planning().groups(from);
    if (groups.length === 0) session = null;
    return groups;
  },
} as const;

export type Tasks = typeof tasks;
