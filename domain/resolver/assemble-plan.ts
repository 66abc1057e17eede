import { artifactKey } from '../artifact/manifest.js';
import { demandsOf } from '../artifact/operation.js';
import type { Plan, PlannedArtifact, PlanTree } from '../plan/plan.js';
import { manifestOf, nameOfPresent, versionOfPresent, type EndState, type Present } from './end-state.js';
import { inOrder } from './install-order.js';

/**
 * Writes an end state down as a plan.
 * @param diskFree bytes that are free on the gateway
 * @param proven whether no plan is better
 */
export function assemblePlan(state: EndState, diskFree: number, proven: boolean): Plan {
  const ordered = inOrder<Present>(
    state.install,
    (present) => state.needsOf(present),
    (present) => manifestOf(present)?.control?.install !== undefined,
  );
  const sum = (size: (present: EndState['install'][number]) => number) =>
    state.install.reduce((total, present) => total + size(present), 0);
  const downloadSize = sum(({ choice }) => choice.downloadSize);
  const installedSize = sum(({ choice }) => choice.installedSize);
  const together = downloadSize + installedSize;
  const freed = state.remove.reduce((total, pack) => total + pack.installedSize, 0);
  const removeFirst = together > diskFree;
  return {
    artifacts: plannedArtifacts(state),
    install: ordered.map(keyOfPresent),
    remove: state.remove.map(artifactKey),
    keep: state.keep.map(artifactKey),
    orphans: orphansOf(state),
    downloadSize,
    installedSize,
    peakDisk: removeFirst ? Math.max(0, together - freed) : together,
    removeFirst,
    restore: removeFirst ? state.remove.map(artifactKey) : [],
    tree: treesOf(state),
    optimal: proven ? 'proven' : 'best-found',
    consent: consentOf(state),
  };
}

function keyOfPresent(present: Present): string {
  return artifactKey({ name: nameOfPresent(present), version: versionOfPresent(present) });
}

/** Dependencies that nothing needs any more; what was asked for or is replaced goes for other reasons. */
function orphansOf(state: EndState): string[] {
  const installed = new Set(state.install.map(({ node }) => node.manifest.name));
  return state.remove.filter((pack) => !pack.wanted && !installed.has(pack.name)).map(artifactKey);
}

/** What an operator asked for and the plan takes away, without another version in its place. */
function consentOf(state: EndState): string[] {
  const installed = new Set(state.install.map(({ node }) => node.manifest.name));
  return state.remove.filter((pack) => pack.wanted && !installed.has(pack.name)).map(artifactKey);
}

function plannedArtifacts(state: EndState): PlannedArtifact[] {
  const requiredBy = new Map<Present, string[]>();
  const add = (present: Present, name: string) => {
    const names = requiredBy.get(present);
    if (names === undefined) requiredBy.set(present, [name]);
    // Nothing requires an artifact twice, so only requests could name one again.
    else if (names.at(-1) !== name) names.push(name);
  };
  for (const root of state.roots) add(root, 'request');
  for (const present of state.reached) {
    for (const target of state.requiredBy(present)) add(target, nameOfPresent(present));
  }
  const planned: PlannedArtifact[] = [];
  for (const present of state.reached) {
    if (present.type === 'fixed') continue;
    const [name, version] = [nameOfPresent(present), versionOfPresent(present)];
    // What nothing requires is there because it replaces an installed package that stays wanted.
    const names = requiredBy.get(present) ?? ['installed'];
    if (present.type === 'keep') {
      if (state.requested.has(present))
        planned.push({ name, version, variant: 'installed', variantIndex: null, requiredBy: names });
      continue;
    }
    const { choice, node } = present;
    if (node.assumed) continue;
    const artifact = {
      name,
      version,
      variant: choice.label,
      variantIndex: choice.index,
      requiredBy: names,
    };
    const demands = demandsOf(node.manifest);
    planned.push(isEmpty(demands) ? artifact : { ...artifact, demands });
  }
  return planned;
}

function isEmpty(demands: object): boolean {
  for (const _ in demands) return false;
  return true;
}

/** Deeper trees are cut: readers of JSON recurse, and nobody reads so far to the right. */
const deepest = 100;

/**
 * Trees below the requests, then below installed packages that the plan replaces for their own sake. What is deeper
 * than {@link deepest} is only named in its place and follows as a tree of its own.
 */
function treesOf(state: EndState): PlanTree[] {
  const seen = new Set<Present>();
  const cut: Present[] = [];
  const tree = (present: Present, depth: number): PlanTree => {
    const assumed = present.type === 'install' && present.node.assumed;
    const node = {
      name: nameOfPresent(present),
      version: versionOfPresent(present),
      action: assumed ? ('fixed' as const) : present.type,
    };
    const targets = state.requiredBy(present);
    if (targets.length === 0) {
      seen.add(present);
      return { ...node, requires: [] };
    }
    if (depth === deepest && !seen.has(present)) cut.push(present);
    if (depth === deepest || seen.has(present)) return { ...node, requires: [], seen: true };
    seen.add(present);
    return { ...node, requires: targets.map((target) => tree(target, depth + 1)) };
  };
  const trees = state.roots.map((root) => tree(root, 0));
  // Further trees, while iterating over what they add themselves.
  for (const list of [cut, state.install]) {
    for (const present of list) if (!seen.has(present)) trees.push(tree(present, 0));
  }
  for (const present of cut) if (!seen.has(present)) trees.push(tree(present, 0));
  return trees;
}
