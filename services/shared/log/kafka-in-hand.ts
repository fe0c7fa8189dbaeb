import { keyOf } from './partition-key.ts';
import type { TopicPartition } from './port.ts';

export interface InHandDeps {
  readonly heartbeatMs: number;
  /** How long one batch may be in hand without getting on. */
  readonly stuckMs: number;
  readonly isOver: () => boolean;
  /** As the handlers tell it; undefined when they do not. */
  readonly progress: (at: TopicPartition) => number | undefined;
  readonly stuck: (error: Error) => void;
}

/** The batches that are being handled. */
export interface InHand {
  /**
   * Resolves with the work, or when nobody waits for it any more, and calls `beat` again and again until then. Without
   * `beat` kafkajs goes on meanwhile: what is in hand was not fetched by this consumer.
   */
  during(work: Promise<void>, at: TopicPartition, beat?: () => Promise<void>): Promise<void>;
  /** Since when the oldest one is in hand that kafkajs waits for, in milliseconds since 1970; null when none is. */
  since(): number | null;
  /** Nobody waits for those of now, though they go on: kafkajs does not leave a group while one is in hand. */
  abandon(): void;
  /** Resolves when those of now are handled. */
  settled(): Promise<void>;
}

/** Trap 10: kafkajs beats only when asked, so not while a batch is being handled. */
export function createInHand({ heartbeatMs, stuckMs, isOver, progress, stuck }: InHandDeps): InHand {
  const works = new Map<Promise<void>, { readonly heldUpSince: number | null; readonly leave: () => void }>();

  /** Time is counted in heartbeats, so a process that was frozen is not stuck. */
  const watch = (at: TopicPartition): (() => void) => {
    let seen = progress(at);
    let beats = 0;
    return () => {
      const now = progress(at);
      beats = now === seen ? beats + 1 : 0;
      seen = now;
      if (beats * heartbeatMs > stuckMs)
        stuck(new Error(`a batch of ${keyOf(at)} has not got on for ${stuckMs} ms`));
    };
  };

  return {
    async during(work, at, beat) {
      const look = watch(at);
      let beating = Promise.resolve();
      const timer = setInterval(() => {
        look();
        if (isOver()) clearInterval(timer);
        else if (beat !== undefined) beating = beat().catch(() => undefined);
      }, heartbeatMs);
      await new Promise<void>((resolve, reject) => {
        works.set(work, { heldUpSince: beat === undefined ? null : Date.now(), leave: resolve });
        work.then(resolve, reject).finally(() => {
          clearInterval(timer);
          works.delete(work);
        });
      });
      await beating;
    },
    since() {
      const times = [...works.values()].map(({ heldUpSince }) => heldUpSince).filter((at) => at !== null);
      return times.length === 0 ? null : Math.min(...times);
    },
    abandon() {
      for (const { leave } of works.values()) leave();
    },
    async settled() {
      await Promise.allSettled(works.keys());
    },
  };
}
