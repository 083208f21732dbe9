/** `completions`: what a shell needs to complete this command line, made from the command line itself. */

import type { Command } from "commander";
import { EXIT } from "../errors.ts";
import type { Io } from "../io.ts";

/** The shells. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One of the shells. */
export type Shell = (typeof SHELLS)[number];

/** Writes the script; resolves with the exit code. */
export function runCompletions(shell: Shell, program: Command, io: Io): number {
  const commands = program.commands.map(describeCommand);
  const write = { bash: bashScript, zsh: zshScript, fish: fishScript }[shell];
  io.out(write(program.name(), commands));
  return EXIT.ok;
}

interface CommandWords {
  readonly name: string;
  readonly help: string;
  readonly flags: readonly FlagWords[];
  /** Choices of its argument. */
  readonly choices: readonly string[];
}

interface FlagWords {
  readonly flags: readonly string[];
  readonly help: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

function describeCommand(command: Command): CommandWords {
  return {
    name: command.name(),
    help: command.description(),
    choices: command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
    flags: command.createHelp().visibleOptions(command).map((option) => ({
      flags: [option.short, option.long].filter((flag) => flag !== undefined && flag !== null),
      help: option.description,
      takesValue: option.required || option.optional,
      choices: option.argChoices ?? [],
    })),
  };
}

/** Values of flags are completed as file names, unless they are one of a few words. */
function bashScript(program: string, commands: readonly CommandWords[]): string {
  const cases = commands.map((command) => {
    const flags = command.flags.flatMap((flag) => flag.flags);
    return `    ${command.name}) words="${[...command.choices, ...flags].join(" ")}" ;;\n`;
  });
  const values = commands.flatMap((command) =>
    command.flags.filter((flag) => flag.choices.length > 0).flatMap((flag) =>
      flag.flags.map((name) =>
        `    "${command.name} ${name}") words="${flag.choices.join(" ")}" ;;\n`
      )
    )
  );
  const name = identifier(program);
  return `# bash completion of ${program}
_${name}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map((command) => command.name).join(" ")}" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]} $previous" in
${values.join("")}  esac
  if [ -n "$words" ]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join("")}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _${name} ${program}
`;
}

function zshScript(program: string, commands: readonly CommandWords[]): string {
  const names = commands.map(({ name, help }) => `    ${quote(`${name}:${help}`)}\n`);
  const cases = commands.map((command) => {
    const specs = [
      ...command.flags.flatMap((flag) => flag.flags.map((name) => zshSpec(name, flag))),
      command.choices.length > 0
        ? quote(`*:word:(${command.choices.join(" ")})`)
        : "'*:file:_files'",
    ];
    return `    ${command.name})\n      _arguments ${specs.join(" \\\n        ")}\n      ;;\n`;
  });
  const name = identifier(program);
  return `#compdef ${program}
_${name}() {
  local -a commands
  commands=(
${names.join("")}  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command="\${words[2]}"
  shift words
  (( CURRENT -= 1 ))
  case "$command" in
${cases.join("")}  esac
}
if [ "$funcstack[1]" = "_${name}" ]; then _${name} "$@"; else compdef _${name} ${program}; fi
`;
}

function zshSpec(name: string, { help, takesValue, choices }: FlagWords): string {
  const text = help.replace(/[\\[\]:]/g, "\\$&");
  if (!takesValue) return quote(`*${name}[${text}]`);
  const value = choices.length > 0 ? `(${choices.join(" ")})` : "_files";
  return quote(`*${name}=[${text}]:value:${value}`);
}

function fishScript(program: string, commands: readonly CommandWords[]): string {
  const lines = commands.flatMap((command) => {
    const within = `-n ${quote(`__fish_seen_subcommand_from ${command.name}`)}`;
    return [
      `complete -c ${program} -f -n __fish_use_subcommand -a ${command.name} -d ${
        quote(command.help)
      }`,
      ...(command.choices.length === 0
        ? []
        : [`complete -c ${program} -f ${within} -a ${quote(command.choices.join(" "))}`]),
      ...command.flags.map((flag) => `complete -c ${program} ${within} ${fishFlag(flag)}`),
    ];
  });
  return `# fish completion of ${program}\n${lines.join("\n")}\n`;
}

function fishFlag({ flags, help, takesValue, choices }: FlagWords): string {
  const names = flags.map((flag) =>
    flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag[1]}`
  );
  const value = !takesValue
    ? []
    : choices.length === 0
    ? ["-r"]
    : [`-x -a ${quote(choices.join(" "))}`];
  return [...names, ...value, `-d ${quote(help)}`].join(" ");
}

function identifier(program: string): string {
  return program.replace(/\W/g, "_");
}

/** Quotes a text for any of the shells; fish knows no other way to write a quote inside of quotes. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "’")}'`;
}
