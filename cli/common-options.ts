import { Option, type Command } from 'commander';

/** Verbs that work without a server take --server and --token all the same, so that scripts can give them always. */
const offline = new Set([
  ...['up', 'resolve', 'package inspect', 'package verify', 'package unpack'],
  ...['context list', 'context show', 'context use', 'context remove'],
  // What is done where artifacts are written.
  ...['artifact init', 'artifact check', 'artifact try', 'artifact import'],
  // What is done where the keys are.
  ...[
    'key create',
    'key show',
    'key rotate-secrets',
    'trust init',
    'trust delegate',
    'trust revoke',
    'trust unsigned',
    'trust rotate',
  ],
]);

/** Gives every verb below a command the options that all verbs take, unless it has declared them itself. */
export function addCommonOptions(command: Command): void {
  if (command.commands.length > 0) {
    for (const below of command.commands) addCommonOptions(below);
    return;
  }
  const needsServer = !offline.has(verbOf(command));
  addUnlessDeclared(command, new Option('--json', 'print JSON, errors too'));
  addUnlessDeclared(command, new Option('--server <url>', 'address of the API').hideHelp(!needsServer));
  const ca = new Option('--ca <file>', 'PEM of the authority that the API must be certified by');
  addUnlessDeclared(command, ca.hideHelp(!needsServer));
  addUnlessDeclared(command, new Option('--token <token>', 'management token').hideHelp(!needsServer));
}

/** As it is typed, without `leonore`. */
function verbOf(command: Command): string {
  const { parent } = command;
  return parent?.parent == null ? command.name() : `${parent.name()} ${command.name()}`;
}

function addUnlessDeclared(command: Command, option: Option): void {
  if (!command.options.some(({ long }) => long === option.long)) command.addOption(option);
}
