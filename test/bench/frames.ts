import type { FrameLoad } from './ingest-load.ts';

/** The nth event of a student, as a tool would send it, with about `payloadBytes` bytes. */
export function loadFrame(
  { source, payloadBytes }: Pick<FrameLoad, 'source' | 'payloadBytes'>,
  student: number,
  n: number,
): string {
  const bare = { event: `type${n % 5}`, source, user_id: String(student), doc_id: 'd', text: '' };
  const text = 'x'.repeat(Math.max(0, payloadBytes - JSON.stringify(bare).length));
  return JSON.stringify({ ...bare, text });
}
