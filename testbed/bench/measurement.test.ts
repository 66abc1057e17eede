import { describe, expect, test } from '@jest/globals';
import { emptyCounts } from '../../domain/rollout/state.js';
import { toJsonLine, toTable } from './figure.js';
import { figuresOf, type Measurement } from './measurement.js';

function measurement(gateways: number, seconds: number, events: number): Measurement {
  const at = (second: number): string => new Date(second * 1_000).toISOString();
  const step = { step: 'vi' as const, name: '' };
  return {
    gateways,
    seconds,
    packageBytes: 120_345,
    histories: { workflows: [], events, longestEvents: 100, largestPayloadBytes: 300_000 },
    processes: new Map([
      ['api', { cpuSeconds: seconds / 4, peakMemoryBytes: 100 * 1024 * 1024 }],
      ['virtual-gateways-1', { cpuSeconds: seconds, peakMemoryBytes: 200 * 1024 * 1024 }],
    ]),
    view: {
      id: 'r',
      requests: [],
      deployment: 'all',
      state: 'succeeded',
      deadlineSeconds: 60,
      allowRemove: false,
      allowDowngrade: false,
      createdBy: null,
      campaign: null,
      createdAt: at(0),
      endedAt: at(seconds),
      failure: null,
      failureText: null,
      waitingFor: null,
      events: [],
      temporalUi: null,
      counts: { ...emptyCounts(), succeeded: gateways },
      channels: [],
      steps: [
        { ...step, nodeId: 'node-1', startedAt: at(1), endedAt: at(4) },
        { ...step, nodeId: 'node-2', startedAt: at(2), endedAt: at(7) },
      ],
      groups: [],
    },
  };
}

describe('figures of the bench', () => {
  const figures = figuresOf(measurement(4_000, 20, 400), measurement(1_000, 4, 200), ['api']);
  const figure = (name: string): unknown => figures.find((candidate) => candidate.name === name);

  test('compare with their goals', () => {
    expect(figure('history_events_per_gateway')).toMatchObject({ value: 0.1, goal: 0.15, met: true });
    expect(figure('longest_history')).toMatchObject({ value: 100, met: true });
    expect(figure('largest_payload')).toMatchObject({ value: 300_000, goal: 262_144, met: false });
    expect(figure('deliveries_not_succeeded')).toMatchObject({ value: 0, met: true });
    expect(figure('time_per_gateway_ratio')).toMatchObject({ value: 1.25, goal: 1.3, met: true });
    expect(figure('cpu_per_gateway_ratio')).toMatchObject({ value: 1.25, met: true });
  });

  test('a step lasts from its first begin to its last end, on whichever node', () => {
    expect(figure('step_vi_time')).toMatchObject({ value: 6, unit: 's', goal: null, met: null });
  });

  test('one JSON line a figure, one row a figure', () => {
    const lines = figures.map(toJsonLine);
    for (const line of lines) {
      expect(Object.keys(JSON.parse(line) as object)).toEqual([
        'name',
        'value',
        'unit',
        'goal',
        'met',
        'how',
      ]);
    }
    expect(toTable(figures)).toContain('NOT MET');
  });
});
