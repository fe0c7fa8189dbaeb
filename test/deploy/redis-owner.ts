import { startRedis } from '../../deploy/local/redis.ts';
import { createRun } from '../../deploy/local/run.ts';

// Owns a Redis, says so, and ends by itself when told to on stdin; the test kills it otherwise.
const run = createRun();
const redis = await startRedis({ run, log: console.error, lost: console.error });
console.log(`owns ${redis.service.pid} in ${run.dir}`);
setTimeout(() => process.exit(0), Number(process.argv[2] ?? 60_000));
