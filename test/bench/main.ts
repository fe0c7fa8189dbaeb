import { createRun, type OwnedRun } from '../../deploy/local/run.ts';
import { pipeline } from './pipeline.ts';

/** `npm run bench [-- <name>]`: prints one JSON line a figure. Without a name, every bench in turn. */
const benches: Readonly<Record<string, (run: OwnedRun) => Promise<void>>> = { pipeline };

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => benches[name] === undefined);
if (unknown.length > 0) {
  console.error(`no bench is named ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`);
  process.exit(1);
}
for (const name of asked.length === 0 ? Object.keys(benches) : asked) {
  const run = createRun();
  try {
    await benches[name]!(run);
  } finally {
    await run.close();
  }
}
process.exit(0);
