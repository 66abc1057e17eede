import { describe, expect, test } from '@jest/globals';
import type { RunRecord } from '../experiment/record.js';
import { drawFigure, toPng } from './draw-figure.js';
import { figurePage } from './figure-page.js';
import { figureNames, paperFigures } from './paper-figures.js';

function record(gateways: number, run: number, seconds: number): RunRecord {
  return {
    gateways,
    run,
    package: 'svm',
    strategy: 'pull',
    level: 'protocol',
    nodes: gateways > 500 ? 2 : 1,
    seconds,
    floorSeconds: seconds / 4,
    succeeded: gateways,
    packageBytes: 120_000 + run,
    packageContents: 'stand-ins',
    steps: {},
    historyEvents: 100,
    longestHistory: 50,
    cpuSeconds: { api: 0.5, 'node-1': seconds },
    peakMiB: {},
    floorCpuSeconds: null,
    clients: 2,
    concurrency: 64,
    intervalSeconds: 1,
    at: '2026-01-01T00:00:00.000Z',
    machine: {
      cpu: 'a processor',
      cores: 2,
      memoryBytes: 1,
      freeMemoryBytes: 1,
      loadBefore: 0,
      system: 'Linux',
      node: 'v20',
    },
  };
}

const records = [record(500, 1, 3), record(500, 2, 5), record(500, 3, 4), record(1000, 1, 2)];

describe('figures', () => {
  test.each(figureNames)('%s: the shape covers the sizes and the threshold lies within', (name) => {
    const { sizes, shape, threshold } = paperFigures[name];
    expect(shape[0]?.[0]).toBe(sizes[0]);
    expect(shape.at(-1)?.[0]).toBe(sizes.at(-1));
    expect(sizes).toContain(threshold);
    expect([...sizes]).toEqual([...sizes].sort((left, right) => left - right));
  });

  test('a page has a row a size, with median and range, and the CPU seconds of each process', () => {
    const page = figurePage('5a', paperFigures['5a'], records);
    expect(page).toContain('| 500 | 1 | 500 | 3.00 | **4.00** | 5.00 | 1.00 | 0.200 |');
    expect(page).toContain('| 1000 | 2 | 1000 | 2.00 | **2.00** | 2.00 | 0.50 | 0.100 |');
    expect(page).toContain('| gateways | api | node-1 |');
    expect(page).toContain('| 500 | 0.50 | 4.00 |');
    expect(page).toContain('120001 to 120003 bytes');
    expect(page).toContain('each gateway polls each 1 s');
  });

  test('the picture shows each run, the second node and the shape of the paper', async () => {
    const svg = await drawFigure('5a', paperFigures['5a'], records);
    expect(svg).toContain('Measured: figure 5a');
    expect(svg).toContain('2 nodes');
    expect(svg.match(/aria-roledescription="point"/g)?.length).toBeGreaterThanOrEqual(records.length);
    const png = toPng(svg);
    expect(Buffer.from(png.subarray(1, 4)).toString()).toBe('PNG');
    expect(png.length).toBeGreaterThan(10_000);
  });
});
