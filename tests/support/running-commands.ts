import { readdir, readFile } from 'node:fs/promises';

/** @returns the processes of this machine, each by its command line: arguments, each ended by a NUL */
export async function runningCommands(): Promise<string[]> {
  const running = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(running.map(async (pid) => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')));
}
