/** Where a command says what came of it: the terminal, or whoever had the running product do it. */
export interface Answer {
  log(text: string): void;
  table(rows: readonly object[]): void;
  /** Not everything went as asked: the command ends with status 1. */
  fail(): void;
}

export const terminal: Answer = {
  log: (text) => console.log(text),
  table: (rows) => console.table(rows),
  fail() {
    process.exitCode = 1;
  },
};
