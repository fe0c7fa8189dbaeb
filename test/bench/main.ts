import { createRun, type OwnedRun } from '../../deploy/local/run.ts';
import { archive } from './archive.ts';
import { endurance } from './endurance.ts';
import { exportBench } from './export.ts';
import { growth } from './growth.ts';
import { idle } from './idle.ts';
import { ingest } from './ingest.ts';
import { type BenchOptions, parseOptions } from './options.ts';
import { reduce } from './reduce.ts';
import { replay } from './replay.ts';
import { takeover } from './takeover.ts';

/** `npm run bench [-- <name>]`: prints one JSON line a figure. Without a name, every bench in turn. */
const benches: Readonly<Record<string, (run: OwnedRun, options: BenchOptions) => Promise<void>>> = {
  reduce,
  growth,
  takeover,
  idle,
  ingest,
  endurance,
  archive,
  export: exportBench,
  replay,
};

function asked(): ReturnType<typeof parseOptions> {
  try {
    const { names, options } = parseOptions(process.argv.slice(2));
    const unknown = names.filter((name) => benches[name] === undefined);
    if (unknown.length > 0)
      throw new Error(
        `no bench is named ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`,
      );
    return { names: names.length === 0 ? Object.keys(benches) : names, options };
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}

const { names, options } = asked();
let failed = false;
for (const name of names) {
  const run = createRun();
  try {
    await benches[name]!(run, options);
  } catch (error) {
    // A bench whose states came out wrong has no figures; the others may still have theirs.
    console.error(`${name}:`, error);
    failed = true;
  } finally {
    await run.close();
  }
}
process.exit(failed ? 1 : 0);
