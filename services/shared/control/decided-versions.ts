import type { ActiveVersion, StandingVersion } from './version-record.ts';

/** Which version of each module is shown, as far as the topic was read: a part of what is decided. */
export interface DecidedVersions {
  /** By NAME. */
  readonly standing: ReadonlyMap<string, StandingVersion>;
  /** What stands, as the records that it came of. */
  records(): readonly ActiveVersion[];
  take(record: ActiveVersion): void;
  restore(versions: readonly StandingVersion[]): void;
}

/** Whether a record counts after what stands. Decided by the order of the topic alone, so that all who read it agree. */
function counts(record: ActiveVersion, standing: StandingVersion | undefined): boolean {
  if (record.follows !== (standing?.decisions ?? 0)) return false;
  if (record.person || standing === undefined) return true;
  return standing.auto && record.version > standing.version;
}

export function createDecidedVersions(): DecidedVersions {
  const versions = new Map<string, StandingVersion>();
  return {
    standing: versions,
    records: () =>
      [...versions.values()].map(({ previous: _, decisions, ...stands }) => ({
        kind: 'active-version',
        ...stands,
        follows: decisions - 1,
        person: true,
      })),
    take(record) {
      const standing = versions.get(record.module);
      if (!counts(record, standing)) return;
      const { module, version, auto, because } = record;
      const previous =
        standing === undefined || standing.version !== version
          ? (standing?.version ?? null)
          : standing.previous;
      const decisions = (standing?.decisions ?? 0) + 1;
      versions.set(module, { module, version, previous, decisions, auto, because });
    },
    restore(given) {
      for (const one of given) versions.set(one.module, one);
    },
  };
}
