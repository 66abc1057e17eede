import type { ConstraintTag } from './constraint-store.js';
import { components } from './components.js';
import type { NewNode } from './nodes.js';
import type { Problem } from './problem.js';
import type { Model } from './model.js';
import { not, type Literal } from './solver/literal.js';

function hasInstallScript(node: NewNode): boolean {
  return node.manifest.control?.install !== undefined;
}

/**
 * Forbids circles that no order of installation serves: two artifacts that rely on each other and both run a script
 * when they are installed.
 *
 * A circle counts only over requirements that a single selected version meets. The constraint then says: not all
 * of these together, unless something else meets one of the requirements between them.
 * @returns true when the solution has such a circle and the constraint was stated
 */
export function forbidScriptCircles(problem: Problem, model: Model): boolean {
  if (!problem.hasScripts) return false;
  const nodes: NewNode[] = [];
  for (const literal of model.literals()) {
    const node = problem.nodeOf(literal);
    if (node?.type === 'new') nodes.push(node);
  }
  if (nodes.filter(hasInstallScript).length < 2) return false;

  const positions = new Map(nodes.map((node, index) => [node.selected, index]));
  const edges = nodes.map((node) =>
    problem.goals.of(node.selected).flatMap((goal) => {
      if (goal.optional) return [];
      const chosen = goal.candidates.filter((literal) => model.has(literal));
      const target = positions.get(chosen[0] ?? 0);
      return chosen.length === 1 && target !== undefined ? [{ target, goal }] : [];
    }),
  );
  const found = components(nodes.length, (node) => edges[node]?.map(({ target }) => target) ?? []);
  let stated = false;
  for (const component of found) {
    const members = component.flatMap((index) => nodes[index] ?? []);
    if (members.filter(hasInstallScript).length < 2) continue;
    const inside = new Set(component);
    const others: Literal[] = component.flatMap((index) =>
      (edges[index] ?? [])
        .filter(({ target }) => inside.has(target))
        .flatMap(({ goal }) => goal.candidates.filter((literal) => !model.has(literal))),
    );
    const tag: ConstraintTag = { type: 'order', nodes: members };
    if (problem.isIgnored(tag)) continue;
    problem.constraints.add([...members.map(({ selected }) => not(selected)), ...others], tag);
    stated = true;
  }
  return stated;
}
