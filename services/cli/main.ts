#!/usr/bin/env node
import { Command } from 'commander';
import { createArchiveCommand } from './archive.ts';
import { createHouseCommands } from './house-commands.ts';
import { createRunOnArchive } from './open-archive.ts';
import { createRunInHouse } from './run-in-house.ts';
import { createSchemasCommand } from './schemas.ts';

/** `lectern <command>`: what an operator, an analyst or an author of reducers does from a terminal. */
const program = new Command('lectern').description('Lectern: stream processing for learning events');
const run = createRunInHouse(process.env, process.argv.slice(2));
for (const command of createHouseCommands(process.env, run)) program.addCommand(command);
program.addCommand(createSchemasCommand());
program.addCommand(createArchiveCommand(createRunOnArchive(process.env), process.env));

await program.parseAsync();
