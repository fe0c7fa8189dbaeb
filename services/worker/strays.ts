import { AsyncLocalStorage } from 'node:async_hooks';
import { Counter, type Registry } from 'prom-client';
import type { Logger } from '../shared/logger.ts';
import type { Attempt, Unit } from '../shared/state/port.ts';
import type { DecodedEvent } from './decode.ts';
import type { Entry } from './entry.ts';

/** What failed of what a reducer had started and not waited for: a promise that was rejected, a callback that threw. */
export interface Stray extends Attempt {
  readonly error: unknown;
}

/** A claim for which reducers are called. */
export interface StrayOwner {
  readonly unit: Unit;
  readonly found: (stray: Stray) => void;
}

export interface Strays {
  /** Calls the reducer of an entry, and knows from then on whose everything is that it starts. */
  call(owner: StrayOwner, entry: Entry, event: DecodedEvent): unknown;
  /**
   * To be asked of every rejection that nobody handles and every exception that nobody catches, in the handler of the
   * process's event itself. True when a reducer had started it: its event answers for it. False for a bug of ours.
   */
  take(error: unknown): boolean;
}

interface Call extends Attempt {
  readonly owner: StrayOwner;
}

export interface StraysDeps {
  readonly logger: Logger;
  readonly registry: Registry;
}

/**
 * Attributes what fails outside every call of ours to the reducer and event that it began with. The error itself is in
 * the dead letter, if there is one, and never in the log: it may tell of a learner.
 *
 * A call costs about 40 ns more, and each promise of the process about 250 (measured on Node 20).
 */
export function createStrays({ logger, registry }: StraysDeps): Strays {
  const calls = new AsyncLocalStorage<Call>();
  const found = new Counter({
    name: 'lectern_worker_stray_errors_total',
    help: 'Rejections and exceptions of what reducers had started and not waited for.',
    labelNames: ['module', 'reducer'],
    registers: [registry],
  });
  return {
    call: (owner, entry, event) =>
      calls.run(
        { owner, reducer: entry.reducer.id, offset: event.offset },
        entry.reducer.reduce,
        event.fresh(),
        entry.value,
      ),
    take(error) {
      const call = calls.getStore();
      if (call === undefined) return false;
      const { owner, reducer, offset } = call;
      found.inc({ module: owner.unit.module, reducer });
      logger.warn(
        { ...owner.unit, reducer, offset },
        'a reducer started something that failed after it had answered; it must wait for what it starts',
      );
      // Outside of the call: what is begun now is ours again.
      calls.exit(() => owner.found({ reducer, offset, error }));
      return true;
    },
  };
}
