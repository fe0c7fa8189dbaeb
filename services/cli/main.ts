#!/usr/bin/env node
import { Command } from 'commander';
import { createWatchdog } from '../worker/watchdog.ts';
import { createArchiveCommand } from './archive.ts';
import { createHouseCommands } from './house-commands.ts';
import { createRunOnArchive } from './open-archive.ts';
import { createReplayCommand } from './replay.ts';
import { createRestoreCommand } from './restore.ts';
import { createRunInHouse } from './run-in-house.ts';
import { createSchemasCommand } from './schemas.ts';

/** `lectern <command>`: what an operator, an analyst or an author of reducers does from a terminal. */
const program = new Command('lectern').description('Lectern: stream processing for learning events');
const run = createRunInHouse(process.env, process.argv.slice(2));
for (const command of createHouseCommands(process.env, run)) program.addCommand(command);
program.addCommand(createSchemasCommand());
const runOnArchive = createRunOnArchive(process.env);
program.addCommand(createArchiveCommand(runOnArchive, process.env));
program.addCommand(createReplayCommand(process.env, runOnArchive, createWatchdog));
program.addCommand(createRestoreCommand(process.env));

await program.parseAsync();
