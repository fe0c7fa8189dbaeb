import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Measured } from './measure.ts';

export interface RawConsume {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly events: number;
  readonly partitions: number;
  /** New each time. */
  readonly groupId: string;
}

const PROGRAM = fileURLToPath(new URL('./raw-process.js', import.meta.url));
let runs = 0;

/** What kafkajs alone consumes of a topic, in a process of its own with the settings of Node that workers have. */
export async function rawConsume(options: Omit<RawConsume, 'groupId'>): Promise<Measured> {
  runs += 1;
  const groupId = `raw-${options.topic}-${runs}`;
  const args = ['--max-semi-space-size=64', PROGRAM, JSON.stringify({ ...options, groupId })];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Measured;
}
