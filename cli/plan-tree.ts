import type { Plan, PlanTree } from '../domain/plan/plan.js';
import { bytesText } from './output.js';

const actions: Readonly<Record<PlanTree['action'], string>> = {
  install: '',
  keep: ' (installed, stays)',
  fixed: ' (part of the gateway)',
};

/** Draws a plan for people: what it amounts to, then the dependency tree below each request. */
export function planLines(plan: Plan): string[] {
  const { install, remove, orphans = [], downloadSize, peakDisk, removeFirst } = plan;
  const gone = remove.map((key) => (orphans.includes(key) ? `${key} (no longer needed)` : key));
  return [
    install.length === 0 ? 'nothing to install' : `install  ${install.join(' ')}`,
    ...(gone.length === 0 ? [] : [`remove   ${gone.join(' ')}${removeFirst ? ', before the rest' : ''}`]),
    `download ${bytesText(downloadSize)}, at most ${bytesText(peakDisk)} more on the disk`,
    ...plan.tree.flatMap((root) => treeLines(root)),
  ];
}

function treeLines(root: PlanTree): string[] {
  return [label(root), ...branches(root.requires, '')];
}

function branches(nodes: readonly PlanTree[], indent: string): string[] {
  return nodes.flatMap((node, index) => {
    const last = index === nodes.length - 1;
    return [
      `${indent}${last ? '└─ ' : '├─ '}${label(node)}`,
      ...branches(node.requires, `${indent}${last ? '   ' : '│  '}`),
    ];
  });
}

function label({ name, version, action, seen }: PlanTree): string {
  return `${name}${version === '' ? '' : ` ${version}`}${actions[action]}${seen === true ? ' …' : ''}`;
}
