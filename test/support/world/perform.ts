import type { TopicPartition } from '../../../services/shared/log/port.ts';
import { eventsTopic } from '../../../services/shared/topics.ts';
import type { WorldEvent } from './events.ts';
import { moduleId } from './modules.ts';
import { NAMESPACE } from './process.ts';
import type { EventSpec, Happening } from './script.ts';
import type { Slot } from './slots.ts';
import type { World } from './world.ts';

const DAY_MS = 86_400_000;

/** Makes the items of a script happen. An item that finds nothing to happen to does nothing. */
export function createPerformer(world: World): (happening: Happening) => Promise<void> | void {
  const { schedule, faults, redo, broker, archive } = world;
  let ids = 0;
  let snapshot = 0;

  const pick = <T>(from: readonly T[], index: number): T => from[index % from.length]!;
  const slotOf = ({ slot }: { slot: number }): Slot => pick(world.slots, slot);
  const eventOf = ({ source, student, kind, n, doc, sequence }: EventSpec): WorldEvent => ({
    id: `id${ids++}`,
    source: pick(world.sources, source),
    student: `s${student}`,
    kind,
    n,
    doc,
    session: sequence === null ? null : `of ${student}`,
    sequence,
  });
  const earlier = ({ ago, count }: { ago: number; count: number }): readonly WorldEvent[] => {
    const last = Math.max(0, world.history.length - ago);
    return world.history.slice(Math.max(0, last - count), last);
  };

  /** Not past unused offsets: whoever reads the archive could not tell them from records that are missing. */
  const trim = (at: TopicPartition, keep: number): void => {
    const records = broker.all(at);
    const unbroken = records.findIndex(({ offset }, index) => offset !== index);
    const next = Math.min(
      (records.at(-1 - keep)?.offset ?? -1) + 1,
      unbroken < 0 ? records.length : unbroken,
    );
    archive.extend(at, next);
    broker.trim(at, next);
  };

  const skip = (at: TopicPartition, count: number): void => {
    broker.skip(at, count);
    const event = eventOf({ source: 0, student: 0, kind: 'plain', n: count, doc: '', sequence: null });
    const source = world.sources.find((name) => eventsTopic(NAMESPACE, name) === at.topic)!;
    world.append([{ ...event, source, student: `of partition ${at.partition}` }], at.partition);
  };

  const pause = (name: string, ms: number): void => {
    const say = (paused: boolean): void =>
      world.controlTopic.append({ kind: 'module-switch', module: name, paused, reason: 'a person said so' });
    say(true);
    schedule.after(ms, () => say(false));
  };

  /** As a person does: one of the dead letters that are open now. */
  const requeue = async (id: string, which: number): Promise<void> => {
    const units = world.units.filter(({ module }) => module === id);
    const from = which % units.length;
    for (const unit of [...units.slice(from), ...units.slice(0, from)]) {
      const letters = await redo.store.deadLetterKeys(unit);
      if (letters.length === 0) continue;
      const { reducer, offset } = pick(letters, which);
      world.controlTopic.append({
        kind: 'left-out',
        ...unit,
        reducer,
        offset,
        why: 'requeue',
        reason: 'a person said so',
      });
      const again = (): void => world.requeue(unit, { module: id, reducer, offset });
      return void schedule.after(schedule.random.integer(1, 200), again);
    }
  };

  return (happening) => {
    switch (happening.what) {
      case 'append':
        return world.append(happening.events.map(eventOf));
      case 'copies':
        if (happening.far) for (const at of world.partitions) skip(at, 10_001);
        // What is no event of ours has no source, and is not copied.
        return world.copy(
          happening.events.map(eventOf).map((event) => ({
            ...event,
            kind: event.kind === 'undecodable' ? 'plain' : event.kind,
          })),
          happening.again,
        );
      case 'append again':
        return world.append(earlier(happening));
      case 'client resends':
        return world.append(earlier(happening).map((event) => ({ ...event, id: `id${ids++}` })));
      case 'skip offsets':
        return skip(pick(world.partitions, happening.partition), happening.count);
      case 'log time jumps':
        return broker.advanceTimestamps(happening.days * DAY_MS);
      case 'archive and trim':
        return trim(
          pick([...world.partitions, ...world.rekeyPartitions], happening.partition),
          happening.keep,
        );
      case 'crash':
        return slotOf(happening).crash(happening.ms);
      case 'stop':
        return slotOf(happening).stop(happening.ms);
      case 'freeze':
        return slotOf(happening).freeze(happening.ms);
      case 'cut off from groups':
        return slotOf(happening).isolate(happening.ms);
      case 'rebalance':
        return world.groups.get(groupOf(happening.module)).rebalance();
      case 'pause module':
        return pause(pick(world.modules, happening.module).name, happening.ms);
      case 'requeue':
        return requeue(moduleId(pick(world.modules, happening.module)), happening.which);
      case 'store away':
        faults.awayUntil = schedule.now() + happening.ms;
        return undefined;
      case 'store slow':
        faults.slowUntil = schedule.now() + happening.ms;
        return undefined;
      case 'replies lost':
        faults.lostReplies += happening.count;
        return undefined;
      case 'commands lost':
        faults.lostCommands += happening.count;
        return undefined;
      case 'commands resent':
        faults.resent += happening.count;
        return undefined;
      case 'sends fail':
        world.sends.failing += happening.count;
        return undefined;
      case 'old checkpoint resent':
        return redo.resend(happening.ago);
      case 'store flushed':
        return redo.goBackTo(0);
      case 'store loses newest':
        return redo.goBackTo(Math.max(0, redo.changes - happening.changes));
      case 'store snapshot':
        snapshot = redo.changes;
        return undefined;
      case 'store restored':
        return redo.goBackTo(Math.min(snapshot, redo.changes));
    }
  };

  function groupOf(module: number): string {
    return `${NAMESPACE}.${moduleId(pick(world.modules, module))}`;
  }
}
