import { type ArchiveAnchor, readAnchor } from '../shared/archive/anchor.ts';
import { type ChainEnd, findChainEnd, findHighestEnd } from '../shared/archive/chain-end.ts';
import type { ArchivedPartition } from '../shared/archive/object-name.ts';
import type { ObjectRange } from '../shared/archive/object-range.ts';
import type { ObjectOpener } from '../shared/archive/open-object.ts';
import type { ArchiveStore } from '../shared/archive/port.ts';
import { LecternError, messageOf } from '../shared/errors.ts';
import type { EventLog, GroupConsumer, LogRecord } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';
import { anchorFault, checkBounds, gapError } from './continuity.ts';
import type { ArchiveErasing } from './erasing.ts';
import type { EncodedObject, ObjectEncoder } from './object.ts';
import { createPartitionBuffer } from './partition-buffer.ts';
import { encodeFitting, putOrFind } from './put-object.ts';
import { retry } from './retry.ts';

export interface PartitionDeps {
  readonly of: ArchivedPartition;
  readonly log: EventLog;
  readonly archive: ArchiveStore;
  readonly consumer: Pick<GroupConsumer, 'start' | 'pause' | 'resume' | 'mirror'>;
  readonly encoder: ObjectEncoder;
  readonly erasing: ArchiveErasing;
  readonly opener: ObjectOpener;
  readonly maxBytes: number;
  readonly logger: Logger;
  /** Milliseconds since some moment; it never goes back, whatever becomes of the machine's time of day. */
  readonly elapsed: () => number;
  readonly created: (object: EncodedObject) => void;
  /** The buffer became smaller. */
  readonly relieved: () => void;
}

/** One partition for the time of one assignment. What it does is written at the top of `archiver.ts`. */
export interface PartitionArchiver {
  readonly of: ArchivedPartition;
  readonly sizeBytes: number;
  readonly cutting: boolean;
  /** True once it cannot go on without a person. */
  readonly stopped: boolean;
  /** What keeps it from archiving now, or null. */
  readonly trouble: string | null;
  /** One past the last offset that is archived, or null before that is known. */
  readonly archivedTo: number | null;
  /** When the log appended the oldest record that is buffered, in milliseconds since 1970, or null. */
  readonly oldestBuffered: number | null;
  /** Finds where to go on and starts reading there. */
  begin(): Promise<void>;
  append(records: readonly LogRecord[]): void;
  /** The log no longer holds what is to be read next, or never did. */
  outOfRange(): void;
  setPaused(paused: boolean): void;
  /** Puts one object of what is buffered; never rejects. A second call while one runs is that one. */
  cut(): Promise<void>;
  /** Cuts when the oldest record was buffered `maxAgeMs` ago, or earlier. */
  cutIfOlder(maxAgeMs: number): void;
  /** Cuts until nothing is buffered. */
  flush(): Promise<void>;
  /** The assignment is over: whatever is still under way has no effect here. */
  abandon(): void;
}

type Phase = 'beginning' | 'reading' | 'stopped';

export function createPartitionArchiver(deps: PartitionDeps): PartitionArchiver {
  const { of, archive, consumer, erasing, logger, elapsed } = deps;
  const buffer = createPartitionBuffer();
  const over = new AbortController();
  let phase: Phase = 'beginning';
  let archivedTo: number | null = null;
  let trouble: string | null = null;
  let cutting: Promise<void> | null = null;
  let paused = false;
  /** What the next records must begin with; null when that was seen, or there is nothing to compare. */
  let anchor: ArchiveAnchor | null = null;

  const stop = (error: unknown): void => {
    over.abort();
    phase = 'stopped';
    trouble = `${of.topic}/${of.partition} is not archived: ${messageOf(error)}`;
    consumer.pause(of);
    buffer.restart(buffer.next);
    logger.error({ ...of, error: messageOf(error) }, 'archiving of a partition stopped');
    deps.relieved();
  };

  const guarded = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!over.signal.aborted) stop(error); // else what failed was called off
    }
  };

  /** Waits for stores that are away; rejects once the assignment is over. */
  const patiently = async <T>(work: () => Promise<T>): Promise<T> => {
    const result = await retry(work, {
      signal: over.signal,
      failed: (error) => {
        if (trouble === null) logger.warn({ ...of, error: error.message }, 'archiving waits');
        trouble = error.message;
      },
    });
    if (trouble !== null) logger.info({ ...of }, 'archiving goes on');
    trouble = null;
    return result;
  };

  /** From the anchor on, which is compared and not archived again. */
  const read = (): void => {
    consumer.start(of, anchor?.offset ?? buffer.next);
    if (paused) consumer.pause(of);
  };

  const startAt = (next: number, expected: ArchiveAnchor | null): void => {
    buffer.restart(next);
    archivedTo = next;
    phase = 'reading';
    anchor = expected;
    read();
  };

  const bounds = () =>
    patiently(async () => {
      const offsets = await deps.log.offsets(of.topic);
      return offsets.find(({ partition }) => partition === of.partition) ?? { start: 0, end: 0 };
    });

  const findEnd = async (): Promise<ChainEnd | null> => {
    const end = await patiently(() => findChainEnd(archive, of));
    const { start } = await bounds();
    if (end === null || start <= end.range.last + 1) return end;
    // Before giving up: a clock that ran ahead may have put the newest object under an older date.
    return await patiently(() => findHighestEnd(archive, of));
  };

  const begin = async (): Promise<void> => {
    const end = await findEnd();
    // Whoever put it may have died before it looked at it again.
    if (end !== null) await patiently(() => erasing.settle(of, end));
    const next = end === null ? 0 : end.range.last + 1;
    const { start, end: logEnd } = await bounds();
    checkBounds(of, next, { start, end: logEnd });
    // A log that starts where the archive ends has no record in common with it.
    if (end === null || start === next) startAt(next, null);
    else startAt(next, await patiently(() => readAnchor(deps.opener, end)));
  };

  const dropThrough = (offset: number): void => {
    buffer.dropThrough(offset);
    archivedTo = offset + 1;
  };

  /** Somebody else put this object, or we did and never heard: go on where it ends. */
  const follow = async ({ name, range }: EncodedObject, winner: ObjectRange): Promise<void> => {
    if (winner.first !== range.first)
      throw new LecternError(
        'ARCHIVE_BROKEN',
        `the archive object ${name} begins at offset ${winner.first}: restore the one that was put there`,
      );
    if (winner.last < buffer.next) return dropThrough(winner.last);
    checkBounds(of, winner.last + 1, await bounds());
    const hash = winner.anchor;
    startAt(winner.last + 1, hash === null ? null : { offset: winner.last, hash });
  };

  const cutOne = async (): Promise<void> => {
    await patiently(erasing.known);
    const object = await encodeFitting(deps.encoder, of, buffer.head(deps.maxBytes), over.signal);
    const { range } = object;
    const winner = await patiently(() => putOrFind(archive, object));
    if (winner !== null) return await follow(object, winner);
    dropThrough(range.last);
    deps.created(object);
    await patiently(() => erasing.settle(of, object));
    void consumer
      .mirror(of, range.last + 1)
      .catch((error: unknown) => logger.debug({ ...of, error: messageOf(error) }, 'not mirrored'));
  };

  const isEmpty = (): boolean => over.signal.aborted || phase !== 'reading' || buffer.oldest === null;

  const cut = (): Promise<void> => {
    if (cutting !== null) return cutting;
    if (isEmpty()) return Promise.resolve();
    cutting = guarded(cutOne).then(() => {
      cutting = null;
      if (!over.signal.aborted) deps.relieved();
    });
    return cutting;
  };

  return {
    of,
    get sizeBytes() {
      return buffer.sizeBytes;
    },
    get cutting() {
      return cutting !== null;
    },
    get stopped() {
      return phase === 'stopped';
    },
    get trouble() {
      return trouble;
    },
    get archivedTo() {
      return archivedTo;
    },
    get oldestBuffered() {
      return buffer.oldest?.timestamp ?? null;
    },
    begin: () => guarded(begin),
    append(records) {
      if (phase !== 'reading' || over.signal.aborted) return;
      const fault = anchor && anchorFault(of, anchor, records);
      anchor = null;
      if (fault !== null) return stop(fault);
      const gap = buffer.append(records, elapsed());
      if (gap !== null) stop(gapError(of, gap));
      else if (buffer.sizeBytes >= deps.maxBytes) void cut();
    },
    outOfRange: () =>
      void guarded(async () => {
        const { start, end } = await bounds();
        checkBounds(of, buffer.next, { start, end });
        if (anchor !== null && anchor.offset < start) anchor = null;
        read();
      }),
    setPaused(wanted) {
      if (wanted === paused || phase === 'stopped') return;
      paused = wanted;
      if (paused) consumer.pause(of);
      else consumer.resume(of);
    },
    cut,
    cutIfOlder(maxAgeMs) {
      if (buffer.oldest !== null && elapsed() - buffer.oldest.bufferedAt >= maxAgeMs) void cut();
    },
    async flush() {
      while (!isEmpty()) await cut();
    },
    abandon: () => over.abort(),
  };
}
