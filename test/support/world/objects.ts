import type { ArchiveStore } from '../../../services/shared/archive/port.ts';
import { LecternError } from '../../../services/shared/errors.ts';
import type { Machine } from './machine.ts';
import type { Schedule } from './schedule.ts';

/** What snapshots need of an archive. */
export type ObjectStore = Pick<ArchiveStore, 'putIfAbsent' | 'get' | 'list' | 'delete'>;

/** The archive's objects, for all processes of a world. */
export type Objects = Map<string, Buffer>;

/** As one process of the world reaches them; sometimes it does not. */
export function createProcessObjects({ random }: Schedule, machine: Machine, objects: Objects): ObjectStore {
  const ask = <T>(question: () => T): Promise<T> =>
    machine.call(() => {
      if (random.chance(0.1)) throw new LecternError('ARCHIVE_UNAVAILABLE', 'the archive does not answer');
      return question();
    });
  return {
    putIfAbsent: (name, bytes) =>
      ask(() => {
        if (objects.has(name)) return 'exists';
        objects.set(name, bytes);
        return 'created';
      }),
    get: (name) =>
      ask(() => {
        const bytes = objects.get(name);
        return bytes === undefined ? null : { bytes, metadata: {} };
      }),
    async *list({ prefix }) {
      const names = await ask(() => [...objects.keys()].filter((name) => name.startsWith(prefix)).sort());
      if (names.length > 0) yield names.map((name) => ({ name, sizeBytes: 1 }));
    },
    delete: (name) => ask(() => void objects.delete(name)),
  };
}
