import type { Control } from '../shared/control/port.ts';

/**
 * What was decided about events, without what was decided about running: a module that is paused where it runs is replayed
 * all the same, and one that would pause here ends the replay, since nobody could resume it.
 */
export function createQuietControl(control: Control, paused: (reason: string) => void): Control {
  return {
    ...control,
    async publish(record) {
      if (record.kind === 'module-switch') paused(record.reason);
      else await control.publish(record);
    },
    pausedBecause: () => null,
  };
}
