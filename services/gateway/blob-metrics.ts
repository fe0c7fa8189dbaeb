import { Histogram, type Registry } from 'prom-client';

export interface BlobMetrics {
  /** `none`: nothing was ever saved. `failed`: the client was told that it cannot be read now. */
  fetched(outcome: 'found' | 'none' | 'failed', durationMs: number): void;
}

export function createBlobMetrics(registry: Registry): BlobMetrics {
  const fetches = new Histogram({
    name: 'lectern_gateway_blob_fetch_seconds',
    help: 'From asking for a blob to its answer',
    labelNames: ['outcome'],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  return { fetched: (outcome, durationMs) => fetches.observe({ outcome }, durationMs / 1_000) };
}
