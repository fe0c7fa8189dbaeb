import { Command } from 'commander';
import { z } from 'zod';
import { commonShape, type Environment, parseConfig } from '../shared/config.ts';
import { messageOf } from '../shared/errors.ts';
import { loadInstallation } from '../shared/installation.ts';
import { scopeFieldNames } from '../shared/module.ts';

/** `lectern modules list`: loads and checks every module that the services would, and says what each has. */
export function createModulesListCommand(env: Environment): Command {
  return new Command('list')
    .description('check the installed modules and those of LECTERN_MODULES, and list their reducers')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      try {
        const { modules } = await loadInstallation(parseConfig(z.object(commonShape), env));
        const rows = modules.flatMap(({ id, reducers }) =>
          reducers.map((reducer) => ({
            module: id,
            reducer: reducer.id,
            scope: scopeFieldNames(reducer.scope),
            contexts: reducer.contexts,
          })),
        );
        if (json === true) console.log(JSON.stringify(rows, null, 2));
        else
          console.table(
            rows.map((row) => ({ ...row, scope: row.scope.join(' '), contexts: row.contexts.join(' ') })),
          );
      } catch (error) {
        command.error(messageOf(error), { exitCode: 78 });
      }
    });
}
