#!/usr/bin/env node
import { runCli } from './run-cli.js';

// A reader that has enough, such as `| head`, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

const exitCode = await runCli(process.argv.slice(2), process);
// Commands that end by themselves may have said how it went.
if (exitCode !== 0) process.exitCode = exitCode;
