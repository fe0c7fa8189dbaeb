import { stat } from 'node:fs/promises';
import { loadClasses } from '../shared/classes.ts';
import { type Clock, systemClock } from '../shared/clock.ts';
import { messageOf } from '../shared/errors.ts';
import type { Lifecycle } from '../shared/lifecycle.ts';
import type { Logger } from '../shared/logger.ts';
import { createRoster, NO_ROSTER, type Roster } from './roster.ts';
import { asksRoster, type StampRules } from './stamp-rules.ts';

export interface OpenRosterDeps {
  readonly logger: Logger;
  readonly lifecycle: Pick<Lifecycle, 'onStop'>;
  readonly clock?: Pick<Clock, 'every'>;
}

interface RosterVariables {
  readonly LECTERN_STAMP: StampRules;
  readonly LECTERN_CLASSES_FILE?: string | undefined;
}

const LOOK_MS = 2_000;

/** What is another when the file is another. */
async function markOf(path: string): Promise<string> {
  return stat(path).then(
    ({ ino, size, mtimeMs }) => `${ino} ${size} ${mtimeMs}`,
    () => 'none',
  );
}

/**
 * The roster of LECTERN_CLASSES_FILE, where LECTERN_STAMP asks it. Throws CONFIG_INVALID when it cannot be read at the
 * start. A file that changes is read again within some seconds; what cannot be read then is told, and the classes stay as
 * they were.
 */
export async function openRoster(config: RosterVariables, deps: OpenRosterDeps): Promise<Roster> {
  const { LECTERN_STAMP: rules, LECTERN_CLASSES_FILE: path } = config;
  const { logger, lifecycle, clock = systemClock } = deps;
  if (path === undefined || !asksRoster(rules)) return NO_ROSTER;
  // Asked before it is read, so that a change in between is seen.
  let mark = await markOf(path);
  let roster = createRoster(loadClasses(path));

  async function look(file: string): Promise<void> {
    const now = await markOf(file);
    if (now === mark) return;
    mark = now;
    try {
      const classes = loadClasses(file);
      roster = createRoster(classes);
      logger.info({ classes: classes.length }, 'LECTERN_CLASSES_FILE was read again');
    } catch (error) {
      logger.warn({ error: messageOf(error) }, 'the classes stay as they were: correct the file');
    }
  }
  lifecycle.onStop(
    'roster',
    clock.every(LOOK_MS, () => void look(path)),
  );
  return {
    classOf: (learner) => roster.classOf(learner),
    teacherOf: (learner, known) => roster.teacherOf(learner, known),
  };
}
