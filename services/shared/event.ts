import { readdirSync, readFileSync } from 'node:fs';
import {
  createSingleObjectCodec,
  createSingleObjectReader,
  type Decoded,
  parseSchema,
  type SingleObjectReader,
} from './avro.ts';

/** The largest number that an envelope takes: avsc writes longs below 2^53 - 1. */
export const MAX_NUMBER = Number.MAX_SAFE_INTEGER - 1;

/** The envelope of an event: the shape of `schemas/event/`, which says what each field means. */
export interface Envelope {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly key: string;
  readonly session: string | null;
  readonly sequence: number | null;
  /** Microseconds since 1970. */
  readonly receivedAt: number;
  readonly client: string;
  readonly server: string;
  readonly metadata: string;
}

const schemaDir = new URL(
  import.meta.url.includes('/dist/') ? '../../../schemas/event/' : '../../schemas/event/',
  import.meta.url,
);

/** Every committed version of the envelope's schema, oldest first. */
export function loadEventSchemas(): unknown[] {
  return readdirSync(schemaDir)
    .filter((name) => name.endsWith('.avsc'))
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    .map((name) => JSON.parse(readFileSync(new URL(name, schemaDir), 'utf8')) as unknown);
}

export interface EventCodec {
  encode(envelope: Envelope): Buffer;
  decode(bytes: Buffer): Decoded<Envelope>;
}

export function createEventCodec(): EventCodec {
  return createSingleObjectCodec<Envelope>(loadEventSchemas().map(parseSchema));
}

type Part<K extends keyof Envelope> = SingleObjectReader<Pick<Envelope, K>>;

/** Reads some fields of envelopes, of whatever version, and skips the others. */
export function createPartReader<K extends keyof Envelope>(names: readonly K[]): Part<K> {
  const schemas = loadEventSchemas();
  const newest = schemas.at(-1) as { readonly fields: readonly { readonly name: string }[] };
  const fields = newest.fields.filter(({ name }) => names.includes(name as K));
  return createSingleObjectReader(schemas.map(parseSchema), parseSchema({ ...newest, fields }));
}
