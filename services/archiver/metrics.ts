import { Counter, Gauge, type Registry } from 'prom-client';

export interface ArchiverMetrics {
  readonly objects: Counter<'source'>;
  readonly records: Counter<'source'>;
  readonly bytes: Counter<'source'>;
  readonly manifests: Counter;
}

/** What the archiver knows of a source when it is asked. */
export interface SourceBacklog {
  readonly source: string;
  readonly assignedPartitions: number;
  readonly stoppedPartitions: number;
  /** 0 when everything is archived; null when no partition is assigned, or nothing is known of them yet. */
  readonly oldestUnarchivedSeconds: number | null;
  /** Null where the log removes nothing for its age, or did not say. */
  readonly retentionSeconds: number | null;
  /** Partitions that are further behind than a tenth of that. */
  readonly endangeredPartitions: number;
}

/** `backlog` is asked at every scrape. */
export function createArchiverMetrics(
  registry: Registry,
  backlog: () => readonly SourceBacklog[],
): ArchiverMetrics {
  const counter = (name: string, help: string): Counter<'source'> =>
    new Counter({ name, help, labelNames: ['source'], registers: [registry] });
  /** A source of which nothing is to be said has no sample: another archiver may know. */
  const gauge = (name: string, help: string, of: (known: SourceBacklog) => number | null): Gauge<'source'> =>
    new Gauge({
      name,
      help,
      labelNames: ['source'],
      registers: [registry],
      collect() {
        this.reset();
        for (const known of backlog()) {
          const value = of(known);
          if (value !== null) this.set({ source: known.source }, value);
        }
      },
    });
  gauge(
    'lectern_archive_oldest_unarchived_seconds',
    'Age of the oldest record that is in no object yet, of the partitions of this archiver; 0 when all are.',
    (known) => known.oldestUnarchivedSeconds,
  );
  gauge(
    'lectern_archive_retention_seconds',
    'For how long the log keeps the records of the source; none where it removes none for their age.',
    (known) => known.retentionSeconds,
  );
  gauge(
    'lectern_archive_endangered_partitions',
    'Partitions of this archiver that are further behind than a tenth of what the log keeps.',
    (known) => known.endangeredPartitions,
  );
  gauge(
    'lectern_archive_assigned_partitions',
    'Partitions of this archiver; over all archivers, those of the topic.',
    (known) => known.assignedPartitions,
  );
  gauge(
    'lectern_archive_stopped_partitions',
    'Partitions of this archiver that cannot go on without a person.',
    (known) => known.stoppedPartitions,
  );
  return {
    objects: counter('lectern_archive_objects_total', 'Objects put into the archive.'),
    records: counter('lectern_archive_records_total', 'Records in those objects.'),
    bytes: counter('lectern_archive_bytes_total', 'Bytes of those objects, compressed.'),
    manifests: new Counter({
      name: 'lectern_archive_manifests_total',
      help: 'Manifests put into the archive.',
      registers: [registry],
    }),
  };
}
