/** How archive objects are named: by where their records came from, so that a partition's chain is found by listing. */

export interface ArchivedPartition {
  readonly source: string;
  readonly topic: string;
  readonly partition: number;
}

export function sourceFolder({ source }: ArchivedPartition): string {
  return `events/source=${source}/`;
}

/** What the names of a partition's objects in one folder begin with; nothing else begins so. */
export function partitionPrefix({ topic, partition }: ArchivedPartition): string {
  return `${topic}+${partition}+`;
}

/** The day of a broker's timestamp in UTC, `YYYY-MM-DD`, as folders are named. */
export function dateOf(timestamp: number): string {
  return new Date(timestamp).toISOString().slice(0, 10);
}

/** The day of the folder in which a name lies, or which it is; null where there is none. */
export function dateOfName(name: string): string | null {
  return /\/date=(\d{4}-\d\d-\d\d)\//.exec(name)?.[1] ?? null;
}

/**
 * `events/source=<source>/date=<YYYY-MM-DD>/<topic>+<partition>+<first offset, 20 digits>.avro`. The date is that of the
 * first record's broker timestamp, in UTC: a function of the log, so whoever archives from that offset on, whenever and
 * however much, takes the same name. Zeros make the order of names that of offsets.
 */
export function objectName(
  of: ArchivedPartition,
  first: { readonly offset: number; readonly timestamp: number },
): string {
  const offset = String(first.offset).padStart(20, '0');
  return `${sourceFolder(of)}date=${dateOf(first.timestamp)}/${partitionPrefix(of)}${offset}.avro`;
}

/** The first offset that the end of a name says, after its prefix; null when no object is named so. */
export function offsetOfName(end: string): number | null {
  const digits = /^(\d{20})\.avro$/.exec(end)?.[1];
  return digits === undefined ? null : Number(digits);
}
