import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { usageOf, UsageRecorder } from './process-usage.js';
import { until } from './until.js';

describe('usage of processes', () => {
  test('counts CPU and memory of a process with its children', async () => {
    const burn = 'while (process.cpuUsage().user < 700_000);';
    // The node is a child of the shell, which itself does nothing.
    const shell = spawn(
      'sh',
      ['-c', `"${process.execPath}" -e "${burn}; setTimeout(() => {}, 5000)"; true`],
      {
        detached: true,
        stdio: 'ignore',
      },
    );
    const pid = shell.pid ?? 0;
    const recorder = new UsageRecorder({ shell: pid }, 50);
    try {
      await until(() => usageOf(pid).cpuSeconds > 0.5, 25_000);
      const usage = recorder.stop().get('shell');
      expect(usage?.cpuSeconds).toBeGreaterThan(0.4);
      expect(usage?.peakMemoryBytes).toBeGreaterThan(5_000_000);
    } finally {
      recorder.stop();
      process.kill(-pid, 'SIGKILL'); // The shell with its child.
      await once(shell, 'exit');
    }
  });

  test('leaves out what is measured by itself', async () => {
    const shell = spawn('sh', ['-c', 'sleep 30; true'], { detached: true, stdio: 'ignore' });
    const pid = shell.pid ?? 0;
    try {
      await until(
        () => usageOf(process.pid).memoryBytes > usageOf(process.pid, undefined, [pid]).memoryBytes,
        5_000,
      );
    } finally {
      process.kill(-pid, 'SIGKILL');
      await once(shell, 'exit');
    }
  });

  test('of a process that is gone is zero', () => {
    expect(usageOf(4_194_305)).toEqual({ cpuSeconds: 0, memoryBytes: 0 });
  });
});
