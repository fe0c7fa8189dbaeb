import { parseArgs } from 'node:util';

/** What may be said after the names of benches, as `npm run bench -- reduce --events 1000000 --profile`. */
export interface BenchOptions {
  /** Of the main load; each bench has a number of its own when none is given. */
  readonly events?: number;
  readonly students: number;
  /** `reduce`, `archive` and `replay` also write a CPU profile of one more run, and print where its time went. */
  readonly profile: boolean;
  /**
   * Within a minute, to see that a bench works: its figures say little. `reduce` measures one worker and two, once each,
   * and nothing else; `growth` has few keys and events; `takeover` has few events, and leaves out the replay out of the
   * archive; `idle` does not wait until the worker has settled; `endurance` has few sockets and takes 20 s; `archive` has
   * few events, and few objects to verify; `export` and `replay` have few events.
   */
  readonly brief: boolean;
  /** How many keys there are, one run of `growth` each. */
  readonly keys: readonly number[];
  /** How many events the oldest keys of `growth`'s append-only states get; younger ones a thousandth of it at least. */
  readonly perKey: number;
  /** How long `idle` looks, and `endurance` sends; each has a time of its own when none is given. */
  readonly seconds?: number;
}

export interface Asked {
  readonly names: readonly string[];
  readonly options: BenchOptions;
}

const THOUSAND = 1_000;
const FULL = { keys: '1000,10000,100000,1000000', perKey: '100000' };
const BRIEF = { keys: '100,1000', perKey: '2000' };

function count(name: string, text: string): number {
  const value = Number(text.replaceAll('_', ''));
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} must be a whole number above 0, not ${text}`);
}

/** Of which a thousandth is a whole number too. */
function thousands(name: string, text: string): number {
  const value = count(name, text);
  if (value % THOUSAND === 0) return value;
  throw new Error(`--${name} must be a multiple of 1000, not ${text}`);
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
      keys: { type: 'string' },
      'per-key': { type: 'string' },
      seconds: { type: 'string' },
    },
  });
  const usual = values.brief ? BRIEF : FULL;
  return {
    names: positionals,
    options: {
      ...(values.events === undefined ? {} : { events: count('events', values.events) }),
      students: count('students', values.students),
      profile: values.profile,
      brief: values.brief,
      keys: (values.keys ?? usual.keys).split(',').map((text) => count('keys', text)),
      perKey: thousands('per-key', values['per-key'] ?? usual.perKey),
      ...(values.seconds === undefined ? {} : { seconds: count('seconds', values.seconds) }),
    },
  };
}
