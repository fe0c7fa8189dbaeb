import { parseArgs } from 'node:util';
import { runService } from '../shared/lifecycle.ts';
import { loadStandaloneConfig } from './config.ts';
import { demoClass } from './demo/class-roster.ts';
import { playClass } from './demo/player.ts';
import { startProduct } from './product.ts';

/**
 * The whole product in one process for one school: gateway, worker, archiver and query on the embedded log and states,
 * which are one environment on disk, and an archive directory beside them. It guarantees what each of them says;
 * kill -9 at any moment loses no acknowledged event and counts none twice, because an event is acknowledged when it is
 * on disk, and states and archive go on from what they themselves hold.
 *
 * `--demo` also plays a simulated class through the real socket.
 */
const DEMO_SEED = 1;

runService({
  name: 'standalone',
  loadConfig: () => loadStandaloneConfig(process.env),
  async start({ config, logger, lifecycle }) {
    const { values } = parseArgs({ options: { demo: { type: 'boolean', default: false } } });
    const classes = values.demo ? [demoClass] : undefined;
    const product = await startProduct({
      config,
      logger,
      lifecycle,
      ...(classes === undefined ? {} : { classes }),
    });
    const { notReady, degraded } = await product.ready();
    if (lifecycle.stopping.aborted) return;
    process.stdout.write(`Lectern ${notReady.length === 0 ? 'is ready' : 'runs'}: ${product.url}\n`);
    for (const line of notReady) process.stdout.write(`  not ready: ${line}\n`);
    for (const line of degraded) process.stdout.write(`  stands still: ${line}\n`);
    if (!values.demo) return;
    const url = `${product.url.replace(/^http/, 'ws')}/wsapi/in/`;
    const player = playClass({ url, roster: demoClass, seed: DEMO_SEED, speed: 1, logger });
    lifecycle.onStop('demo', () => player.stop());
    process.stdout.write(`A demo class of ${demoClass.students.length} students is writing\n`);
  },
});
