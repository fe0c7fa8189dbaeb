import type { Kind } from './events.ts';
import type { ModuleSpec } from './modules.ts';

/** An event of a script. Sequences are given where the client numbers its events. */
export interface EventSpec {
  /** Which of the world's sources. */
  readonly source: number;
  readonly student: number;
  readonly kind: Kind;
  readonly n: number;
  readonly doc: string;
  readonly sequence: number | null;
}

/** What happens in a world. Times are milliseconds of it; `slot` names a process, `ago` counts back from the newest. */
export type Happening =
  | { readonly what: 'append'; readonly events: readonly EventSpec[] }
  | { readonly what: 'append again'; readonly ago: number; readonly count: number }
  | { readonly what: 'client resends'; readonly ago: number; readonly count: number }
  /**
   * Events waited unclaimed, and are copied; of each partition, so many that are copied already are copied once more. `far`
   * is when the ids of those are forgotten.
   */
  | {
      readonly what: 'copies';
      readonly events: readonly EventSpec[];
      readonly again: number;
      readonly far: boolean;
    }
  | { readonly what: 'skip offsets'; readonly partition: number; readonly count: number }
  | { readonly what: 'log time jumps'; readonly days: number }
  | { readonly what: 'archive and trim'; readonly partition: number; readonly keep: number }
  | { readonly what: 'crash'; readonly slot: number; readonly ms: number }
  | { readonly what: 'stop'; readonly slot: number; readonly ms: number }
  | { readonly what: 'freeze'; readonly slot: number; readonly ms: number }
  | { readonly what: 'cut off from groups'; readonly slot: number; readonly ms: number }
  | { readonly what: 'rebalance'; readonly module: number }
  | { readonly what: 'pause module'; readonly module: number; readonly ms: number }
  | { readonly what: 'requeue'; readonly module: number; readonly which: number }
  | { readonly what: 'store away'; readonly ms: number }
  | { readonly what: 'store slow'; readonly ms: number }
  | { readonly what: 'replies lost'; readonly count: number }
  | { readonly what: 'commands lost'; readonly count: number }
  | { readonly what: 'commands resent'; readonly count: number }
  | { readonly what: 'sends fail'; readonly count: number }
  | { readonly what: 'old checkpoint resent'; readonly ago: number }
  | { readonly what: 'store flushed' }
  | { readonly what: 'store loses newest'; readonly changes: number }
  | { readonly what: 'store snapshot' }
  | { readonly what: 'store restored' };

export interface Item {
  readonly happening: Happening;
  /** How much time passes afterwards. */
  readonly passMs: number;
}

/** A whole schedule: the same script makes the same run, to the last step. */
export interface Script {
  readonly seed: number;
  readonly partitions: number;
  readonly processes: number;
  readonly modules: readonly ModuleSpec[];
  readonly items: readonly Item[];
}

function describeEvent({ source, student, kind, n, doc, sequence }: EventSpec): string {
  const parts = [`s${student}:${n}`];
  if (source > 0) parts.push(`from source ${source}`);
  if (kind !== 'plain') parts.push(kind);
  if (doc !== '') parts.push(`doc ${doc}`);
  if (sequence !== null) parts.push(`#${sequence}`);
  return parts.join(' ');
}

function describeHappening(happening: Happening): string {
  if (happening.what === 'append' || happening.what === 'copies') {
    const again =
      happening.what === 'copies'
        ? `, ${happening.again} of each partition again${happening.far ? ', far behind' : ''}`
        : '';
    return `${happening.what} ${happening.events.map(describeEvent).join(', ')}${again}`;
  }
  const { what, ...given } = happening;
  return [what, ...Object.entries(given).map(([name, value]) => `${name} ${value}`)].join(', ');
}

/** A script for people, one item a line. */
export function describeScript({ seed, partitions, processes, modules, items }: Script): string {
  const lines = [
    `seed ${seed}, ${partitions} partitions, ${processes} processes`,
    ...modules.map(
      ({ name, reducers }) =>
        `module ${name}: ${reducers.map(({ form, scope, contexts, minds }) => `${form} of ${contexts.join('+')} by ${scope}, minds ${minds.join('/') || 'nothing'}`).join('; ')}`,
    ),
    ...items.map(
      ({ happening, passMs }, index) => `${index + 1}. ${describeHappening(happening)}; ${passMs} ms pass`,
    ),
  ];
  return lines.join('\n  ');
}
