import type { Clock } from '../clock.ts';
import { LecternError } from '../errors.ts';
import type { FetchedPage, KafkaFetches } from './kafka-fetches.ts';
import { createTopicIdentity } from './kafka-identity.ts';
import { keyOf } from './partition-key.ts';
import type { LogRecord, ReadRange, TopicPartition } from './port.ts';

export interface KafkaReadDeps {
  readonly open: (at: TopicPartition) => Promise<KafkaFetches>;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
}

/** Before each further try: a leader that moves, or a broker that restarts, is there again by then. */
const WAITS_MS = [200, 400, 800, 1_600, 3_200];
/** In less time nobody deletes a topic, makes it anew and fills it. */
const GAP_MS = 200;
const UNHEARD = 0;

const isFinal = (error: unknown): boolean => error instanceof LecternError && !error.retriable;

interface Pages {
  /** The page at an offset of the range. After a failure the leader is looked up, and asked, anew. */
  fetch(offset: number): Promise<FetchedPage>;
  close(): Promise<void>;
}

function createPages({ topic, partition, to }: ReadRange, { open, clock }: KafkaReadDeps): Pages {
  const at = { topic, partition };
  const identity = createTopicIdentity();
  let fetches: KafkaFetches | undefined;
  /** When the topic last answered; `UNHEARD` when the next answer may be of another one. */
  let heardAt = UNHEARD;
  let endOffset = 0;

  const close = async (): Promise<void> => {
    const current = fetches;
    fetches = undefined;
    await current?.close();
  };

  const fetchOnce = async (offset: number): Promise<FetchedPage> => {
    fetches ??= await open(at);
    await identity.learn(topic, fetches.askIds);
    const isDoubtful = clock.now() - heardAt > GAP_MS;
    const page = await fetches.fetch(offset);
    if ((isDoubtful || page.endOffset < endOffset) && !(await identity.isSame(topic, fetches.askIds)))
      throw new LecternError('OFFSET_OUT_OF_RANGE', `${keyOf(at)} was made anew, without offset ${offset}`);
    heardAt = clock.now();
    endOffset = page.endOffset;
    // Never taken for unused offsets: a new leader may not know for a moment how far the log goes.
    if (page.next === offset)
      throw new LecternError(
        'LOG_UNAVAILABLE',
        `${keyOf(at)} ends at ${endOffset} and gives nothing at offset ${offset}, below ${to}`,
        { retriable: true },
      );
    return page;
  };

  return {
    async fetch(offset) {
      for (let failures = 0; ; failures++) {
        try {
          return await fetchOnce(offset);
        } catch (error) {
          heardAt = UNHEARD;
          await close();
          if (isFinal(error) || failures === WAITS_MS.length) throw error;
          await clock.sleep(WAITS_MS[failures]!);
        }
      }
    },
    close,
  };
}

/** Reads a range from the leader of its partition, on a connection that lives as long as the read. */
export async function* readRange(
  range: ReadRange,
  deps: KafkaReadDeps,
): AsyncGenerator<readonly LogRecord[]> {
  const pages = createPages(range, deps);
  try {
    for (let at = range.from; at < range.to; ) {
      const { records, next } = await pages.fetch(at);
      const wanted = records.filter(({ offset }) => offset < range.to);
      if (wanted.length > 0) yield wanted;
      at = next;
    }
  } finally {
    await pages.close();
  }
}
