import type { Clock } from '../shared/clock.ts';
import { messageOf } from '../shared/errors.ts';
import type { EventLog } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';
import type { Checkpoint, CheckpointReply, StateStore, Unit } from '../shared/state/port.ts';
import { isRebuilding } from './rekey-gate.ts';

type Send = (checkpoint: Checkpoint) => Promise<CheckpointReply>;

export interface RekeyCompleteDeps {
  /** Of the rekey topic. */
  readonly unit: Unit;
  /** Those whose events the topic gets. */
  readonly sources: readonly Unit[];
  readonly log: Pick<EventLog, 'offsets'>;
  readonly state: Pick<StateStore, 'position'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly logger: Logger;
}

const LOOK_EVERY_MS = 1_000;

/**
 * Notes in the checkpoints of a rekey unit from which offset on its states are complete: the end that its partition has
 * once all source units are stored at their targets, since a source unit is stored only when the log has what it
 * published. Kept with the states, it holds as long as they do, and a store that lost the one lost the other.
 *
 * No checkpoint waits for it. What is found out during one goes into the next, and there is one each second at least as
 * long as the unit is caught up.
 */
export function createRekeyComplete(deps: RekeyCompleteDeps): (send: Send) => Send {
  const { unit, log, state, clock } = deps;
  let found: number | null = null;
  let isStored = false;
  let looking = false;
  let lookedAt = Number.NEGATIVE_INFINITY;

  const find = async (): Promise<void> => {
    isStored = (await state.position(unit))?.completeAt != null;
    if (isStored) return;
    const positions = await Promise.all(deps.sources.map((source) => state.position(source)));
    if (positions.some((position) => position === null || isRebuilding(position))) return;
    const range = (await log.offsets(unit.topic)).find(({ partition }) => partition === unit.partition);
    found = range?.end ?? null;
  };

  const look = (): void => {
    if (isStored || looking || clock.now() - lookedAt < LOOK_EVERY_MS) return;
    looking = true;
    lookedAt = clock.now();
    find()
      .catch((error: unknown) => {
        deps.logger.debug({ ...unit, error: messageOf(error) }, 'how far the source units are is not known');
      })
      .finally(() => {
        looking = false;
      });
  };

  return (send) => (checkpoint) => {
    if (found !== null) return send({ ...checkpoint, completeAt: found });
    look();
    return send(checkpoint);
  };
}
