import type { ArchivedPartition } from '../shared/archive/object-name.ts';
import type { ObjectRange } from '../shared/archive/object-range.ts';
import type { ArchiveStore } from '../shared/archive/port.ts';
import type { Control } from '../shared/control/port.ts';
import { createObjectEraser } from '../shared/erasing/erase-object.ts';
import { LecternError, messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';

export interface ArchiveErasingDeps {
  readonly archive: ArchiveStore;
  readonly control: Pick<Control, 'caughtUp' | 'erasures'>;
  readonly logger: Logger;
  readonly now: () => number;
}

/**
 * Keeps what is erased out of new objects. Whoever erases a learner rewrites the objects that are there once it is
 * decided; so what is put later must be without, and what was on its way just then is looked at again once it is there.
 */
export interface ArchiveErasing {
  /** Resolves when everything is known that was decided until now. Rejects, retriably, while the log does not answer. */
  known(): Promise<void>;
  /** Erases in an object that is there what was decided since it was encoded. */
  settle(
    of: ArchivedPartition,
    object: { readonly name: string; readonly range: ObjectRange },
  ): Promise<void>;
}

export function createArchiveErasing({ archive, control, logger, now }: ArchiveErasingDeps): ArchiveErasing {
  const { erasures } = control;
  const eraser = createObjectEraser({ archive, erasures, now });

  const known = async (): Promise<void> => {
    try {
      await control.caughtUp();
    } catch (error) {
      const code = error instanceof LecternError ? error.code : null;
      if (code !== 'UNIT_STOPPED')
        throw new LecternError('LOG_UNAVAILABLE', `what is erased cannot be known: ${messageOf(error)}`, {
          cause: error,
          retriable: true,
        });
      // Of a control topic that is lost nobody ever knows more, and what is not archived in time is lost as well.
      logger.warn({ error: messageOf(error) }, 'archived without knowing what is erased');
    }
  };

  return {
    known,
    async settle(of, { name, range }) {
      await known();
      if (erasures.count > (range.erasures ?? 0)) await eraser.erase(of, name);
    },
  };
}

/** For topics of which nothing is ever erased. */
export const NOTHING_ERASED: ArchiveErasing = {
  known: () => Promise.resolve(),
  settle: () => Promise.resolve(),
};
