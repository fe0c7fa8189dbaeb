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
  readonly oldestUnarchivedSeconds: number;
  readonly stoppedPartitions: number;
}

/** `backlog` is asked at every scrape. */
export function createArchiverMetrics(
  registry: Registry,
  backlog: () => readonly SourceBacklog[],
): ArchiverMetrics {
  const counter = (name: string, help: string): Counter<'source'> =>
    new Counter({ name, help, labelNames: ['source'], registers: [registry] });
  const gauge = (name: string, help: string, of: (known: SourceBacklog) => number): Gauge<'source'> =>
    new Gauge({
      name,
      help,
      labelNames: ['source'],
      registers: [registry],
      collect() {
        this.reset();
        for (const known of backlog()) this.set({ source: known.source }, of(known));
      },
    });
  gauge(
    'lectern_archive_oldest_unarchived_seconds',
    'Age of the oldest record that this archiver has read or should have read, and that is in no object yet.',
    (known) => known.oldestUnarchivedSeconds,
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
