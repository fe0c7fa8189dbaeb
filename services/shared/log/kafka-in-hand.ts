export interface InHandDeps {
  readonly heartbeatMs: number;
  /** How long one batch may take. */
  readonly stuckMs: number;
  readonly isOver: () => boolean;
  readonly stuck: (error: Error) => void;
}

/** The batches that are being handled. */
export interface InHand {
  /** Resolves with the work, and calls `beat` again and again until then. */
  during(work: Promise<void>, topic: string, beat: () => Promise<void>): Promise<void>;
  /** Since when the oldest one is in hand, in milliseconds since 1970; null when none is. */
  since(): number | null;
  /** Resolves when those of now are handled. */
  settled(): Promise<void>;
}

/** Trap 10: kafkajs beats only when asked, so not while a batch is being handled. */
export function createInHand({ heartbeatMs, stuckMs, isOver, stuck }: InHandDeps): InHand {
  const works = new Map<Promise<void>, number>();
  return {
    async during(work, topic, beat) {
      const startedAt = Date.now();
      works.set(work, startedAt);
      let beating = Promise.resolve();
      const timer = setInterval(() => {
        if (isOver()) clearInterval(timer);
        else if (Date.now() - startedAt > stuckMs)
          stuck(new Error(`a batch of ${topic} took longer than ${stuckMs} ms`));
        else beating = beat().catch(() => undefined);
      }, heartbeatMs);
      await work.finally(() => {
        clearInterval(timer);
        works.delete(work);
      });
      await beating;
    },
    since: () => (works.size === 0 ? null : Math.min(...works.values())),
    async settled() {
      await Promise.allSettled(works.keys());
    },
  };
}
