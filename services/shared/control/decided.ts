import { nameOf } from '../state/unit-meta.ts';
import type { Control, ControlRecord, LeftOut, ModuleSwitch } from './port.ts';

/**
 * What was decided, in memory. It holds one entry for each verdict that is in the topic, of all modules and for ever,
 * because a replay may ask for any of them. What bounds them is that each stands for an event that was refused, or that
 * a person chose: a module pauses at 10,000 open dead letters, and `isFull` refuses more in the end.
 */
export interface Decided extends Pick<Control, 'leftOut' | 'pausedBecause'> {
  readonly verdicts: number;
  /** Whether no more verdicts should be published. Those in the topic are taken in all the same. */
  readonly isFull: boolean;
  take(record: ControlRecord): void;
}

/** About 100 MiB. */
const MAX_VERDICTS = 200_000;

export function createDecided(maxVerdicts = MAX_VERDICTS): Decided {
  const units = new Map<string, Map<string, LeftOut>>();
  /** The token of each unit's last claim. */
  const owners = new Map<string, string>();
  const switches = new Map<string, ModuleSwitch>();
  let verdicts = 0;

  const keyOf = (unit: Parameters<Control['leftOut']>[0]): string =>
    `${unit.module}\n${unit.topic}\n${unit.partition}`;
  const leftOut = (unit: Parameters<Control['leftOut']>[0]): Map<string, LeftOut> => {
    const key = keyOf(unit);
    const found = units.get(key) ?? new Map<string, LeftOut>();
    units.set(key, found);
    return found;
  };

  /**
   * Whatever its why, a verdict leaves the event out at its place, so the first one stands; but that an event was
   * requeued must be known, and a drop, after which it is not accounted for any more, is final.
   */
  const replaces = (why: LeftOut['why'], standing: LeftOut['why']): boolean =>
    why === 'drop' || (why === 'requeue' && standing !== 'drop');

  const takeVerdict = (verdict: LeftOut): void => {
    if (verdict.token !== undefined && verdict.token !== owners.get(keyOf(verdict))) return;
    const unit = leftOut(verdict);
    const name = nameOf(verdict);
    const standing = unit.get(name);
    if (standing === undefined) verdicts += 1;
    if (standing === undefined || replaces(verdict.why, standing.why)) unit.set(name, verdict);
  };

  return {
    get verdicts() {
      return verdicts;
    },
    get isFull() {
      return verdicts >= maxVerdicts;
    },
    take(record) {
      if (record.kind === 'left-out') takeVerdict(record);
      else if (record.kind === 'unit-claimed') owners.set(keyOf(record), record.token);
      else switches.set(record.module, record);
    },
    leftOut,
    pausedBecause(name) {
      const found = switches.get(name);
      if (found === undefined || !found.paused) return null;
      return `paused: ${found.reason}; to go on: lectern modules resume ${name}`;
    },
  };
}
