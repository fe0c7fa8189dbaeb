import type { Checkpoint, CheckpointReply } from './port.ts';

/**
 * Why a checkpoint that nothing else objects to is not written: a stored text that is not the one that it goes on from.
 * Null when there is none. For the stores that have transactions of their own; `checkpoint.lua` says the same to Redis.
 */
export function alteration(
  { lengths }: Checkpoint,
  textOf: (field: string) => string | null,
): CheckpointReply | null {
  for (const [field, beginning] of lengths) {
    const text = textOf(field);
    const isExpected = beginning === null ? text === null : text?.startsWith(beginning) === true;
    if (!isExpected) return { status: 'altered', field };
  }
  return null;
}
