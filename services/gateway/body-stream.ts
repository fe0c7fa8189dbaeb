import type { IncomingMessage } from 'node:http';
import { PassThrough, type Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { GatewayLimits } from './limits.ts';

/** Why a body is read no further. What came before it was taken. */
export interface BodyFault {
  readonly kind: 'fault';
  readonly status: 400 | 401 | 408 | 413 | 429;
  readonly error: string;
  readonly retryAfterS?: number;
}

export type StreamLimits = Pick<
  GatewayLimits,
  'bodyBytes' | 'unpackedBytes' | 'unpackedRatio' | 'stallMs' | 'bodyBytesPerS'
>;

export type Encoding = 'identity' | 'gzip';

/** Null for one that is not read here. */
export function encodingOf(request: IncomingMessage): Encoding | null {
  const name = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (name === 'identity' || name === '') return 'identity';
  return name === 'gzip' || name === 'x-gzip' ? 'gzip' : null;
}

/** Below this a ratio says nothing: short texts that repeat themselves pack well. */
const RATIO_FROM_BYTES = 1_048_576;

function fault(status: BodyFault['status'], error: string): BodyFault {
  return { kind: 'fault', status, error };
}

/** The fault of a body of so many bytes, as sent and as unpacked. */
function sizeFault(sent: number, unpacked: number, limits: StreamLimits): BodyFault | null {
  if (sent > limits.bodyBytes)
    return fault(413, `the body is too large: at most ${limits.bodyBytes} bytes; send several requests`);
  if (unpacked > limits.unpackedBytes)
    return fault(413, `the body is too large: unpacked at most ${limits.unpackedBytes} bytes; send several`);
  if (unpacked > RATIO_FROM_BYTES && unpacked > sent * limits.unpackedRatio)
    return fault(
      413,
      `the body unpacks to more than ${limits.unpackedRatio} times its size; send it unpacked`,
    );
  return null;
}

const LATE = Symbol('late');

async function within<T>(promise: Promise<T>, ms: number): Promise<T | typeof LATE> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(() => resolve(LATE), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function sourceOf(request: IncomingMessage, encoding: Encoding): Transform {
  const source = encoding === 'gzip' ? createGunzip() : new PassThrough();
  request.on('error', () => undefined);
  request.once('close', () => {
    if (!request.complete) source.destroy(new Error('the request was cut off'));
  });
  // Also when it is destroyed with nobody reading it.
  source.on('error', () => undefined);
  return request.pipe(source);
}

/**
 * The body of a request, unpacked, as it comes, and no faster than it is asked for. The last item may be a fault: more
 * bytes than allowed, sent or unpacked; bytes that do not unpack; or a sender that all in all has kept us waiting longer
 * than `stallMs` and what its bytes may take at `bodyBytesPerS`. A fault leaves the rest unread.
 */
export async function* readBody(
  request: IncomingMessage,
  encoding: Encoding,
  limits: StreamLimits,
): AsyncGenerator<Buffer | BodyFault, void, void> {
  const announced = sizeFault(Number(request.headers['content-length'] ?? 0), 0, limits);
  if (announced !== null) return void (yield announced);
  const source = sourceOf(request, encoding);
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let unpacked = 0;
  let waitedMs = 0;
  try {
    for (;;) {
      const since = performance.now();
      const allowedMs = limits.stallMs + (unpacked / limits.bodyBytesPerS) * 1_000 - waitedMs;
      const next = await within(chunks.next(), Math.max(0, allowedMs));
      waitedMs += performance.now() - since;
      if (next === LATE)
        return void (yield fault(408, 'the body did not come in time; send it again, without pauses'));
      if (next.done === true) return;
      unpacked += next.value.length;
      const sent = 'bytesWritten' in source ? Number(source.bytesWritten) : unpacked;
      const tooLarge = sizeFault(sent, unpacked, limits);
      if (tooLarge !== null) return void (yield tooLarge);
      yield next.value;
    }
  } catch {
    yield fault(400, encoding === 'gzip' ? 'the body is not whole gzip' : 'the request was cut off');
  } finally {
    request.unpipe(source);
    source.destroy();
  }
}
