import { LecternError, messageOf } from '../shared/errors.ts';
import type { StateStore } from '../shared/state/port.ts';

export type ReadStore = Pick<StateStore, 'position' | 'readMany'>;

export function unavailable(message: string, cause?: unknown): LecternError {
  return new LecternError('STATE_UNAVAILABLE', message, { cause, retriable: true });
}

/** The store, but a call rejects with a retriable STATE_UNAVAILABLE when it is not answered within `timeoutMs`. */
export function createPromptStore(state: ReadStore, timeoutMs: number): ReadStore {
  async function answered<T>(asked: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(unavailable(`the state store did not answer in ${timeoutMs} ms`)),
        timeoutMs,
      );
    });
    try {
      return await Promise.race([asked, late]);
    } catch (error) {
      if (error instanceof LecternError && error.code === 'STATE_UNAVAILABLE' && !error.retriable)
        throw unavailable(messageOf(error), error);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    position: (unit) => answered(state.position(unit)),
    readMany: (unit, fields) => answered(state.readMany(unit, fields)),
  };
}
