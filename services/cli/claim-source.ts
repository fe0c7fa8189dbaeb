import type { SourceClaim } from '../shared/control/claim-record.ts';
import { LecternError } from '../shared/errors.ts';
import { createLazyProducer } from '../shared/log/lazy-producer.ts';
import type { PartitionOffsets, Producer } from '../shared/log/port.ts';
import { eventsTopic, SOURCE_NAME, UNCLAIMED } from '../shared/topics.ts';
import { copyWaiting } from './copy-waiting.ts';
import type { House } from './house.ts';
import { NO_PROGRESS, type Progress } from './progress.ts';

export interface ClaimOptions {
  /** After the switch: for how long nothing must have come to the topic of unclaimed events. Milliseconds. */
  readonly quietMs: number;
  /** How long that is waited for. */
  readonly waitMs: number;
  /** How many records one send has at most; 1,000 when it is not given. */
  readonly batch?: number;
}

export interface ClaimedSource {
  readonly source: string;
  readonly topic: string;
  /** How many events this command copied. */
  readonly copied: number;
  /** Of them, how many came after the gateways were told. */
  readonly copiedLate: number;
  /** Whether gateways still sent events of the source to the topic of unclaimed events when the wait was over. */
  readonly stillComing: boolean;
}

type Claiming = Pick<House, 'namespace' | 'sources' | 'log' | 'history' | 'control' | 'clock' | 'mayRun'>;

/** How many records one send has at most. */
const BATCH = 1_000;
/** How many sends there may be of which only the copies themselves say that they are there. */
const NOTED_EVERY = 20;
/** Before the switch: what comes while so many records are read is left for after it. */
const FEW_RECORDS = 1_000;
const MOST_PASSES = 10;
const LOOK_EVERY_MS = 250;

function checkName(source: string): void {
  if (SOURCE_NAME.test(source) && !source.startsWith('_')) return;
  throw new LecternError(
    'CONFIG_INVALID',
    `${JSON.stringify(source.slice(0, 200))} can have no topic: a source has 1 to 180 letters, digits, dots, - or _, and does not begin with _`,
  );
}

/**
 * Gives a source its topic, and takes to it what waits for it in the topic of unclaimed events:
 * 1. the topic is made, with as many partitions as that one;
 * 2. what waits is copied, out of the archive below the log's start, until little is left;
 * 3. a control record tells the gateways, each of which sends events of the source to its topic as soon as it follows;
 * 4. the rest is copied, until for a while nothing came.
 * How far copies are is told in control records, so that the next claim goes on there. It may be ended at any step and run
 * again, also while another one runs: a copy that is there twice counts once.
 *
 * Nobody can tell when the last gateway has switched: one that is cut off, or stands still, writes what it has in hand when
 * it goes on. What comes after step 4 waits for another claim, and is told by `lectern sources list`.
 */
export async function claimSource(
  house: Claiming,
  source: string,
  { quietMs, waitMs, batch = BATCH }: ClaimOptions,
  progress: Progress = NO_PROGRESS,
): Promise<ClaimedSource> {
  checkName(source);
  const { log, control } = house;
  await control.caughtUp();
  const producer = createLazyProducer(log);
  try {
    const run = await createRun(house, { source, producer, progress, batch });
    for (let pass = 1; (await run.copy()) > FEW_RECORDS && pass < MOST_PASSES; pass++);
    if (!run.isKnown())
      throw new LecternError(
        'CONFIG_INVALID',
        `no event of ${source} waits, and no module, schema or LECTERN_SOURCES names it: correct the name (lectern sources list)`,
      );
    await run.doSwitch();
    const early = run.copied();
    const stillComing = house.mayRun ? await copyRest(house, run, quietMs, waitMs) : false;
    const copied = run.copied();
    return { source, topic: run.topic, copied, copiedLate: copied - early, stillComing };
  } finally {
    await producer.close();
  }
}

interface Run {
  readonly topic: string;
  /** Copies all that waits now; how many records were looked at. */
  copy(): Promise<number>;
  copied(): number;
  /** Whether there is reason to make a topic for the source. */
  isKnown(): boolean;
  doSwitch(): Promise<void>;
}

interface RunDeps {
  readonly source: string;
  readonly producer: Producer;
  readonly progress: Progress;
  readonly batch: number;
}

async function createRun(
  { namespace, sources, log, history, control }: Claiming,
  { source, producer, progress, batch }: RunDeps,
): Promise<Run> {
  const unclaimed = eventsTopic(namespace, UNCLAIMED);
  const topic = eventsTopic(namespace, source);
  const standing = control.claims.get(source);
  const ends = await log.offsets(unclaimed);
  const next = ends.map(({ partition }) => standing?.copied[partition] ?? 0);
  let copied = 0;
  let noted = 0;
  let made: Promise<void> | undefined;

  const topicMade = (): Promise<void> => {
    made ??= log.ensureTopics([{ name: topic, partitions: ends.length }]);
    return made;
  };
  const note = async (switched: boolean): Promise<void> => {
    noted = copied;
    const record: SourceClaim = { kind: 'source-claim', source, copied: [...next], switched };
    await control.publish(record);
  };
  const isSwitched = (): boolean => control.claims.get(source)?.switched === true;

  const copyPartition = async ({ partition, end }: PartitionOffsets): Promise<number> => {
    const from = Math.max(next[partition]!, await history.start({ topic: unclaimed, partition }));
    if (from >= end) return 0;
    progress.expect(end - from);
    const copy = {
      house: { namespace, history },
      producer,
      source,
      batch,
      topicMade,
      onRead: progress.done,
      async reached(_: number, offset: number, sent: number) {
        next[partition] = offset;
        copied += sent;
        if (copied - noted >= NOTED_EVERY * batch) await note(isSwitched());
      },
    };
    await copyWaiting(copy, { partition, from, to: end });
    return end - from;
  };

  return {
    topic,
    async copy() {
      let read = 0;
      for (const range of await log.offsets(unclaimed)) read += await copyPartition(range);
      // What was only looked at is looked at again by the next claim: no record for that alone.
      if (copied > noted) await note(isSwitched());
      return read;
    },
    copied: () => copied,
    isKnown: () => copied > 0 || control.claims.has(source) || sources.includes(source),
    async doSwitch() {
      await topicMade();
      if (!isSwitched()) await note(true);
    },
  };
}

/** Whether events still came when the wait was over. */
async function copyRest(
  { clock }: Pick<Claiming, 'clock'>,
  run: Run,
  quietMs: number,
  waitMs: number,
): Promise<boolean> {
  const begun = clock.now();
  let before = run.copied();
  let quietSince = begun;
  for (;;) {
    await run.copy();
    const now = clock.now();
    if (run.copied() > before) quietSince = now;
    before = run.copied();
    if (now - quietSince >= quietMs) return false;
    // Where nothing came at all, nothing is to be waited for.
    if (now - begun >= waitMs) return quietSince > begun;
    await clock.sleep(LOOK_EVERY_MS);
  }
}
