// Describes a command of the command line: its words, its options with their meanings, and the function that runs it.

/** The words and options that the user typed. */
export type CommandLine = {
  /** The options that have a value, by name. */
  readonly options: Readonly<Record<string, string | undefined>>;
  readonly flags: ReadonlySet<string>;
  readonly words: readonly string[];
  /** Everything after `--`. */
  readonly rest: readonly string[];
};
export type Option = {
  readonly name: string;
  /** Stands for the value in the help. Absent for a flag, which has none. */
  readonly value?: string;
  /** The effect of the option, and its default. */
  readonly meaning: string;
};
export type Command = {
  /** One word or two, as they are typed. */
  readonly name: string;
  /** The words that must follow the name, as the help shows them. */
  readonly words?: readonly string[];
  /** Stands for what may follow `--`. Absent where nothing may. */
  readonly rest?: string;
  readonly summary: string;
  readonly options: readonly Option[];
  /** Further text of the help. */
  details?(): Promise<string>;
  /** Loads what the command needs, and runs it. A number is the exit status. */
  run(line: CommandLine): Promise<number | undefined>;
};
