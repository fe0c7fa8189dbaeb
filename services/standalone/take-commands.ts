import { commandSocketOf } from '../cli/command-socket.ts';
import type { House } from '../cli/house.ts';
import { serveCommands } from '../cli/serve-commands.ts';
import { messageOf } from '../shared/errors.ts';
import type { Lifecycle } from '../shared/lifecycle.ts';
import type { Logger } from '../shared/logger.ts';

export interface TakingCommands {
  readonly logger: Logger;
  readonly lifecycle: Pick<Lifecycle, 'onStop'>;
}

/**
 * Has `lectern <command>` work while the product runs on its data directory. Where that can have no socket the product
 * runs without it: then a command needs the product stopped, as it says itself.
 */
export async function takeCommands(
  house: House,
  dataDir: string,
  { logger, lifecycle }: TakingCommands,
): Promise<void> {
  const address = commandSocketOf(dataDir);
  const remedy = 'lectern commands are not taken while the product runs';
  if (address === null) {
    logger.warn(`${remedy}: the path of LECTERN_DATA_DIR is too long for a socket in it`);
    return;
  }
  try {
    const commands = await serveCommands({ address, house, logger });
    lifecycle.onStop('commands', () => commands.stop());
  } catch (error) {
    logger.warn({ error: messageOf(error) }, `${remedy}: LECTERN_DATA_DIR can have no socket in it`);
  }
}
