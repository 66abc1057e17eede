import { AgentUnderTest } from './agent-under-test.js';
import type { Scenario } from './scenario.js';
import { scenarios } from './scenarios.js';

export interface ScenarioResult {
  readonly name: string;
  /** What was not as it should be; null when all was. */
  readonly problem: string | null;
}

const sideBySide = 4;

/** One that waits for a request that never comes has failed. */
const scenarioMs = 5 * 60_000;

/** Runs the chosen scenarios, all unless said otherwise, against an agent of its own, some side by side: most of it is waiting. */
export async function runScenarios(
  command: string,
  onResult: (result: ScenarioResult) => void = () => undefined,
  chosen: readonly Scenario[] = scenarios,
): Promise<ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  const waiting = [...chosen];
  const work = async (): Promise<void> => {
    for (let scenario = waiting.shift(); scenario !== undefined; scenario = waiting.shift()) {
      const result = { name: scenario.name, problem: await problemOf(command, scenario) };
      onResult(result);
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: sideBySide }, work));
  return results;
}

async function problemOf(command: string, { run }: Scenario): Promise<string | null> {
  const agent = await AgentUnderTest.start(command);
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error('what it waits for did not come in time')), scenarioMs);
    });
    await Promise.race([run(agent), late]);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
    await agent.close();
  }
}
