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

function lengthBytes(short: number): number {
  if (short === 127) return 8;
  return short === 126 ? 2 : 0;
}

export function createFrameMeter(): FrameMeter {
  const header = Buffer.alloc(14);
  let headerBytes = 0;
  let payloadLeft = 0;
  /** Of the frame that is coming, header included. */
  let frameBytes = 0;
  /** Of the frames before it that belong to one message with it. */
  let earlierBytes = 0;
  let whole = 0;

  function headerNeeded(): number {
    if (headerBytes < 2) return 2;
    const second = header[1]!;
    return 2 + lengthBytes(second & LENGTH) + ((second & MASKED) === 0 ? 0 : MASK_BYTES);
  }

  function payloadLength(): number {
    const short = header[1]! & LENGTH;
    if (short < 126) return short;
    return short === 126 ? header.readUInt16BE(2) : Number(header.readBigUInt64BE(2));
  }

  function endFrame(): void {
    const first = header[0]!;
    // Pings and their like may come between the frames of a message.
    if ((first & OPCODE) < FIRST_CONTROL) {
      const isLast = (first & FIN) !== 0;
      if (isLast) whole++;
      earlierBytes = isLast ? 0 : earlierBytes + frameBytes;
    }
    headerBytes = 0;
    frameBytes = 0;
  }

  return {
    take(chunk) {
      for (let at = 0; at < chunk.length; ) {
        if (payloadLeft === 0) {
          header[headerBytes++] = chunk[at++]!;
          frameBytes++;
          if (headerBytes < headerNeeded()) continue;
          payloadLeft = payloadLength();
        } else {
          const taken = Math.min(payloadLeft, chunk.length - at);
          payloadLeft -= taken;
          frameBytes += taken;
          at += taken;
        }
        if (payloadLeft === 0) endFrame();
      }
    },
    unfinished: () => earlierBytes + frameBytes,
    whole: () => whole,
  };
}
