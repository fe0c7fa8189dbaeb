import type { Measured } from './measure.ts';
import { runProgram } from './program.ts';

export interface RawConsume {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly events: number;
  readonly partitions: number;
  /** New each time. */
  readonly groupId: string;
}

let runs = 0;

/** What kafkajs alone consumes of a topic, in a process of its own with the settings of Node that workers have. */
export function rawConsume(options: Omit<RawConsume, 'groupId'>): Promise<Measured> {
  runs += 1;
  const groupId = `raw-${options.topic}-${runs}`;
  return runProgram(new URL('./raw-process.js', import.meta.url), { ...options, groupId });
}

export interface RawProduce {
  readonly brokers: readonly string[];
  readonly namespace: string;
  readonly source: string;
  readonly events: number;
  readonly students: number;
  readonly payloadBytes: number;
}

/** What kafkajs alone appends of the bytes that the gateway would append, acks=all, in a process of its own. */
export function rawProduce(options: RawProduce): Promise<Measured> {
  return runProgram(new URL('./raw-produce-process.js', import.meta.url), options);
}
