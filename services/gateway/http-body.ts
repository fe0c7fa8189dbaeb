import { isUtf8 } from 'node:buffer';
import { createArraySplitter, createLineSplitter, type Piece } from './body-splitter.ts';
import type { BodyFault } from './body-stream.ts';
import { type FrameLimits, type ParsedFrame, parseFrame, problem } from './frame.ts';
import type { GatewayLimits } from './limits.ts';

export const JSON_TYPE = 'application/json';
export const NDJSON_TYPE = 'application/x-ndjson';

/** What a body gives, in order. After a fault nothing follows. */
export type Element = ParsedFrame | BodyFault;

export type BodyLimits = FrameLimits & Pick<GatewayLimits, 'bodyEvents'>;

const REPLACEMENT = '\ufffd';

function fault(status: 400 | 413, error: string): BodyFault {
  return { kind: 'fault', status, error };
}

/**
 * The elements of a body as it comes in, each checked by itself. Of NDJSON every line stands alone. An array is read up
 * to its first element that is not JSON, because where the next one begins would be a guess; positions are in bytes of
 * the unpacked body.
 */
export function createBodyReader(
  type: typeof JSON_TYPE | typeof NDJSON_TYPE,
  limits: BodyLimits,
): { push(chunk: Buffer): readonly Element[]; end(): readonly Element[] } {
  const lines = type === NDJSON_TYPE;
  const splitter = lines ? createLineSplitter(limits) : createArraySplitter(limits);
  let elements = 0;
  let faulty = false;

  function read(bytes: Buffer, at: number): Element {
    const text = bytes.toString();
    const parsed = parseFrame(text, limits);
    const isText = !text.includes(REPLACEMENT) || isUtf8(bytes);
    const notJsonAt = parsed.kind === 'problem' ? parsed.notJsonAt : undefined;
    if (notJsonAt === undefined || lines)
      return isText ? parsed : problem('a frame must be UTF-8', 'encode it so');
    const place = at + Buffer.byteLength(text.slice(0, notJsonAt));
    return fault(400, isText ? `position ${place}: not JSON` : `position ${at}: not UTF-8`);
  }

  function elementOf(piece: Piece): Element {
    if (piece.kind === 'broken') return fault(400, `position ${piece.at}: ${piece.error}`);
    if (++elements > limits.bodyEvents)
      return fault(413, `a request may have at most ${limits.bodyEvents} elements; send several`);
    if (piece.kind === 'element') return read(piece.bytes, piece.at);
    return problem(`a frame may have at most ${limits.frameBytes} bytes`, 'send it in parts');
  }

  function take(pieces: readonly Piece[]): readonly Element[] {
    const taken: Element[] = [];
    for (const piece of pieces) {
      if (faulty) break;
      const element = elementOf(piece);
      faulty = element.kind === 'fault';
      taken.push(element);
    }
    return taken;
  }

  return {
    push: (chunk) => take(splitter.push(chunk)),
    end: () => take(splitter.end()),
  };
}
