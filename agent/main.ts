/** The agent as a process of its own: what `leonore agent` does, without loading the rest of the CLI. */
import { agentCommand } from './agent-command.js';
import { messageOf } from './state/system-error.js';

try {
  await agentCommand().parseAsync();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
