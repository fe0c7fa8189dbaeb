import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Environment } from '../shared/config.ts';
import { type ErrorCode, LecternError, messageOf } from '../shared/errors.ts';
import { type Answer, terminal } from './answer.ts';
import { handOver } from './hand-over.ts';
import type { House } from './house.ts';
import { directoryOf, type OpenedHouse, openHouse } from './open-house.ts';

type Action = (house: House, answer: Answer) => Promise<void>;

/** Runs `action` in the house that is meant; a fault ends the command with its message. */
export type RunInHouse = (command: Command, action: Action) => Promise<void>;

const EXIT_CONFIG = 78;
const EXIT_FAILED = 1;
const NEEDS_A_PERSON: ReadonlySet<ErrorCode> = new Set([
  'CONFIG_INVALID',
  'MODULE_INVALID',
  'TOPIC_MISMATCH',
  'DATA_DIR_IN_USE',
]);

/** Who has the data directory may be another command, or a product that starts. */
const BUSY_MS = 5_000;
const RETRY_MS = 100;

/** Services that start make the topics of their namespace. */
function tellOf(error: unknown): string {
  const isMissing = error instanceof LecternError && error.code === 'UNKNOWN_TOPIC';
  const remedy = '; start the services of this version once, or correct LECTERN_NAMESPACE';
  return `${messageOf(error)}${isMissing ? remedy : ''}`;
}

/** Ends a command with what was thrown while it ran. */
export function endWith(command: Command, error: unknown): never {
  const needsAPerson = error instanceof LecternError && NEEDS_A_PERSON.has(error.code);
  command.error(tellOf(error), { exitCode: needsAPerson ? EXIT_CONFIG : EXIT_FAILED });
}

/** The house; or, when the product that runs on its data directory did the command instead, the status of that. */
async function openOrHandOver(env: Environment, args: readonly string[]): Promise<OpenedHouse | number> {
  const deadline = Date.now() + BUSY_MS;
  for (;;) {
    try {
      return await openHouse(env);
    } catch (error) {
      if (!(error instanceof LecternError) || error.code !== 'DATA_DIR_IN_USE') throw error;
      const { dataDir, namespace } = directoryOf(env);
      const status = await handOver(dataDir, { namespace, args: [...args], cwd: process.cwd() }, process);
      if (status !== null) return status;
      if (Date.now() >= deadline) throw error;
      await sleep(RETRY_MS);
    }
  }
}

/**
 * Opens the house that the environment names, for as long as a command runs. While the product runs on its data
 * directory that does the command, given as `args`, in its own house.
 */
export function createRunInHouse(env: Environment, args: readonly string[]): RunInHouse {
  return async (command, action) => {
    try {
      const opened = await openOrHandOver(env, args);
      if (typeof opened === 'number') {
        process.exitCode = opened;
        return;
      }
      try {
        await action(opened.house, terminal);
      } finally {
        await opened.close();
      }
    } catch (error) {
      endWith(command, error);
    }
  };
}
