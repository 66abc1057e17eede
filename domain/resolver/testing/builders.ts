/** Builders of test data for the resolver. */
import type { ArtifactManifest, NamedRange } from '../../artifact/manifest.js';
import type { GatewayProfile, GatewayState, Installed } from '../../gateway/profile.js';
import type { Resolution } from '../../plan/plan.js';
import { parseRequest } from '../../plan/request.js';
import { createCatalog } from '../create-catalog.js';
import { resolve } from '../resolve.js';

type Sketch = Partial<Omit<ArtifactManifest, 'name' | 'version'>>;

/** An artifact written `name@version`, a library unless said otherwise. */
export function artifact(key: string, sketch: Sketch = {}): ArtifactManifest {
  const at = key.indexOf('@');
  return { kind: 'library', ...sketch, name: key.slice(0, at), version: key.slice(at + 1) };
}

/** Demands written `name` or `name@range`. */
export function needs(...texts: string[]): NamedRange[] {
  return texts.map((text) => {
    const at = text.indexOf('@');
    return at < 0 ? { name: text } : { name: text.slice(0, at), version: text.slice(at + 1) };
  });
}

/** One variant of a size, for everywhere. */
export function sized(size: number, installedSize = size): Pick<ArtifactManifest, 'variants'> {
  return { variants: [{ size, installedSize }] };
}

interface GatewaySketch {
  readonly hardware?: Partial<GatewayProfile['hardware']>;
  readonly software?: Partial<GatewayProfile['software']>;
  readonly labels?: Record<string, string>;
  readonly installed?: Installed[];
  readonly state?: GatewayState;
}

/** A gateway with armv7 and Linux unless said otherwise. */
export function gateway(sketch: GatewaySketch = {}): GatewayProfile {
  return {
    id: 'gw-1',
    ...sketch,
    hardware: { arch: 'armv7', ...sketch.hardware },
    software: { os: 'linux', ...sketch.software },
  };
}

/** Resolves requests written as on the command line. */
export function run(
  catalog: readonly ArtifactManifest[],
  profile: GatewayProfile | null,
  ...requests: string[]
): Resolution {
  return resolve({ catalog: createCatalog(catalog), gateway: profile, requests: requests.map(parseRequest) });
}
