import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export interface QueryMetrics {
  /** Seconds from a request to the end of its answer, live streams apart. */
  readonly requestSeconds: Histogram<'route' | 'status'>;
  readonly liveMessages: Counter<'event'>;
  /** How often a reader was too slow for its changes and was put down for a new snapshot. */
  readonly liveBehind: Counter;
}

export interface LiveFigures {
  readonly clients: number;
  readonly keys: number;
  readonly bufferedBytes: number;
}

/** Labels are routes and statuses: closed sets, never a learner. */
export function createQueryMetrics(registry: Registry): QueryMetrics {
  const registers = [registry];
  return {
    requestSeconds: new Histogram({
      name: 'lectern_query_request_seconds',
      help: 'Time to answer a request',
      labelNames: ['route', 'status'],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2],
      registers,
    }),
    liveMessages: new Counter({
      name: 'lectern_query_live_messages_total',
      help: 'Messages sent on live streams',
      labelNames: ['event'],
      registers,
    }),
    liveBehind: new Counter({
      name: 'lectern_query_live_behind_total',
      help: 'Times a slow reader was dropped to a fresh snapshot',
      registers,
    }),
  };
}

/** Gauges that are read from the live streams when somebody asks. */
export function registerLiveFigures(registry: Registry, figures: () => LiveFigures): void {
  const gauges = [
    ['lectern_query_live_clients', 'Open live streams', (now: LiveFigures) => now.clients],
    ['lectern_query_live_keys', 'Distinct keys that live streams watch', (now: LiveFigures) => now.keys],
    [
      'lectern_query_live_buffered_bytes',
      'Bytes waiting for slow readers',
      (now: LiveFigures) => now.bufferedBytes,
    ],
  ] as const;
  for (const [name, help, figure] of gauges)
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(figure(figures()));
      },
    });
}
