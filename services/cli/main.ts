#!/usr/bin/env node
import { Command } from 'commander';
import { createModulesCommand } from './modules.ts';

/** `lectern <command>`: what an operator, an analyst or an author of reducers does from a terminal. */
const program = new Command('lectern')
  .description('Lectern: stream processing for learning events')
  .addCommand(createModulesCommand(process.env));

await program.parseAsync();
