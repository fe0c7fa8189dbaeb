import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { LecternError } from './errors.ts';
import { LOG_LEVELS } from './logger.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Any variable may be given as `<NAME>_FILE`, the path of a file that holds its value. */
function withFiles(
  env: Environment,
  names: readonly string[],
  problems: string[],
): Record<string, string | undefined> {
  const values: Record<string, string | undefined> = {};
  for (const name of names) {
    const path = env[`${name}_FILE`];
    values[name] = env[name] === '' ? undefined : env[name];
    if (path === undefined || path === '') continue;
    if (values[name] !== undefined)
      problems.push(`${name}: given both as ${name} and as ${name}_FILE; keep one`);
    try {
      values[name] = readFileSync(path, 'utf8').trim();
    } catch (error) {
      problems.push(`${name}_FILE: cannot be read: ${(error as Error).message}`);
    }
  }
  return values;
}

/**
 * Reads a service's variables by its schema. Throws CONFIG_INVALID with every problem at once, one a line, each naming
 * the variable; the result is frozen.
 */
export function parseConfig<S extends z.ZodObject>(schema: S, env: Environment): Readonly<z.output<S>> {
  const problems: string[] = [];
  const values = withFiles(env, Object.keys(schema.shape), problems);
  const parsed = schema.safeParse(values);
  if (!parsed.success)
    for (const issue of parsed.error.issues) problems.push(`${issue.path.join('.')}: ${issue.message}`);
  if (problems.length > 0 || !parsed.success)
    throw new LecternError('CONFIG_INVALID', `the configuration has problems:\n  ${problems.join('\n  ')}`);
  return Object.freeze(parsed.data);
}

/** A whole number between two bounds, written in digits. */
export function integer(min: number, max: number): z.ZodType<number> {
  const message = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^-?\d+$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message);
}

/** Values between commas, trimmed, empty ones left out. */
export const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

export const flag = z.enum(['true', 'false'], 'must be true or false').transform((text) => text === 'true');

/** The largest state, as JSON text; a state type may allow more. The gateway reads it, too, since a blob is a state. */
export const stateBytes = integer(1_024, 67_108_864).default(1_048_576);

/** The variables that every service reads. */
export const commonShape = {
  LECTERN_NAMESPACE: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,40}$/, 'must be 1 to 40 letters, digits, - or _')
    .default('lectern'),
  LECTERN_HOST: z.string().default('127.0.0.1'),
  LECTERN_LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
  /** Between readiness turning off and the shutdown: what a load balancer needs to notice. */
  LECTERN_STOP_DELAY_MS: integer(0, 60_000).default(0),
  LECTERN_PARTITIONS: integer(1, 10_000).default(8),
  LECTERN_SOURCES: list.default([]),
  LECTERN_MODULES: list.default([]),
};
