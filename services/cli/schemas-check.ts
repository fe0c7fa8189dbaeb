import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command } from 'commander';
import { checkSourceSchemas, sourceSchemasDir } from '../shared/source-schemas.ts';

const EXIT_FAILED = 1;

/** `lectern schemas check`: says of every typed source whether each version of its schema reads all older ones. */
export function createSchemasCheckCommand(): Command {
  return new Command('check')
    .description('check that every version of a typed source reads all older ones')
    .option('--dir <folder>', 'the folder with the schemas; by default the one that services read')
    .option('--json', 'print JSON')
    .action(({ dir, json }: { dir?: string; json?: boolean }, command: Command) => {
      const folder = dir === undefined ? sourceSchemasDir : pathToFileURL(`${resolve(dir)}/`);
      const checks = checkSourceSchemas(folder);
      const problems = checks.flatMap((check) => check.problems);
      if (json === true) console.log(JSON.stringify(checks, null, 2));
      else if (checks.length === 0) console.log('no source has a schema');
      else
        console.table(
          checks.map((check) => ({
            ...check,
            problems: check.problems.length === 0 ? 'none' : check.problems.length,
          })),
        );
      if (problems.length > 0) command.error(problems.join('\n'), { exitCode: EXIT_FAILED });
    });
}
