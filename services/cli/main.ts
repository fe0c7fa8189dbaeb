#!/usr/bin/env node
import { Command } from 'commander';
import { createArchiveCommand } from './archive.ts';
import { createBlocklistCommand } from './blocklist.ts';
import { createDeadLettersCommand } from './dead-letters.ts';
import { createKeysCommand } from './keys.ts';
import { createModulesCommand } from './modules.ts';
import { createRunOnArchive } from './open-archive.ts';
import { createRunInHouse } from './run-in-house.ts';
import { createSchemasCommand } from './schemas.ts';

/** `lectern <command>`: what an operator, an analyst or an author of reducers does from a terminal. */
const run = createRunInHouse(process.env);
const program = new Command('lectern')
  .description('Lectern: stream processing for learning events')
  .addCommand(createModulesCommand(process.env, run))
  .addCommand(createDeadLettersCommand(run))
  .addCommand(createKeysCommand(run))
  .addCommand(createBlocklistCommand(run))
  .addCommand(createSchemasCommand())
  .addCommand(createArchiveCommand(createRunOnArchive(process.env)));

await program.parseAsync();
