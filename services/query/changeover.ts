import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import type { Module } from '../shared/module.ts';
import { watchVersion } from '../shared/versions/look.ts';
import { type ReachDeps, readReach } from '../shared/versions/reach.ts';
import { shapeOf } from '../shared/versions/shape.ts';

export interface ChangeoverDeps extends ReachDeps {
  readonly namespace: string;
  readonly logger: Logger;
}

const LOOK_EVERY_MS = 50;
/** Longer than a version that keeps up is behind another; whoever reads may be waiting for it. */
const LONGEST_MS = 3_000;

/**
 * Resolves when a version has all that another one has now, so that nobody who saw the one sees less of the other; after
 * three seconds in any case, since what is decided is shown. Never rejects.
 */
export async function untilCovered(deps: ChangeoverDeps, from: Module, to: Module): Promise<void> {
  const { namespace, logger } = deps;
  const deadline = Date.now() + LONGEST_MS;
  try {
    const late = sleep(LONGEST_MS, null, { ref: false });
    const reach = await Promise.race([readReach(deps, shapeOf(namespace, from)), late]);
    if (reach === null) return;
    const watch = watchVersion(deps, shapeOf(namespace, to), reach);
    while (Date.now() < deadline) {
      const look = await Promise.race([watch.look(), late]);
      if (look === null || look.covers) return;
      await sleep(LOOK_EVERY_MS, null, { ref: false });
    }
  } catch (error) {
    logger.warn(
      { module: to.id, error: messageOf(error) },
      'how far the version is cannot be told; it is shown',
    );
  }
}
