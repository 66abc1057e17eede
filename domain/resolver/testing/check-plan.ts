/**
 * Checks what a plan says about itself against its catalog and gateway: that its parts agree with each other, that
 * its reasons are real, and that dependencies come first. Whether it is valid and best is the oracle's business.
 */
import { expect } from '@jest/globals';
import { artifactKey, type ArtifactManifest, type Requirement } from '../../artifact/manifest.js';
import type { Plan, PlannedArtifact, PlanTree } from '../../plan/plan.js';
import { createCatalog } from '../create-catalog.js';
import { artifactMeets, factMeets, gatewayFacts } from '../gateway-facts.js';
import { optionsOf } from '../nodes.js';
import type { Case } from './oracle.js';

type Manifests = ReadonlyMap<string, ArtifactManifest>;

/** @throws when the plan says something that is not so */
export function checkPlan(plan: Plan, subject: Case): void {
  const manifests = new Map(subject.catalog.map((manifest) => [artifactKey(manifest), manifest]));
  checkSizes(plan, subject, manifests);
  for (const planned of plan.artifacts) checkReasons(planned, plan, subject, manifests);
  checkOrder(plan, manifests, (requirement) => isThere(requirement, plan, subject, manifests));
  checkTrees(plan, subject);
}

function meets(manifest: ArtifactManifest, requirement: Requirement): boolean {
  return optionsOf(requirement).some(({ name, version }) => artifactMeets(manifest, name, version));
}

/** Sizes are those of the variants that the plan names. */
function checkSizes(plan: Plan, { gateway }: Case, manifests: Manifests): void {
  const chosen = plan.artifacts.filter((planned) => plan.install.includes(artifactKey(planned)));
  expect(chosen.map(artifactKey).sort()).toEqual(plan.install.toSorted());
  let [download, unpacked] = [0, 0];
  for (const planned of chosen) {
    const { variants } = manifests.get(artifactKey(planned)) ?? {};
    expect(planned.variantIndex === null).toBe(variants === undefined);
    const { size = 0, installedSize = size } = variants?.[planned.variantIndex ?? -1] ?? {};
    download += size;
    unpacked += installedSize;
  }
  const freed = (gateway.installed ?? [])
    .filter((pack) => plan.remove.includes(artifactKey(pack)))
    .reduce((sum, { installedSize = 0 }) => sum + installedSize, 0);
  const together = download + unpacked;
  const removeFirst = together > (gateway.hardware.diskFree ?? Infinity);
  expect(plan).toMatchObject({
    downloadSize: download,
    installedSize: unpacked,
    removeFirst,
    peakDisk: removeFirst ? Math.max(0, together - freed) : together,
    restore: removeFirst ? plan.remove : [],
  });
}

/** Whoever is said to need an artifact does. */
function checkReasons(planned: PlannedArtifact, plan: Plan, subject: Case, manifests: Manifests): void {
  const { requests, gateway } = subject;
  const there = [...plan.install, ...plan.keep];
  expect(there).toContain(artifactKey(planned));
  expect(planned.requiredBy).not.toEqual([]);
  const itself = manifests.get(artifactKey(planned)) ?? { ...planned, kind: 'library' };
  for (const by of planned.requiredBy) {
    const owner = there.find((key) => key.startsWith(`${by}@`)) ?? '';
    const demands = by === 'request' ? requests.map(({ name, range }) => ({ name, version: range })) : [];
    const requires = [...demands, ...(manifests.get(owner)?.requires ?? [])];
    const replaces = by === 'installed' && gateway.installed?.some(({ name }) => name === planned.name);
    expect(replaces === true || requires.some((requirement) => meets(itself, requirement))).toBe(true);
  }
}

/** Whether the gateway meets a requirement by what it has and keeps. */
function isThere(requirement: Requirement, plan: Plan, subject: Case, manifests: Manifests): boolean {
  const facts = gatewayFacts(subject.gateway, createCatalog(subject.catalog));
  const kept = plan.keep.map((key): ArtifactManifest => {
    const [name = '', version = ''] = key.split('@');
    return manifests.get(key) ?? { name, version, kind: 'library' };
  });
  return (
    kept.some((manifest) => meets(manifest, requirement)) ||
    optionsOf(requirement).some(({ name, version }) =>
      [...facts.fixed.values()].some((fact) => factMeets(fact, name, version)),
    )
  );
}

/** The trees show all that is installed, the first ones what was asked for. */
function checkTrees(plan: Plan, { requests }: Case): void {
  const shown = new Set<string>();
  const walk = (node: PlanTree) => {
    shown.add(artifactKey(node));
    if (node.action === 'install') expect(plan.install).toContain(artifactKey(node));
    if (node.action === 'keep') expect(plan.keep).toContain(artifactKey(node));
    node.requires.forEach(walk);
  };
  plan.tree.forEach(walk);
  expect(plan.install.filter((key) => !shown.has(key))).toEqual([]);
  expect(plan.tree.length).toBeGreaterThanOrEqual(requests.length);
}

/** Something that meets a requirement comes before its owner, unless the two need each other. */
function checkOrder({ install }: Plan, all: Manifests, met: (requirement: Requirement) => boolean): void {
  const manifests = install.flatMap((key) => all.get(key) ?? []);
  const meeting = (requirement: Requirement) => manifests.filter((other) => meets(other, requirement));
  const leadsTo = (from: ArtifactManifest, to: ArtifactManifest) => {
    const seen = new Set([from]);
    for (const manifest of seen) {
      for (const requirement of manifest.requires ?? [])
        for (const next of meeting(requirement)) seen.add(next);
    }
    return seen.has(to);
  };
  manifests.forEach((manifest, position) => {
    for (const requirement of manifest.requires ?? []) {
      const others = meeting(requirement);
      if (others.length === 0 || others.includes(manifest) || met(requirement)) continue;
      const inTime = others.some((other) => manifests.indexOf(other) < position || leadsTo(other, manifest));
      expect({ owner: artifactKey(manifest), requirement, inTime }).toMatchObject({ inTime: true });
    }
  });
}
