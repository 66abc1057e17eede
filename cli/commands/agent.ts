export { agentCommand } from '../../agent/agent-command.js';
