import type { Clock } from '../shared/clock.ts';
import { messageOf } from '../shared/errors.ts';
import type { GroupConsumer, TopicPartition } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';
import type { Checkpoint, StateStore, Unit } from '../shared/state/port.ts';

export interface HintSenderDeps {
  readonly unit: Unit;
  readonly at: TopicPartition;
  readonly state: Pick<StateStore, 'announce'>;
  readonly consumer: Pick<GroupConsumer, 'mirror'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

const MIRROR_MS = 1_000;

/** Tells of a checkpoint that is stored: watchers which states changed, lag tools the offset. Nothing depends on it. */
export function createHintSender(deps: HintSenderDeps): { send(checkpoint: Checkpoint): void } {
  const { unit, at, clock } = deps;
  let mirrored = { next: -1, at: 0 };
  return {
    send({ next, states }) {
      if (states.size > 0) void deps.state.announce({ unit, fields: [...states.keys()] });
      if (next === mirrored.next || clock.now() - mirrored.at < MIRROR_MS) return;
      mirrored = { next, at: clock.now() };
      deps.consumer.mirror(at, next).catch((error: unknown) => {
        deps.logger.debug({ error: messageOf(error) }, 'the offset was not mirrored');
      });
    },
  };
}
