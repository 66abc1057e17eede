/** What scenarios are, and what they are made of. */
import assert from 'node:assert/strict';
import type { Report } from '../../domain/agent-protocol/messages.js';
import { testPackage, type TestArtifact, type TestPackage } from '../../agent/testing/test-package.js';
import type { AgentUnderTest } from './agent-under-test.js';

export interface Scenario {
  readonly name: string;
  /** Throws what was not as it should be. */
  readonly run: (agent: AgentUnderTest) => Promise<void>;
}

/** An application of one start script. */
export const app = (
  version: string,
  start = 'exec sleep 1000\n',
  files: TestArtifact['files'] = {},
  over: Partial<TestArtifact> = {},
): TestPackage => testPackage({ name: 'app', version, files: { 'start.sh': start, ...files }, ...over });

/** `name@version` of what a report says is installed. */
export const installed = (report: Report): string[] =>
  (report.installed ?? []).map(({ name, version }) => `${name}@${version}`).sort();

/** What the last report of a delivery has to say. */
export function ends(report: Report, state: string, keys: readonly string[], error: object = {}): void {
  assert.equal(report.state, state, JSON.stringify(report.error ?? report.detail ?? ''));
  assert.deepEqual(installed(report), keys);
  for (const [key, value] of Object.entries(error)) {
    assert.equal(Reflect.get(report.error ?? {}, key), value, JSON.stringify(report.error));
  }
}
