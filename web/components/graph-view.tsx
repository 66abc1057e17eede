import dagre from '@dagrejs/dagre';
import { useMemo } from 'react';
import { Link } from 'wouter';
import type { DependencyGraph } from '../logic/dependency-graph.js';
import { countedText } from '../logic/numbers.js';
import { printable, shortened } from '../logic/text.js';
import { artifactHref } from './name.js';

const characterPx = 7.4;
const nodeHeight = 34;
const mostCharacters = 28;
const marginPx = 12;

interface Drawn {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly {
    name: string;
    text: string;
    isThere: boolean;
    isCentre: boolean;
    x: number;
    y: number;
    width: number;
  }[];
  readonly edges: readonly { key: string; path: string; optional: boolean }[];
}

/** Who needs whom as a picture, from left to right; the same in words below it, for whoever cannot see it. */
export function GraphView({ graph }: { readonly graph: DependencyGraph }) {
  const drawn = useMemo(() => draw(graph), [graph]);
  return (
    <>
      <div className="scroll" tabIndex={0} role="region" aria-label="Picture of what needs what">
        <svg
          width={drawn.width}
          height={drawn.height}
          viewBox={`0 0 ${drawn.width} ${drawn.height}`}
          className="graph"
          aria-hidden="true"
        >
          {drawn.edges.map(({ key, path, optional }) => (
            <path key={key} d={path} className={optional ? 'edge optional' : 'edge'} />
          ))}
          {drawn.nodes.map(({ name, text, isThere, isCentre, x, y, width }) => (
            <g key={name} className={`node ${isCentre ? 'centre' : ''} ${isThere ? '' : 'outside'}`}>
              <rect x={x - width / 2} y={y - nodeHeight / 2} width={width} height={nodeHeight} rx={7} />
              <text x={x} y={y + 4} textAnchor="middle">
                {text}
              </text>
            </g>
          ))}
        </svg>
      </div>
      {graph.leftOut > 0 && (
        <p className="quiet">{countedText(graph.leftOut, 'further artifact')} not drawn.</p>
      )}
      <ul className="plain-list">
        {graph.edges.map(({ from, to, range, optional }) => (
          <li key={`${from} ${to} ${range}`}>
            <Link href={artifactHref(from)}>{printable(from)}</Link> needs{' '}
            {graph.nodes.some(({ name, version }) => name === to && version !== null) ? (
              <Link href={artifactHref(to)}>{printable(to)}</Link>
            ) : (
              <bdi>{printable(to)} (of the gateway)</bdi>
            )}{' '}
            <span className="quiet">
              {printable(range)}
              {optional ? ', if it can be had' : ''}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function draw({ nodes, edges }: DependencyGraph): Drawn {
  const layout = new dagre.graphlib.Graph();
  layout.setGraph({ rankdir: 'LR', nodesep: 14, ranksep: 46, marginx: marginPx, marginy: marginPx });
  layout.setDefaultEdgeLabel(() => ({}));
  const texts = new Map(
    nodes.map(({ name, version }) => [
      name,
      shortened(printable(`${name} ${version ?? ''}`.trim()), mostCharacters),
    ]),
  );
  for (const { name } of nodes)
    layout.setNode(name, { width: (texts.get(name)?.length ?? 1) * characterPx + 20, height: nodeHeight });
  // One line between two, however many ways one needs the other.
  const lines = new Map(edges.map((edge) => [`${edge.from} ${edge.to}`, edge]));
  for (const { from, to } of lines.values()) layout.setEdge(from, to, {});
  dagre.layout(layout);
  const { width = 0, height = 0 } = layout.graph() as { width?: number; height?: number };
  return {
    width: Math.ceil(width),
    height: Math.ceil(height),
    nodes: nodes.map(({ name, version, isCentre }) => {
      const { x, y, width: own } = layout.node(name) as { x: number; y: number; width: number };
      return { name, text: texts.get(name) ?? name, isThere: version !== null, isCentre, x, y, width: own };
    }),
    edges: [...lines].map(([key, { from, to, optional }]) => {
      const { points } = layout.edge(from, to) as { points: { x: number; y: number }[] };
      const [start, ...others] = points.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`);
      return { key, path: `M${start ?? ''} L${others.join(' L')}`, optional };
    }),
  };
}
