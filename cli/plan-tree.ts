import { demandLines } from '../domain/artifact/demand-lines.js';
import { artifactKey } from '../domain/artifact/manifest.js';
import type { Plan, PlanTree } from '../domain/plan/plan.js';
import { bytesText } from './output.js';

const actions: Readonly<Record<PlanTree['action'], string>> = {
  install: '',
  keep: ' (installed, stays)',
  fixed: ' (part of the gateway)',
};

/** Long lists go on below themselves. */
const width = 96;

/** Draws a plan for people: what it amounts to, then the dependency tree below each request. */
export function planLines(plan: Plan): string[] {
  const { install, remove, keep, orphans = [], restore = [], consent = [], optimal } = plan;
  const { downloadSize, peakDisk, removeFirst } = plan;
  const why = (key: string) =>
    orphans.includes(key) ? ' (no longer needed)' : consent.includes(key) ? ' (was asked for)' : '';
  const gone = remove.map((key) => `${key}${why(key)}`);
  return [
    ...(install.length === 0 ? ['nothing to install'] : listLines('install', install)),
    ...listLines(removeFirst ? 'remove, before the rest' : 'remove', gone),
    ...listLines('keep', keep),
    ...listLines('to go back, install', restore),
    ...(optimal === 'best-found' ? ['the best found; a better one may exist (--budget looks longer)'] : []),
    `download ${bytesText(downloadSize)}, at most ${bytesText(peakDisk)} more on the disk`,
    ...plan.artifacts.flatMap(({ name, version, demands = {} }) =>
      listLines(
        'on it',
        demandLines(demands).map((line) => `${artifactKey({ name, version })} ${line}`),
      ),
    ),
    ...treeLines(plan),
  ];
}

function listLines(label: string, items: readonly string[]): string[] {
  if (items.length === 0) return [];
  const lines: string[] = [];
  let line = label.padEnd(8);
  for (const item of items) {
    if (line.length + item.length > width && line.trim() !== '') {
      lines.push(line);
      line = ' '.repeat(8);
    }
    line += ` ${item}`;
  }
  return [...lines, line];
}

function treeLines({ artifacts, tree }: Plan): string[] {
  const variants = new Map(artifacts.map((planned) => [artifactKey(planned), planned.variant]));
  const label = (node: PlanTree) => {
    const { name, version, action, seen } = node;
    const variant = action === 'install' ? (variants.get(artifactKey(node)) ?? 'any') : 'any';
    const built = variant === 'any' ? '' : ` [${variant}]`;
    return `${name}${version === '' ? '' : ` ${version}`}${built}${actions[action]}${seen === true ? ' …' : ''}`;
  };
  const branches = (nodes: readonly PlanTree[], indent: string): string[] =>
    nodes.flatMap((node, index) => {
      const last = index === nodes.length - 1;
      return [
        `${indent}${last ? '└─ ' : '├─ '}${label(node)}`,
        ...branches(node.requires, `${indent}${last ? '   ' : '│  '}`),
      ];
    });
  return tree.flatMap((root) => [label(root), ...branches(root.requires, '')]);
}
