import { Command } from 'commander';
import type { Environment } from '../shared/config.ts';
import { createCatCommand } from './archive-cat.ts';
import { createExportCommand } from './archive-export.ts';
import { createLsCommand } from './archive-ls.ts';
import { createVerifyCommand } from './archive-verify.ts';
import type { RunOnArchive } from './open-archive.ts';

/** `lectern archive` */
export function createArchiveCommand(run: RunOnArchive, env: Environment = {}): Command {
  return new Command('archive')
    .description('what is archived')
    .addCommand(createVerifyCommand(run))
    .addCommand(createLsCommand(run))
    .addCommand(createCatCommand(run))
    .addCommand(createExportCommand(run, env));
}
