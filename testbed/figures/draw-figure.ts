/** Draws a figure: what was measured, beside the shape that the paper describes. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Resvg } from '@resvg/resvg-js';
import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { RunRecord } from '../experiment/record.js';
import { groupBy, summaryOf } from '../statistics.js';
import type { PaperFigure } from './paper-figures.js';

/** The same letters on every machine: none is asked for its own. */
const fontFamily = 'DejaVu Sans';
const fontFile = join(
  dirname(createRequire(import.meta.url).resolve('dejavu-fonts-ttf/package.json')),
  'ttf',
  'DejaVuSans.ttf',
);
const pngWidth = 1_800;

/** @returns the SVG */
export async function drawFigure(
  name: string,
  figure: PaperFigure,
  records: readonly RunRecord[],
): Promise<string> {
  const view = new vega.View(vega.parse(compile(specOf(name, figure, records)).spec), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

export function toPng(svg: string): Uint8Array {
  const font = { fontFiles: [fontFile], loadSystemFonts: false, defaultFontFamily: fontFamily };
  return new Resvg(svg, { font, background: 'white', fitTo: { mode: 'width', value: pngWidth } })
    .render()
    .asPng();
}

function specOf(name: string, figure: PaperFigure, records: readonly RunRecord[]): TopLevelSpec {
  const runs = records.map(({ gateways, seconds, nodes }) => ({
    gateways,
    ms: seconds * 1_000,
    nodes: nodes === 1 ? '1 node' : `${nodes} nodes`,
  }));
  const medians = [...groupBy(records, ({ gateways }) => gateways)].map(([gateways, own]) => ({
    gateways,
    ms: summaryOf(own.map(({ seconds }) => seconds * 1_000)).median,
  }));
  const shape = figure.shape.map(([gateways, height]) => ({ gateways, height }));
  const largest = Math.max(...figure.sizes);
  const x = {
    field: 'gateways',
    type: 'quantitative' as const,
    title: 'IoT gateways',
    scale: { domain: [0, largest] },
  };
  const second = {
    data: { values: [{ gateways: figure.threshold }] },
    mark: { type: 'rule' as const, strokeDash: [4, 4], color: '#999' },
    encoding: { x },
  };
  const y = { field: 'ms', type: 'quantitative' as const, title: 'provisioning time (ms)' };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    config: { font: fontFamily, axis: { labelFontSize: 12, titleFontSize: 12 }, title: { fontSize: 14 } },
    background: 'white',
    hconcat: [
      {
        title: `Measured: figure ${name}, ${figure.title}`,
        width: 480,
        height: 300,
        layer: [
          second,
          { data: { values: medians }, mark: { type: 'line', color: '#1f4e79' }, encoding: { x, y } },
          {
            data: { values: runs },
            mark: { type: 'point', filled: true, opacity: 0.7, size: 36 },
            encoding: { x, y, color: { field: 'nodes', type: 'nominal', title: null } },
          },
        ],
      },
      {
        title: 'The paper: shape by its text, heights without a unit',
        width: 480,
        height: 300,
        layer: [
          second,
          {
            data: { values: shape },
            mark: { type: 'line', point: true, color: '#a04000' },
            encoding: {
              x,
              y: {
                field: 'height',
                type: 'quantitative',
                title: 'provisioning time',
                axis: { labels: false, ticks: false },
                scale: { domain: [0, 1.05] },
              },
            },
          },
        ],
      },
    ],
  };
}
