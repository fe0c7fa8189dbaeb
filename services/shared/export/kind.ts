import { createHash } from 'node:crypto';
import { LecternError } from '../errors.ts';
import type { FormatName } from './formats.ts';
import { BOOKS, type ExportTarget } from './target.ts';

/** What an export holds, apart from sources and days. */
export interface ExportKind {
  readonly format: FormatName;
  /** Whose events alone; null for everybody's. */
  readonly student: string | null;
}

/**
 * Marks a place as that of one kind of export. Throws CONFIG_INVALID where there is another kind already: its days would
 * be taken for days of this one, or replaced by them.
 */
export async function claimPlace(target: ExportTarget, { format, student }: ExportKind): Promise<void> {
  const name = `${BOOKS}/export.json`;
  const of = student === null ? 'everybody' : createHash('sha256').update(student).digest('hex');
  const text = `${JSON.stringify({ format, of }, null, 2)}\n`;
  const found = await target.read(name);
  if (found === null) await target.write(name, Buffer.from(text));
  else if (found.toString() !== text)
    throw new LecternError(
      'CONFIG_INVALID',
      `--out: ${target.name} holds another export, of another --format or --student: name a place of its own`,
    );
}
