import type { Command } from 'commander';
import type { Environment } from '../shared/config.ts';
import { type ErrorCode, LecternError, messageOf } from '../shared/errors.ts';
import type { House } from './house.ts';
import { openHouse } from './open-house.ts';

/** Opens the house that the environment names, for as long as `action` runs; a fault ends the process with its message. */
export type RunInHouse = (command: Command, action: (house: House) => Promise<void>) => Promise<void>;

const EXIT_CONFIG = 78;
const EXIT_FAILED = 1;
const NEEDS_A_PERSON: ReadonlySet<ErrorCode> = new Set([
  'CONFIG_INVALID',
  'MODULE_INVALID',
  'TOPIC_MISMATCH',
  'DATA_DIR_IN_USE',
]);

/** Services that start make the topics of their namespace. */
function tellOf(error: unknown): string {
  const isMissing = error instanceof LecternError && error.code === 'UNKNOWN_TOPIC';
  const remedy = '; start the services of this version once, or correct LECTERN_NAMESPACE';
  return `${messageOf(error)}${isMissing ? remedy : ''}`;
}

export function createRunInHouse(env: Environment): RunInHouse {
  return async (command, action) => {
    try {
      const { house, close } = await openHouse(env);
      try {
        await action(house);
      } finally {
        await close();
      }
    } catch (error) {
      const needsAPerson = error instanceof LecternError && NEEDS_A_PERSON.has(error.code);
      command.error(tellOf(error), { exitCode: needsAPerson ? EXIT_CONFIG : EXIT_FAILED });
    }
  };
}
