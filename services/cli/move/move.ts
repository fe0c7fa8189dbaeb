import type { Clock } from '../../shared/clock.ts';
import { LecternError } from '../../shared/errors.ts';
import type { HistoryFilter } from '../../shared/history/port.ts';
import type { Producer } from '../../shared/log/port.ts';
import { controlTopic, eventsTopic, UNCLAIMED } from '../../shared/topics.ts';
import type { Progress } from '../progress.ts';
import { type Arrivals, createArrivals } from './arrivals.ts';
import { copyControl } from './copy-control.ts';
import { type Copied, copyPartition } from './copy-partition.ts';
import { beginMove, type Move } from './move-record.ts';
import { type OldDecisions, readOldDecisions } from './old-decisions.ts';
import { controlEnd, findOldTopics, type OldTopic } from './old-topics.ts';
import type { MoveSource } from './open-source.ts';
import type { MoveTarget } from './open-target.ts';
import { createPace } from './pace.ts';

export interface MoveOptions {
  readonly move: Move;
  readonly filter: HistoryFilter;
  /** Records a second. */
  readonly rate: number | undefined;
}

export interface MoveDeps {
  readonly source: MoveSource;
  readonly target: MoveTarget;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  readonly progress: Pick<Progress, 'expect' | 'done'>;
}

export interface MovedPartition extends Copied {
  readonly from: string;
  readonly partition: number;
}

export interface MoveReport {
  readonly partitions: readonly MovedPartition[];
  /** Of the control topic. */
  readonly control: Copied;
}

interface Moving extends Pick<OldDecisions, 'isCopied'> {
  readonly topics: readonly OldTopic[];
  readonly arrivals: Arrivals;
  readonly producer: Producer;
}

async function copyTopic(
  { from, to, ends }: OldTopic,
  deps: MoveDeps,
  options: MoveOptions,
  { arrivals, producer, isCopied }: Moving,
): Promise<MovedPartition[]> {
  const { history } = deps.source;
  const pace = createPace(deps.clock, options.rate);
  const newPartitions = (await deps.target.log.partitionCount(to))!;
  const before = arrivals.count(to);
  const moved: MovedPartition[] = [];
  for (const { partition, end } of ends) {
    const conflict = await history.conflict({ topic: from, partition });
    if (conflict !== null) throw new LecternError('UNIT_STOPPED', conflict);
    const copied = await copyPartition(
      { from, to, partition, end, newPartitions },
      {
        history,
        producer,
        arrivals,
        filter: options.filter,
        isCopied: from === eventsTopic(deps.source.namespace, UNCLAIMED) ? isCopied : () => false,
        pace,
        done: deps.progress.done,
      },
    );
    moved.push({ from, partition, ...copied });
  }
  // What was acknowledged is looked at where it stands: nothing else, nothing twice, and as many as were sent.
  await arrivals.look(to, from);
  const sent = moved.reduce((sum, { copied }) => sum + copied, 0);
  const arrived = arrivals.count(to) - before;
  if (arrived === sent) return moved;
  throw new LecternError(
    'LOG_UNAVAILABLE',
    `${sent} records were sent to ${to}, and ${arrived} are there: give the command again, which sends what is missing`,
  );
}

function newTopicOf({ source, target }: MoveDeps, only: Move['sources']): (old: string) => string | null {
  const prefix = eventsTopic(source.namespace, '');
  return (old) => {
    const name = old.slice(prefix.length);
    const isMoved = old.startsWith(prefix) && (only === null || only.includes(name));
    return isMoved ? eventsTopic(target.namespace, name) : null;
  };
}

/**
 * Copies the history of one installation into an empty namespace of another, or goes on with that.
 *
 * Promised: when it resolves, every record of the events topics that the old installation held when it was called, and that
 * the filters let through, is in the new namespace once, with the same key and value and its old place in its headers, and
 * so is what was decided about them. Whatever it died of, a later run finds out from the new namespace alone what is there,
 * and sends the rest.
 * - Order: a key's records of one source are in one partition of the old topic. Partitions are copied one after another,
 *   each in its order; so a key keeps its order, and two records of one partition are never further apart than they were,
 *   by which workers know duplicates, except where two runs meet. Records of two partitions may come in another order.
 * - Time: the new log gives its own; the old one is in the headers. What goes by the log's time, filters by day and the 30
 *   days for which a session's numbers are known, goes by that of the move from then on.
 * - Rekey topics are not copied: workers publish again what they hold. The control topic is copied last, with verdicts at
 *   the new places of their events; so nothing may reduce the new namespace before the last run has ended.
 * - An event that was requeued names the new place of its original.
 * Throws CONFIG_INVALID when the new namespace has anything else, and as soon as services have written there.
 */
export async function moveHouse(deps: MoveDeps, options: MoveOptions): Promise<MoveReport> {
  const { source, target, progress } = deps;
  const topics = await findOldTopics(deps, options.move.sources);
  // Read after the ends of the events: every event below them that was requeued has its verdict then.
  const decided = await controlEnd(source);
  const control = { from: controlTopic(source.namespace), to: controlTopic(target.namespace) };
  await target.log.ensureTopics(target.installation.topics);
  const producer = await target.log.createProducer();
  try {
    const names = target.installation.topics.map(({ name }) => name);
    await beginMove(target.log, producer, target.namespace, names, options.move);
    const arrivals = createArrivals({ log: target.log, skipped: (topic) => (topic === control.to ? 1 : 0) });
    const { places, isCopied } = await readOldDecisions(source, decided);
    arrivals.want(places);
    await arrivals.look(control.to, control.from);
    for (const { from, to } of topics) await arrivals.look(to, from);
    progress.expect(topics.flatMap(({ ends }) => ends).reduce((sum, { end }) => sum + end, 0));
    const moving = { topics, arrivals, producer, isCopied };
    const partitions: MovedPartition[] = [];
    for (const topic of topics) partitions.push(...(await copyTopic(topic, deps, options, moving)));
    const copied = await copyControl({
      ...control,
      history: source.history,
      producer,
      arrivals,
      end: decided,
      newTopic: newTopicOf(deps, options.move.sources),
      endOf: (topic, partition) =>
        topics.find(({ from }) => from === topic)?.ends.find((one) => one.partition === partition)?.end ?? 0,
    });
    return { partitions, control: copied };
  } finally {
    await producer.close();
  }
}
