/** Follows where the messages of one WebSocket begin and end, by the headers of their frames alone. */
export interface FrameMeter {
  /** The next bytes that came. */
  take(chunk: Uint8Array): void;
  /** Bytes of a message of which not all is there; 0 between messages. */
  unfinished(): number;
  /** How many messages came as a whole. */
  whole(): number;
}

const FIN = 0x80;
const OPCODE = 0x0f;
const FIRST_CONTROL = 0x08;
const MASKED = 0x80;
const LENGTH = 0x7f;
const MASK_BYTES = 4;

/** Of the longest header. */
const MAX_HEADER_BYTES = 14;

/** How many bytes a header has whose second byte this is. */
function headerLength(second: number): number {
  const short = second & LENGTH;
  const mask = (second & MASKED) === 0 ? 0 : MASK_BYTES;
  if (short === 127) return 10 + mask;
  return (short === 126 ? 4 : 2) + mask;
}

function payloadLength(bytes: Uint8Array, at: number): number {
  const short = bytes[at + 1]! & LENGTH;
  if (short < 126) return short;
  let length = 0;
  for (let index = 2; index < (short === 126 ? 4 : 10); index++) length = length * 256 + bytes[at + index]!;
  return length;
}

export function createFrameMeter(): FrameMeter {
  /** What came of a header that is in two chunks. */
  let split: Uint8Array | null = null;
  let splitBytes = 0;
  let first = 0;
  let payloadLeft = 0;
  /** Of the frame that is coming, header included. */
  let frameBytes = 0;
  /** Of the frames before it that belong to one message with it. */
  let earlierBytes = 0;
  let whole = 0;

  function endFrame(): void {
    // Pings and their like may come between the frames of a message.
    if ((first & OPCODE) < FIRST_CONTROL) {
      const isLast = (first & FIN) !== 0;
      if (isLast) whole++;
      earlierBytes = isLast ? 0 : earlierBytes + frameBytes;
    }
    frameBytes = 0;
  }

  function beginFrame(header: Uint8Array, at: number): void {
    first = header[at]!;
    payloadLeft = payloadLength(header, at);
    if (payloadLeft === 0) endFrame();
  }

  /** One byte of a header, where not all of it is in the chunk. */
  function takeHeaderByte(byte: number): void {
    split ??= new Uint8Array(MAX_HEADER_BYTES);
    split[splitBytes++] = byte;
    frameBytes++;
    if (splitBytes < 2 || splitBytes < headerLength(split[1]!)) return;
    const header = split;
    split = null;
    splitBytes = 0;
    beginFrame(header, 0);
  }

  return {
    take(chunk) {
      for (let at = 0; at < chunk.length; ) {
        if (payloadLeft > 0) {
          const taken = Math.min(payloadLeft, chunk.length - at);
          payloadLeft -= taken;
          frameBytes += taken;
          at += taken;
          if (payloadLeft === 0) endFrame();
        } else if (split !== null || chunk.length - at < MAX_HEADER_BYTES) takeHeaderByte(chunk[at++]!);
        else {
          const length = headerLength(chunk[at + 1]!);
          frameBytes += length;
          beginFrame(chunk, at);
          at += length;
        }
      }
    },
    unfinished: () => earlierBytes + frameBytes,
    whole: () => whole,
  };
}
