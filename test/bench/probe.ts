import { partitionOf } from '../../services/shared/partition.ts';

/**
 * What only the process that reduces can tell, called by the reducers of `reducers.ts` and printed on stdout. It costs
 * an event two comparisons, and a line ten times a second.
 */

/** How far a process was at a moment, the moment of its first event among them. */
export interface ProbeSample {
  readonly kind: 'sample';
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Of this process since its start. */
  readonly cpuMicros: number;
  /** How often a reducer of the process was called. */
  readonly reduced: number;
}

/** A process got an event of a partition that it had none of for half a second, or never. */
export interface Resumed {
  readonly kind: 'resumed';
  readonly at: number;
  readonly partition: number;
}

export const PROBE = 'probe ';
const SAMPLE_MS = 100;
const SILENCE_MS = 500;

let reduced = 0;
let told = 0;
const heardAt = new Map<number, number>();

const tell = (line: ProbeSample | Resumed): boolean =>
  process.stdout.write(`${PROBE}${JSON.stringify(line)}\n`);

function sample(): void {
  if (told === reduced) return;
  told = reduced;
  const { user, system } = process.cpuUsage();
  tell({ kind: 'sample', at: Date.now(), cpuMicros: user + system, reduced });
}

/** A reducer got an event. */
export function countReduced(): void {
  if (reduced === 0) {
    setInterval(sample, SAMPLE_MS).unref();
    reduced = 1;
    sample();
    return;
  }
  reduced += 1;
}

/** As `countReduced`, and looks at the partition of the event's key. */
export function watchPartition(key: string, partitions: number): void {
  countReduced();
  const partition = partitionOf(key, partitions);
  const at = Date.now();
  if (at - (heardAt.get(partition) ?? 0) > SILENCE_MS) tell({ kind: 'resumed', at, partition });
  heardAt.set(partition, at);
}
