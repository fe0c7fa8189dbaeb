import type { SingleObjectReader } from '../shared/avro.ts';
import { createPartReader, type Envelope } from '../shared/event.ts';
import type { LogRecord } from '../shared/log/port.ts';
import type { LearningEvent } from '../shared/reducer-api.ts';
import { copyJson } from './copy-json.ts';
import type { Keyed } from './scope.ts';

/** Read at once, because a unit needs it of every event. */
const HEAD = ['id', 'key', 'session', 'sequence', 'receivedAt', 'client'] as const;
/** Read when a reducer asks. */
const REST = ['server', 'metadata'] as const;
type Head = Pick<Envelope, (typeof HEAD)[number]>;
type Rest = Pick<Envelope, (typeof REST)[number]>;

interface EnvelopeReaders {
  readonly head: SingleObjectReader<Head>;
  readonly rest: SingleObjectReader<Rest>;
}

/** Compiled once, as the schemas are part of the program. */
const readers: EnvelopeReaders = { head: createPartReader(HEAD), rest: createPartReader(REST) };

/** An event of a batch. What it holds is shared by all that fold it. */
export interface DecodedEvent extends Keyed {
  readonly kind: 'ok';
  readonly offset: number;
  /** When the log appended it, in milliseconds. */
  readonly timestamp: number;
  /** Of the record's value. */
  readonly bytes: number;
  readonly envelope: Head;
  /** The record's own: never to be changed. */
  readonly value: Buffer;
  /** To look for keys in, as `metadata`: never to be changed. */
  client(): LearningEvent['client'];
  /**
   * The event in objects that nobody else has. Every reducer gets its own: one that keeps a part of the event in its
   * state, and changes that state in place, must change nothing for others, nor for a fold that is made again.
   */
  fresh(): LearningEvent;
  /** Lets go of what can be decoded again; for when a batch is through. */
  release(): void;
}

export type DecodedRecord =
  | DecodedEvent
  | {
      readonly kind: 'deadLetter';
      readonly offset: number;
      readonly timestamp: number;
      readonly reason: string;
    };

type Client = LearningEvent['client'];
type Metadata = LearningEvent['metadata'];

/** Makes each part when somebody looks at it: that is most of what an event costs, and few reducers need it all. */
class FreshEvent implements LearningEvent {
  readonly #of: Decoded;
  #client: Client | undefined;
  #server: LearningEvent['server'] | undefined;
  #metadata: Metadata | undefined;

  constructor(of: Decoded) {
    this.#of = of;
  }

  get client(): Client {
    this.#client ??= this.#of.ownClient();
    return this.#client;
  }

  get server(): LearningEvent['server'] {
    if (this.#server === undefined) {
      const { receivedAt } = this.#of.envelope;
      this.#server = { ...(JSON.parse(this.#of.rest().server) as object), time: receivedAt / 1e6 };
    }
    return this.#server;
  }

  get metadata(): Metadata {
    this.#metadata ??= JSON.parse(this.#of.rest().metadata) as Metadata;
    return this.#metadata;
  }

  toJSON(): LearningEvent {
    return { client: this.client, server: this.server, metadata: this.metadata };
  }
}

class Decoded implements DecodedEvent {
  readonly kind = 'ok';
  readonly offset: number;
  readonly timestamp: number;
  readonly bytes: number;
  readonly student: string;
  readonly value: Buffer;
  /** Dropped when a batch is through: an event may be kept until the next checkpoint, and its texts are large. */
  #envelope: Head | undefined;
  #rest: Rest | undefined;
  /** As it was parsed; nobody else has it. */
  #client: Client | undefined;
  #metadata: Metadata | undefined;
  /** Whether the first who asks may have the parsed objects for their own: nobody else is expected to. */
  readonly #givesAway: boolean;

  constructor(record: LogRecord, value: Buffer, envelope: Head, givesAway: boolean) {
    this.offset = record.offset;
    this.timestamp = record.timestamp;
    this.bytes = value.length;
    this.student = envelope.key;
    this.value = value;
    this.#envelope = envelope;
    this.#givesAway = givesAway;
    this.#client = JSON.parse(envelope.client) as Client;
  }

  get envelope(): Head {
    this.#envelope ??= this.#read(readers.head);
    return this.#envelope;
  }

  rest(): Rest {
    this.#rest ??= this.#read(readers.rest);
    return this.#rest;
  }

  #read<T>(reader: SingleObjectReader<T>): T {
    const decoded = reader.decode(this.value);
    if (decoded.kind !== 'ok') throw new TypeError(`the record changed: ${decoded.reason}`);
    return decoded.value;
  }

  client(): Client {
    this.#client ??= JSON.parse(this.envelope.client) as Client;
    return this.#client;
  }

  ownClient(): Client {
    const client = this.client();
    if (!this.#givesAway) return copyJson(client);
    this.#client = undefined;
    return client;
  }

  metadata(): Metadata {
    this.#metadata ??= JSON.parse(this.rest().metadata) as Metadata;
    return this.#metadata;
  }

  fresh(): LearningEvent {
    return new FreshEvent(this);
  }

  release(): void {
    this.#envelope = undefined;
    this.#rest = undefined;
    this.#client = undefined;
    this.#metadata = undefined;
  }
}

/** Students whose name is kept: whoever looks something up by it has its hash already, and need not compare it. */
const MAX_STUDENTS = 20_000;

/** Gives equal names as one and the same text. */
function createNames(): (name: string) => string {
  const names = new Map<string, string>();
  return (name) => {
    const known = names.get(name);
    if (known !== undefined) return known;
    if (names.size >= MAX_STUDENTS) names.clear();
    names.set(name, name);
    return name;
  };
}

/** `isForOne`: one reducer gets the event, so it need not be copied. It may still be folded again. */
export type Decode = (record: LogRecord, isForOne: boolean) => DecodedRecord;

/** Turns a record of an events topic into what reducers receive. What is not one of our events is a dead letter. */
export function createDecoder(): Decode {
  const nameOf = createNames();
  return (record, isForOne) => {
    const { value, offset, timestamp } = record;
    const refuse = (reason: string): DecodedRecord => ({ kind: 'deadLetter', offset, timestamp, reason });
    if (value === null) return refuse('the record has no value');
    const decoded = readers.head.decode(value);
    if (decoded.kind !== 'ok') return refuse(decoded.reason);
    try {
      const envelope: { key: string } & Head = decoded.value;
      envelope.key = nameOf(envelope.key);
      return new Decoded(record, value, envelope, isForOne);
    } catch {
      // A parser's message quotes what it read, which is about a learner.
      return refuse('the client part of the event is not JSON');
    }
  };
}
