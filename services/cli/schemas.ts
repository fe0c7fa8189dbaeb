import { Command } from 'commander';
import { createSchemasCheckCommand } from './schemas-check.ts';

/** `lectern schemas` */
export function createSchemasCommand(): Command {
  return new Command('schemas')
    .description('the schemas of typed sources')
    .addCommand(createSchemasCheckCommand());
}
