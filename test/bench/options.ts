import { parseArgs } from 'node:util';

/** What may be said after the names of benches, as `npm run bench -- reduce --events 1000000 --profile`. */
export interface BenchOptions {
  /** Of the main load; each bench has a number of its own when none is given. */
  readonly events?: number;
  readonly students: number;
  /** `reduce` also writes a CPU profile of one more run, and prints where its time went. */
  readonly profile: boolean;
  /** `reduce` measures one worker and two, once each, and nothing else. */
  readonly brief: boolean;
  /** How many keys there are, one run of `growth` each. */
  readonly keys: readonly number[];
  /** How many events each key of `growth`'s append-only states gets. */
  readonly perKey: number;
  /** How long `idle` looks. */
  readonly seconds: number;
}

export interface Asked {
  readonly names: readonly string[];
  readonly options: BenchOptions;
}

function count(name: string, text: string): number {
  const value = Number(text.replaceAll('_', ''));
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} must be a whole number above 0, not ${text}`);
}

/** Throws an error that names the option and what it takes. */
export function parseOptions(args: readonly string[]): Asked {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      events: { type: 'string' },
      students: { type: 'string', default: '5000' },
      profile: { type: 'boolean', default: false },
      brief: { type: 'boolean', default: false },
      keys: { type: 'string', default: '1000,10000,100000,1000000' },
      'per-key': { type: 'string', default: '100000' },
      seconds: { type: 'string', default: '30' },
    },
  });
  return {
    names: positionals,
    options: {
      ...(values.events === undefined ? {} : { events: count('events', values.events) }),
      students: count('students', values.students),
      profile: values.profile,
      brief: values.brief,
      keys: values.keys.split(',').map((text) => count('keys', text)),
      perKey: count('per-key', values['per-key']),
      seconds: count('seconds', values.seconds),
    },
  };
}
