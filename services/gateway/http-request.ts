import type { Request } from 'express';
import type { Appends } from './appends.ts';
import { type BodyFault, encodingOf, readBody, type StreamLimits } from './body-stream.ts';
import { type Batch, TOO_MUCH } from './http-batch.ts';
import { type BodyLimits, createBodyReader, type Element, JSON_TYPE, NDJSON_TYPE } from './http-body.ts';
import type { GatewayLimits } from './limits.ts';
import { createRequestAppends, type RequestAppends } from './request-appends.ts';

export type RequestLimits = BodyLimits &
  StreamLimits &
  Pick<GatewayLimits, 'requestBytes' | 'requestWindowBytes' | 'ackTimeoutMs'>;

/** At so many bytes a group goes on without waiting for the end of the chunk that it came in. */
const GROUP_BYTES = 262_144;

const UNKEPT = 'unkept';

/** The elements of a request's body, those of each chunk together. */
async function* readElements(request: Request, limits: RequestLimits): AsyncGenerator<readonly Element[]> {
  const reader = createBodyReader(request.is(NDJSON_TYPE) ? NDJSON_TYPE : JSON_TYPE, limits);
  for await (const chunk of readBody(request, encodingOf(request) ?? 'identity', limits)) {
    if (!Buffer.isBuffer(chunk)) return void (yield [chunk]);
    yield reader.push(chunk);
  }
  yield reader.end();
}

/** What a sender is told that sends too much. */
export function tooMuch(waitMs: number): BodyFault {
  const retryAfterS = Math.max(1, Math.ceil(waitMs / 1_000));
  return { kind: 'fault', status: 429, error: TOO_MUCH, retryAfterS };
}

async function takeChunk(
  elements: readonly Element[],
  batch: Batch,
  sent: RequestAppends,
  requestBytes: number,
): Promise<BodyFault | typeof UNKEPT | null> {
  for (const element of elements) {
    if (element.kind === 'fault') return element;
    if (batch.totalBytes() > requestBytes) {
      const error = `with their locked fields the events of a request may have at most ${requestBytes} bytes; send several`;
      return { kind: 'fault', status: 413, error };
    }
    const error = batch.credentialFault();
    if (error !== null) return { kind: 'fault', status: 401, error };
    batch.take(element);
    if (batch.waitMs() > 0) return tooMuch(batch.waitMs());
    if (batch.groupBytes() > GROUP_BYTES && !(await sent.add(batch.nextGroup()))) return UNKEPT;
  }
  return (await sent.add(batch.nextGroup())) ? null : UNKEPT;
}

/**
 * Takes a request's elements as they come in and sends them on, never holding more than its window, and resolves when
 * all that it took is durable: to null, or the fault that ended the reading. 'unkept': not everything was durable in time.
 */
export async function takeRequest(
  request: Request,
  batch: Batch,
  appends: Pick<Appends, 'append' | 'isFull'>,
  limits: RequestLimits,
): Promise<BodyFault | typeof UNKEPT | null> {
  const sent = createRequestAppends(appends, limits);
  let ended: BodyFault | typeof UNKEPT | null = null;
  try {
    for await (const elements of readElements(request, limits)) {
      ended = await takeChunk(elements, batch, sent, limits.requestBytes);
      if (ended !== null) break;
    }
    const kept = ended !== UNKEPT && (await sent.add(batch.nextGroup())) && (await sent.done());
    return kept ? ended : UNKEPT;
  } finally {
    sent.leave();
    batch.end();
  }
}
