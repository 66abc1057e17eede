import type { ArtifactManifest } from '../artifact/manifest.js';
import type { TaskRequirement } from '../agent-protocol/messages.js';
import { limits } from '../limits.js';
import { meets } from '../resolver/versions.js';
import type { Plan } from './plan.js';

/**
 * What the artifacts that a plan installs need of others that are installed then, as gateways hold it against every later
 * end. Only what has one way to hold: a gateway knows names and versions, so it would take another way for a fault.
 *
 * @param manifests of what the plan installs
 * @param provided names that some artifact provides besides the one that is called so
 */
export function taskRequirements(
  { install, keep }: Plan,
  manifests: readonly ArtifactManifest[],
  provided: ReadonlySet<string>,
): TaskRequirement[] {
  const present = new Set([...install, ...keep]);
  const names = new Map([...present].map((key) => [key.slice(0, key.indexOf('@')), key]));
  return manifests
    .flatMap((manifest) =>
      (manifest.requires ?? []).flatMap((requirement): TaskRequirement[] => {
        if ('anyOf' in requirement || requirement.optional === true || provided.has(requirement.name))
          return [];
        const { name, version: range = '*' } = requirement;
        const version = names.get(name)?.slice(name.length + 1);
        // What is met by the gateway itself is no artifact, and stays.
        if (version === undefined || !meets(version, range, true)) return [];
        return [{ artifact: manifest.name, name, range }];
      }),
    )
    .filter(({ range }) => range.length <= limits.taskRequirements.rangeLength)
    .slice(0, limits.taskRequirements.most);
}

/** Names that the artifacts of a plan require and that others may provide: to be looked up. */
export function requiredNames(manifests: readonly ArtifactManifest[]): string[] {
  return [
    ...new Set(
      manifests.flatMap(({ requires = [] }) =>
        requires.flatMap((requirement) => ('anyOf' in requirement ? [] : [requirement.name])),
      ),
    ),
  ];
}
