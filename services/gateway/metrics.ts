import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { QueueState } from './publisher.ts';

/**
 * accepted: durable in the log. duplicate: was durable already. refused: told so, with the reason. unidentified: its
 * connection ended before anybody knew who sent it. unkept: the log did not take it, and nobody was told that it did.
 */
type EventOutcome = 'accepted' | 'duplicate' | 'refused' | 'unidentified' | 'unkept';

export interface GatewayMetrics {
  /** `sourceKnown` is false too where nobody looked. */
  events(outcome: EventOutcome, sourceKnown: boolean, count?: number): void;
  /** From being received to being durable. */
  ack(durationMs: number): void;
  attempt(kept: boolean): void;
}

export interface MetricsDeps {
  readonly registry: Registry;
  readonly connections: () => number;
  readonly queue: () => QueueState;
}

export function createGatewayMetrics(deps: MetricsDeps): GatewayMetrics {
  const registers = [deps.registry];
  const events = new Counter({
    name: 'lectern_gateway_events_total',
    help: 'Frames and events by what came of them, and whether their source has a topic of its own',
    labelNames: ['source_known', 'outcome'],
    registers,
  });
  const ack = new Histogram({
    name: 'lectern_gateway_ack_seconds',
    help: 'From receiving an event to its being durable in the log',
    buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers,
  });
  const sends = new Counter({
    name: 'lectern_gateway_sends_total',
    help: 'Attempts to append a batch to the log',
    labelNames: ['outcome'],
    registers,
  });
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  gauge('lectern_gateway_connections', 'Open sockets of event sources', deps.connections);
  gauge('lectern_gateway_queue_bytes', 'Events that are not durable yet', () => deps.queue().bytes);
  gauge('lectern_gateway_queue_events', 'Events that are not durable yet', () => deps.queue().events);
  gauge('lectern_gateway_queue_wait_seconds', 'Wait of the oldest event that is not durable yet', () => {
    return deps.queue().oldestWaitMs / 1_000;
  });
  return {
    events: (outcome, sourceKnown, count = 1) =>
      events.inc({ source_known: String(sourceKnown), outcome }, count),
    ack: (durationMs) => ack.observe(durationMs / 1_000),
    attempt: (kept) => sends.inc({ outcome: kept ? 'kept' : 'failed' }),
  };
}
