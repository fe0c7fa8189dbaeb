import { type ArchiveAnchor, readAnchor } from '../shared/archive/anchor.ts';
import { type ChainEnd, findChainEnd, findHighestEnd } from '../shared/archive/chain-end.ts';
import type { ArchivedPartition } from '../shared/archive/object-name.ts';
import { parseMetadata, toMetadata } from '../shared/archive/object-range.ts';
import { MAX_OBJECT_BYTES } from '../shared/archive/object-rules.ts';
import type { ObjectOpener } from '../shared/archive/open-object.ts';
import type { ArchiveStore } from '../shared/archive/port.ts';
import { LecternError, messageOf } from '../shared/errors.ts';
import type { EventLog, GroupConsumer, LogRecord } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';
import { anchorFault, checkBounds, gapError } from './continuity.ts';
import type { EncodedObject, ObjectEncoder } from './object.ts';
import { createPartitionBuffer } from './partition-buffer.ts';
import { retry } from './retry.ts';

export interface PartitionDeps {
  readonly of: ArchivedPartition;
  readonly log: EventLog;
  readonly archive: ArchiveStore;
  readonly consumer: Pick<GroupConsumer, 'start' | 'pause' | 'resume' | 'mirror'>;
  readonly encoder: ObjectEncoder;
  readonly opener: ObjectOpener;
  readonly maxBytes: number;
  readonly logger: Logger;
  readonly now: () => number;
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
  /** The time of the oldest thing that it has not archived, in milliseconds since 1970, or null. */
  readonly behindSince: number | null;
  /** Finds where to go on and starts reading there. */
  begin(): Promise<void>;
  append(records: readonly LogRecord[]): void;
  /** The log no longer holds what is to be read next, or never did. */
  outOfRange(): void;
  setPaused(paused: boolean): void;
  /** Puts one object of what is buffered; never rejects. A second call while one runs is that one. */
  cut(): Promise<void>;
  /** Cuts when the oldest record was buffered `maxAgeMs` ago. */
  cutIfOlder(maxAgeMs: number): void;
  /** Cuts until nothing is buffered. */
  flush(): Promise<void>;
  /** The assignment is over: whatever is still under way has no effect here. */
  abandon(): void;
}

type Phase = { readonly kind: 'beginning' | 'reading' | 'stopped'; readonly since: number };

export function createPartitionArchiver(deps: PartitionDeps): PartitionArchiver {
  const { of, archive, consumer, logger, now } = deps;
  const buffer = createPartitionBuffer();
  const over = new AbortController();
  let phase: Phase = { kind: 'beginning', since: now() };
  let trouble: string | null = null;
  let cutting: Promise<void> | null = null;
  let paused = false;
  /** What the next records must begin with; null when that was seen, or there is nothing to compare. */
  let anchor: ArchiveAnchor | null = null;

  const stop = (error: unknown): void => {
    over.abort();
    phase = { kind: 'stopped', since: buffer.oldest?.timestamp ?? now() };
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
    phase = { kind: 'reading', since: now() };
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
    const next = end === null ? 0 : end.range.last + 1;
    const { start, end: logEnd } = await bounds();
    checkBounds(of, next, { start, end: logEnd });
    // A log that starts where the archive ends has no record in common with it.
    if (end === null || start === next) startAt(next, null);
    else startAt(next, await patiently(() => readAnchor(deps.opener, end)));
  };

  /** Somebody else put this object, or we did and never heard: go on where it ends. */
  const follow = async ({ name, range }: EncodedObject): Promise<void> => {
    const winner = parseMetadata(name, await patiently(() => archive.metadata(name)));
    if (winner.first !== range.first)
      throw new LecternError(
        'ARCHIVE_BROKEN',
        `the archive object ${name} begins at offset ${winner.first}: restore the one that was put there`,
      );
    if (winner.last < buffer.next) return buffer.dropThrough(winner.last);
    checkBounds(of, winner.last + 1, await bounds());
    const hash = winner.anchor;
    startAt(winner.last + 1, hash === null ? null : { offset: winner.last, hash });
  };

  /** As many of the oldest records as an object holds. What hardly compresses is halved until it fits. */
  const encode = async (): Promise<EncodedObject> => {
    let records = buffer.head(deps.maxBytes);
    for (;;) {
      const object = await deps.encoder.encode(of, records);
      over.signal.throwIfAborted();
      if (object.bytes.length <= MAX_OBJECT_BYTES || records.length === 1) return object;
      records = records.slice(0, Math.ceil(records.length / 2));
    }
  };

  const cutOne = async (): Promise<void> => {
    const object = await encode();
    const { name, bytes, range } = object;
    const outcome = await patiently(() => archive.putIfAbsent(name, bytes, toMetadata(range)));
    if (outcome === 'exists') return await follow(object);
    buffer.dropThrough(range.last);
    deps.created(object);
    void consumer
      .mirror(of, range.last + 1)
      .catch((error: unknown) => logger.debug({ ...of, error: messageOf(error) }, 'not mirrored'));
  };

  const isEmpty = (): boolean => over.signal.aborted || phase.kind !== 'reading' || buffer.oldest === null;

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
      return phase.kind === 'stopped';
    },
    get trouble() {
      return trouble;
    },
    get behindSince() {
      return buffer.oldest?.timestamp ?? (phase.kind === 'reading' ? null : phase.since);
    },
    begin: () => guarded(begin),
    append(records) {
      if (phase.kind !== 'reading' || over.signal.aborted) return;
      const fault = anchor && anchorFault(of, anchor, records);
      anchor = null;
      if (fault !== null) return stop(fault);
      const gap = buffer.append(records, now());
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
      if (wanted === paused || phase.kind === 'stopped') return;
      paused = wanted;
      if (paused) consumer.pause(of);
      else consumer.resume(of);
    },
    cut,
    cutIfOlder(maxAgeMs) {
      if (buffer.oldest !== null && now() - buffer.oldest.bufferedAt >= maxAgeMs) void cut();
    },
    async flush() {
      while (!isEmpty()) await cut();
    },
    abandon: () => over.abort(),
  };
}
