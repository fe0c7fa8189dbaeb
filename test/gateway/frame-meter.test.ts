import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createFrameMeter } from '../../services/gateway/frame-meter.ts';

interface Frame {
  readonly opcode: number;
  readonly isLast: boolean;
  readonly payload: number;
}

/** A frame as a client sends it: masked, its length in the shortest form. */
function encoded({ opcode, isLast, payload }: Frame): Buffer {
  const first = Buffer.from([(isLast ? 0x80 : 0) | opcode]);
  let length = Buffer.from([0x80 | payload]);
  if (payload > 65_535) {
    length = Buffer.alloc(9, 0xff);
    length.writeBigUInt64BE(BigInt(payload), 1);
  } else if (payload > 125) {
    length = Buffer.alloc(3, 0xfe);
    length.writeUInt16BE(payload, 1);
  }
  return Buffer.concat([first, length, Buffer.alloc(4 + payload, 0x82)]);
}

const payloads = fc.oneof(fc.nat({ max: 300 }), fc.constantFrom(0, 125, 126, 65_535, 65_536, 70_000));
const control = payloads.map((payload) => ({ opcode: 9, isLast: true, payload: payload % 126 }));
const message = fc
  .array(fc.tuple(payloads, fc.array(control, { maxLength: 1 })), { minLength: 1, maxLength: 3 })
  .map((parts) =>
    parts.flatMap(([payload, controls], index): Frame[] => [
      { opcode: index === 0 ? 1 : 0, isLast: index === parts.length - 1, payload },
      ...controls,
    ]),
  );

describe('a meter of frames', () => {
  test('knows, however the bytes are cut, what is there of a message that is not there as a whole', () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 4 }),
        fc.integer({ min: 1, max: 5_000 }),
        (messages, step) => {
          const meter = createFrameMeter();
          const frames = messages.flat().map((frame) => ({ frame, bytes: encoded(frame) }));
          const all = Buffer.concat(frames.map(({ bytes }) => bytes));
          /** What it has to say once so many bytes are there. */
          const expected = (there: number): [number, number] => {
            let [at, earlier, whole] = [0, 0, 0];
            for (const { frame, bytes } of frames) {
              if (at + bytes.length > there) return [earlier + (there - at), whole];
              at += bytes.length;
              if (frame.opcode >= 8) continue;
              earlier = frame.isLast ? 0 : earlier + bytes.length;
              if (frame.isLast) whole++;
            }
            return [earlier, whole];
          };
          for (let at = 0; at < all.length; at += step) {
            meter.take(all.subarray(at, at + step));
            expect([meter.unfinished(), meter.whole()]).toEqual(expected(Math.min(at + step, all.length)));
          }
        },
      ),
      { numRuns: 300, interruptAfterTimeLimit: 5_000 },
    );
  });
});
