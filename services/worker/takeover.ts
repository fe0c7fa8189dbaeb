import type { Clock } from '../shared/clock.ts';
import type { Control } from '../shared/control/port.ts';
import { messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import type { Module } from '../shared/module.ts';
import { type VersionWatch, waitsOf, watchVersion } from '../shared/versions/look.ts';
import { type ReachDeps, readReach } from '../shared/versions/reach.ts';
import { claimedShape, claimedVersions, shapeOf } from '../shared/versions/shape.ts';

export interface TakeoverDeps extends ReachDeps {
  readonly module: Module;
  readonly namespace: string;
  readonly control: Pick<
    Control,
    'activeVersion' | 'claimedUnits' | 'pausedBecause' | 'publish' | 'caughtUp'
  >;
  readonly clock: Pick<Clock, 'now'>;
  readonly logger: Logger;
}

/**
 * Has a version of a module taken over from the one that is shown, once nobody would see less by it:
 * - nothing was decided, and no lower version ever ran: at once. If one did, and this one does not cover it yet, the
 *   highest of those is decided first;
 * - the shown version is lower and never ran: at once;
 * - the shown version is lower: when this one covers what that one had at a moment that lies ten seconds back at most, or
 *   five looks where these take longer. That is read before anything of this one, and kept for some looks, because a
 *   version under load is never ahead of what another has just now. So what is shown gets no older than that, for a moment;
 * - never downwards, never while a person's word stands (`auto` is off), nor while the module is paused.
 * Any number of workers may look: of decisions that knew the same, one counts. Nothing is remembered that matters, so one
 * that ends between deciding and publishing has done nothing.
 */
export interface Takeover {
  /** Looks once, and decides if it is time. Never rejects. */
  look(): Promise<void>;
}

/** How long what the shown version had is asked for before it is read again. */
const REACH_KEPT_MS = 10_000;
/** On a machine that is slow, that would be a single look, at which it is never ahead. */
const LEAST_LOOKS = 5;

interface Wanted {
  readonly version: number;
  readonly decisions: number;
  readonly watch: VersionWatch;
  readonly at: number;
  looks: number;
}

export function createTakeover(deps: TakeoverDeps): Takeover {
  const { module, namespace, control, clock, logger } = deps;
  const { name, version } = module;
  const shape = shapeOf(namespace, module);
  let wanted: Wanted | null = null;
  let isRead = false;
  let waits: string | null = null;

  const publish = async (chosen: number, follows: number, because: string): Promise<void> => {
    const decision = { version: chosen, follows, because, person: false, auto: true };
    await control.publish({ kind: 'active-version', module: name, ...decision });
    const stands = control.activeVersion(name);
    if (stands?.version !== chosen || stands.decisions !== follows + 1) return;
    logger.info(
      { module: name, version: chosen, because },
      'this version of the module is shown from now on',
    );
  };

  const isCovered = async (lower: number, decisions: number): Promise<boolean> => {
    const ofLower = claimedShape(namespace, control, name, lower);
    if (ofLower === null) return true;
    const isSame = wanted?.version === lower && wanted.decisions === decisions;
    const isOld = clock.now() - (wanted?.at ?? 0) > REACH_KEPT_MS && (wanted?.looks ?? 0) >= LEAST_LOOKS;
    if (wanted === null || !isSame || isOld) {
      const at = clock.now();
      const reach = await readReach(deps, ofLower);
      wanted = { version: lower, decisions, at, watch: watchVersion(deps, shape, reach), looks: 0 };
    }
    wanted.looks += 1;
    const look = await wanted.watch.look();
    const now = waitsOf(look);
    if (now !== waits)
      logger.debug({ module: module.id, waits: now }, 'the version waits to be shown instead of a lower one');
    waits = now;
    return look.covers;
  };

  const decideFirst = async (): Promise<void> => {
    const lower = claimedVersions(control, name).findLast((one) => one < version);
    if (lower === undefined) return publish(version, 0, 'no lower version ran before');
    if (await isCovered(lower, 0)) return publish(version, 0, `it has all that version ${lower} has`);
    await publish(lower, 0, 'it ran before anything was decided');
  };

  const decide = async (): Promise<void> => {
    if (!isRead) await control.caughtUp();
    isRead = true;
    if (control.pausedBecause(name) !== null) return;
    const stands = control.activeVersion(name);
    if (stands === null) return decideFirst();
    if (!stands.auto || stands.version >= version) return;
    if (await isCovered(stands.version, stands.decisions))
      await publish(version, stands.decisions, `it has all that version ${stands.version} has`);
  };

  return {
    async look() {
      try {
        await decide();
      } catch (error) {
        logger.debug({ module: module.id, error: messageOf(error) }, 'who is shown cannot be decided yet');
      }
    },
  };
}
