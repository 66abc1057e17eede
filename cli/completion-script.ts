import type { Command } from 'commander';

export const completionShells = ['bash', 'zsh', 'fish'] as const;
export type CompletionShell = (typeof completionShells)[number];

/** What may stand behind the words of a command: commands below it, its options, and what an option takes. */
interface Place {
  /** The words of the command without `leonore`, such as `gateway list`; empty for all verbs. */
  readonly words: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly {
    readonly flag: string;
    readonly description: string;
    readonly takesValue: boolean;
    /** What it takes, when that is one of a few. */
    readonly choices: readonly string[];
  }[];
}

/**
 * A script that completes commands and options, and files elsewhere. Nothing is asked of the program when somebody presses
 * the key: all that it needs stands in the script.
 * @param program with all its commands
 */
export function completionScript(shell: CompletionShell, program: Command): string {
  const places = placesOf(program, []);
  if (shell === 'fish') return fishScript(places);
  return shell === 'bash' ? bashScript(places) : zshScript(places);
}

function placesOf(command: Command, words: readonly string[]): Place[] {
  const help = command.createHelp();
  const commands = command.commands.map((below) => ({
    name: below.name(),
    description: below.description(),
  }));
  const options = help
    .visibleOptions(command)
    .flatMap(({ long, description, argChoices, required, optional }) =>
      long == null
        ? []
        : [{ flag: long, description, takesValue: required || optional, choices: argChoices ?? [] }],
    );
  return [
    { words: words.join(' '), commands, options },
    ...command.commands.flatMap((below) => placesOf(below, [...words, below.name()])),
  ];
}

/** For `case`: the words that may follow those of a command. */
function wordCases(places: readonly Place[]): string {
  return places
    .map(({ words, commands, options }) => {
      const following = [...commands.map(({ name }) => name), ...options.map(({ flag }) => flag)];
      return `    '${words}') next='${following.join(' ')}' ;;`;
    })
    .join('\n');
}

/** For `case`: what an option takes; `-` for anything, which is completed as a file. */
function valueCases(places: readonly Place[]): string {
  return places
    .flatMap(({ words, options }) =>
      options
        .filter(({ takesValue }) => takesValue)
        .map(({ flag, choices }) => `    '${words} ${flag}') next='${choices.join(' ') || '-'}' ;;`),
    )
    .join('\n');
}

/** Finds the command in the words before the cursor: those that are commands, whatever stands between them. */
function commandCases(places: readonly Place[]): string {
  return places
    .filter(({ words }) => words !== '')
    .map(({ words }) => `'${words}'`)
    .join('|');
}

/** Sets `next` to what may follow, given `command` and the word `before`; bash and zsh read it alike. */
function nextCases(places: readonly Place[]): string {
  return `  case "$command $before" in
${valueCases(places)}
  esac
  if [ -z "$next" ]; then
    case "$command" in
${wordCases(places)}
    esac
  fi`;
}

function bashScript(places: readonly Place[]): string {
  return `# leonore completion bash: source <(leonore completion bash)
_leonore() {
  local command='' next='' word cursor=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${command:+$command }$word" in ${commandCases(places)}) command="\${command:+$command }$word" ;; esac
  done
${nextCases(places)}
  COMPREPLY=()
  [ "$next" = - ] || COMPREPLY=($(compgen -W "$next" -- "$cursor"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$cursor"))
}
complete -o filenames -F _leonore leonore
`;
}

function zshScript(places: readonly Place[]): string {
  return `#compdef leonore
# leonore completion zsh: source <(leonore completion zsh)
_leonore() {
  local command='' next='' word before=\${words[CURRENT-1]}
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${command:+$command }$word" in ${commandCases(places)}) command="\${command:+$command }$word" ;; esac
  done
${nextCases(places)}
  [ "$next" = - ] || compadd -- \${=next}
  _files
}
compdef _leonore leonore
`;
}

function fishScript(places: readonly Place[]): string {
  const lines = places.flatMap(({ words, commands, options }) => {
    const when = `-n '__leonore_at ${words}'`;
    return [
      ...commands.map(
        ({ name, description }) => `complete -c leonore ${when} -f -a ${name} -d ${fishQuoted(description)}`,
      ),
      ...options.map(({ flag, description, takesValue, choices }) => {
        const value = choices.length > 0 ? ` -x -a '${choices.join(' ')}'` : takesValue ? ' -r' : '';
        return `complete -c leonore ${when} -l ${flag.slice(2)}${value} -d ${fishQuoted(description)}`;
      }),
    ];
  });
  return `# leonore completion fish: leonore completion fish | source
set -g __leonore_commands ${places
    .filter(({ words }) => words !== '')
    .map(({ words }) => `'${words}'`)
    .join(' ')}
function __leonore_at
  set -l command
  for word in (commandline -opc)[2..-1]
    contains -- (string join ' ' $command $word) $__leonore_commands; and set command $command $word
  end
  test (string join ' ' $command) = (string join ' ' $argv)
end
${lines.join('\n')}
`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
