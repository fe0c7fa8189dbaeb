import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '../..');
/** The clients of a cluster: half of what a process loads, and of the time until it is up. */
const CLIENTS = /^(@aws-sdk\/|kafkajs|ioredis)/;

/** The packages that a program loads when it starts, whatever it then does. */
async function loadedBy(entry: string): Promise<readonly string[]> {
  const { metafile } = await build({
    entryPoints: [join(root, entry)],
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  const loaded = new Set<string>();
  const packages = new Set<string>();
  const follow = (file: string): void => {
    if (loaded.has(file)) return;
    loaded.add(file);
    for (const { path, kind, external } of metafile.inputs[file]!.imports) {
      if (kind === 'dynamic-import') continue;
      if (external === true) packages.add(path);
      else follow(path);
    }
  };
  follow(entry);
  return [...packages];
}

test.each(['services/standalone/main.ts', 'services/cli/main.ts'])(
  '%s loads no client of a cluster where there is none',
  async (entry) => {
    const packages = await loadedBy(entry);
    expect(packages).toContain('zod');
    expect(packages.filter((name) => CLIENTS.test(name))).toEqual([]);
  },
);
