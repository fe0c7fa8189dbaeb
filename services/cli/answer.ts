import { createProgress, type Progress } from './progress.ts';

/** Where a command says what came of it: the terminal, or whoever had the running product do it. */
export interface Answer {
  log(text: string): void;
  table(rows: readonly object[]): void;
  /** How far something is that takes long; shown where the command was given, if that can be. */
  progress(what: string): Progress;
  /** Where the paths begin that whoever gave the command means. */
  readonly cwd: string;
  /** Not everything went as asked: the command ends with status 1. */
  fail(): void;
}

export const terminal: Answer = {
  log: (text) => console.log(text),
  table: (rows) => console.table(rows),
  progress: createProgress,
  get cwd() {
    return process.cwd();
  },
  fail() {
    process.exitCode = 1;
  },
};
