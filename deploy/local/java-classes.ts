import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cached } from './cache.ts';
import type { Child } from './child.ts';
import type { Java } from './install.ts';

/**
 * The option with which a Java program finds its classes loaded and checked, which is most of what its start costs: an
 * archive of them that a first run leaves behind, kept with the downloads (JEP 350). `firstRun` starts the program with
 * an option of ours and resolves when it is up.
 */
export async function sharedClasses(
  name: string,
  { version }: Java,
  firstRun: (option: string) => Promise<Child>,
): Promise<string> {
  // Another Java could not use it.
  const dir = await cached(`${name}-classes-java-${version}`, async (partial) => {
    const archive = join(partial, 'classes.jsa');
    const child = await firstRun(`-XX:ArchiveClassesAtExit=${archive}`);
    process.kill(child.pid, 'SIGTERM');
    await child.ended;
    if (!existsSync(archive))
      throw new Error(`${name} left no archive of its classes:\n${child.lines().slice(-15).join('\n')}`);
  });
  return `-XX:SharedArchiveFile=${join(dir, 'classes.jsa')}`;
}
