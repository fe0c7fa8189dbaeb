/** What a fault's audit counted. */
export interface Totals {
  /** Events that the log acknowledged, each time that they were sent. */
  readonly acknowledged: number;
  /** Records in archive and log. */
  readonly records: number;
  readonly duplicates: number;
  /** Times that a reducer took an event, each of which is part of a state. */
  readonly folded: number;
  readonly deadLetters: number;
  /** States that were compared, each with an independent fold. */
  readonly states: number;
}

export const NOTHING: Totals = {
  acknowledged: 0,
  records: 0,
  duplicates: 0,
  folded: 0,
  deadLetters: 0,
  states: 0,
};

export function sumOf(one: Totals, other: Totals): Totals {
  const sums = Object.keys(one).map((name) => [
    name,
    one[name as keyof Totals] + other[name as keyof Totals],
  ]);
  return Object.fromEntries(sums) as Totals;
}

const COLUMNS = [
  ['acknowledged', 'events acknowledged'],
  ['records', 'records kept'],
  ['duplicates', 'duplicates'],
  ['folded', 'folded'],
  ['deadLetters', 'dead letters'],
  ['states', 'states compared'],
] as const satisfies readonly (readonly [keyof Totals, string])[];

const NAME_WIDTH = 22;

/** The table of some faults, one line each below the names of the columns. */
export function tableOf(rows: readonly (readonly [name: string, totals: Totals])[]): string {
  const head = ['fault'.padEnd(NAME_WIDTH), ...COLUMNS.map(([, title]) => title)].join('  ');
  const lines = rows.map(([name, totals]) =>
    [
      name.padEnd(NAME_WIDTH),
      ...COLUMNS.map(([key, title]) => String(totals[key]).padStart(title.length)),
    ].join('  '),
  );
  return [head, ...lines].join('\n');
}
