import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { type Replayed, type ReplayToFileDeps, replayToFile } from '../../services/replay/replay-to-file.ts';
import { createDirectoryArchive } from '../../services/shared/archive/directory.ts';
import { systemClock } from '../../services/shared/clock.ts';
import { createLogger } from '../../services/shared/logger.ts';
import type { Module } from '../../services/shared/module.ts';
import { testRun } from '../support/test-run.ts';
import { unattributed } from '../support/unattributed.ts';
import { limits } from './live-house.ts';
import { linesOf, type Told } from './told.ts';

export interface ReplayRun {
  readonly outcome: Replayed;
  readonly told: Told;
  readonly lines: readonly string[];
  /** What `onRead` was told, in all. */
  readonly read: number;
  /** What `onPlan` was told. */
  readonly planned: number;
  readonly resumed: boolean;
}

export interface Given extends Partial<ReplayToFileDeps> {
  readonly dir: string;
  readonly module: Module;
}

/** A folder for one replay. */
export const replayFolder = (): string => mkdtempSync(join(testRun.makeDir('replays'), 'replay-'));

/** Replays an archive in a folder into a file, and reads that. */
export async function replay({ dir, module, ...given }: Given): Promise<ReplayRun> {
  const folder = replayFolder();
  const out = given.out ?? join(folder, 'states.jsonl');
  let read = 0;
  let planned = 0;
  let resumed = false;
  const outcome = await replayToFile({
    archive: createDirectoryArchive({ root: dir }),
    archiveName: dir,
    module,
    filters: {},
    work: join(folder, 'work'),
    limits,
    watchdog: { claimed: () => undefined, reducing: () => undefined },
    strays: unattributed,
    clock: systemClock,
    logger: createLogger({ service: 'test', level: 'silent' }),
    onRead(records) {
      read += records;
    },
    onPlan(_, records, isResumed) {
      planned = records;
      resumed = isResumed;
    },
    ...given,
    out,
  });
  return {
    outcome,
    read,
    planned,
    resumed,
    ...(outcome.kind === 'done' ? linesOf(out) : { told: {}, lines: [] }),
  };
}
