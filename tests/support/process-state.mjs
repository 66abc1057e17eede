/**
 * Remembers what test files may change of the process that they share with those after them.
 * @returns puts it back
 */
export function rememberProcess() {
  const { console } = globalThis;
  const { exit, exitCode } = process;
  const env = { ...process.env };
  const directory = process.cwd();
  const listeners = new Map(process.eventNames().map((event) => [event, process.listeners(event)]));
  return () => {
    globalThis.console = console;
    process.exit = exit;
    process.exitCode = exitCode;
    for (const name of Object.keys(process.env))
      if (!(name in env)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, env);
    if (process.cwd() !== directory) process.chdir(directory);
    for (const event of process.eventNames())
      for (const listener of process.listeners(event))
        if (listeners.get(event)?.includes(listener) !== true) process.removeListener(event, listener);
  };
}
