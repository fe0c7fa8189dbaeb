import { Counter, Histogram, type Registry } from 'prom-client';

export interface WorkerMetrics {
  readonly events: Counter<'module'>;
  readonly deadLetters: Counter<'module' | 'reducer'>;
  readonly checkpoints: Counter<'module' | 'outcome'>;
  readonly claims: Counter<'module'>;
  readonly duplicates: Counter<'module'>;
  readonly shortWindows: Counter<'module'>;
  readonly takeover: Histogram<'module'>;
  readonly restarts: Counter<'module'>;
  readonly eventAge: Histogram<'module'>;
}

export function createWorkerMetrics(registry: Registry): WorkerMetrics {
  const registers = [registry];
  return {
    events: new Counter({
      name: 'lectern_worker_events_total',
      help: 'Records that were reduced, dead letters included.',
      labelNames: ['module'],
      registers,
    }),
    deadLetters: new Counter({
      name: 'lectern_worker_dead_letters_total',
      help: 'Events that a reducer or the decoder refused.',
      labelNames: ['module', 'reducer'],
      registers,
    }),
    checkpoints: new Counter({
      name: 'lectern_worker_checkpoints_total',
      help: 'Checkpoints by outcome: done, or lost to another owner, another offset or the store.',
      labelNames: ['module', 'outcome'],
      registers,
    }),
    claims: new Counter({
      name: 'lectern_worker_claims_total',
      help: 'Units claimed.',
      labelNames: ['module'],
      registers,
    }),
    duplicates: new Counter({
      name: 'lectern_worker_duplicates_total',
      help: 'Records that were dropped because the log held their event already.',
      labelNames: ['module'],
      registers,
    }),
    shortWindows: new Counter({
      name: 'lectern_worker_short_windows_total',
      help: 'Claims that could not know all duplicates of what follows, because neither archive nor log reach back so far.',
      labelNames: ['module'],
      registers,
    }),
    takeover: new Histogram({
      name: 'lectern_worker_takeover_seconds',
      help: 'From the assignment of a unit that another process had, or this one before it was started anew, until it is reduced again. The first claim of a unit, a rebuild and the end of a pause are none.',
      labelNames: ['module'],
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600],
      registers,
    }),
    restarts: new Counter({
      name: 'lectern_worker_unit_restarts_total',
      help: 'Units that were claimed anew because they hung.',
      labelNames: ['module'],
      registers,
    }),
    eventAge: new Histogram({
      name: 'lectern_worker_event_age_seconds',
      help: 'Age of the last event of each batch when it was reduced, from its arrival in the log.',
      labelNames: ['module'],
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600],
      registers,
    }),
  };
}
