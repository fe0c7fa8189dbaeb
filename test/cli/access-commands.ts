import { jest } from '@jest/globals';
import { Command } from 'commander';
import { terminal } from '../../services/cli/answer.ts';
import { createBlocklistCommand } from '../../services/cli/blocklist.ts';
import type { House } from '../../services/cli/house.ts';
import { createKeysCommand } from '../../services/cli/keys.ts';
import type { RunInHouse } from '../../services/cli/run-in-house.ts';
import { createSourcesCommand } from '../../services/cli/sources.ts';

const printed: string[] = [];

/** For `beforeEach`. */
export function catchPrinted(): void {
  jest.spyOn(console, 'log').mockImplementation((text) => void printed.push(String(text)));
  jest.spyOn(console, 'table').mockImplementation((rows) => void printed.push(JSON.stringify(rows)));
}

/** Runs `lectern <words>` in a house, and answers with what it prints. */
export async function lectern(house: House, words: readonly string[]): Promise<string> {
  const run: RunInHouse = (_, action) => action(house, terminal);
  const program = new Command('lectern')
    .addCommand(createKeysCommand(run))
    .addCommand(createBlocklistCommand(run))
    .addCommand(createSourcesCommand(run));
  const every = (command: Command): void => {
    command.exitOverride().configureOutput({ writeErr: () => undefined });
    command.commands.forEach(every);
  };
  every(program);
  printed.length = 0;
  await program.parseAsync([...words], { from: 'user' });
  return printed.join('\n');
}
