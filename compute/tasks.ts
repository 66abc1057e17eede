/** The work of computing processes, by name. Only they load this: everybody else knows its types. */
import { checkContent } from '../domain/artifact/check-content.js';
import type { ArtifactManifest } from '../domain/artifact/manifest.js';
import { readManifest } from '../domain/artifact/read-manifest.js';
import { withMeasuredSizes, type ArtifactFile } from '../domain/artifact/variant-files.js';
import type { GatewayProfile } from '../domain/gateway/profile.js';
import { contentDigest } from '../repositories/content-digest.js';
import {
  PlanningSession,
  type PageTaken,
  type PlannedGroup,
  type PlanningInput,
} from './planning-session.js';

/** A process plans for one caller at a time. */
let session: PlanningSession | null = null;

function planning(): PlanningSession {
  if (session === null) throw new Error('no planning has begun in this process');
  return session;
}

export const tasks = {
  /** Checks an artifact as it was sent; `digest` is that of its content. @throws LeonoreError MALFORMED_ARTIFACT, TOO_LARGE */
  checkArtifact(input: {
    readonly manifestText: string;
    readonly manifestName: string;
    readonly files: readonly ArtifactFile[];
  }): { manifest: ArtifactManifest; digest: string } {
    const { manifestText, manifestName, files } = input;
    const manifest = withMeasuredSizes(readManifest(manifestText, manifestName), files);
    checkContent(manifest, files);
    return { manifest, digest: contentDigest(manifest, files) };
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
