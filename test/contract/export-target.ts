import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ExportTarget } from '../../services/shared/export/target.ts';

export interface ExportTargetSubject {
  readonly name: string;
  readonly describe: (name: string, body: () => void) => void;
  /** Opens an empty place; the second time the same. */
  open(): Promise<ExportTarget>;
}

/** What every place for exports keeps to. */
export function exportTargetContract({ name, describe, open }: ExportTargetSubject): void {
  describe(`the export target contract, on ${name}`, () => {
    let target: ExportTarget;
    beforeAll(async () => {
      target = await open();
    });
    afterAll(async () => {
      await target.close();
      expect(existsSync(target.workDir)).toBe(false);
    });

    function made(bytes: Buffer): string {
      const path = join(target.workDir, 'made');
      writeFileSync(path, bytes);
      return path;
    }

    test('what is not there is null, and may be deleted', async () => {
      expect(await target.read('source=none/x')).toBeNull();
      expect(await target.size('source=none/x')).toBeNull();
      await target.delete('source=none/x');
    });

    test('files are replaced as a whole, whichever way they come', async () => {
      const at = 'source=a b/date=2026-09-01/events.parquet';
      await target.write(at, Buffer.from('first'));
      expect(await target.putFile(at, made(Buffer.from('2nd')))).toBe(3);
      expect([await target.size(at), String(await target.read(at))]).toEqual([3, '2nd']);
      await target.write(at, Buffer.from('third'));
      expect([await target.size(at), String(await target.read(at))]).toEqual([5, 'third']);
      await target.delete(at);
      expect(await target.read(at)).toBeNull();
      expect(readdirSync(target.workDir)).toEqual([]);
    });

    test('a large file comes whole, and an empty one', async () => {
      const bytes = Buffer.alloc(17 * 1_048_576 + 5, 'lectern');
      expect(await target.putFile('large', made(bytes))).toBe(bytes.length);
      expect((await target.read('large'))?.equals(bytes)).toBe(true);
      expect(await target.putFile('empty', made(Buffer.alloc(0)))).toBe(0);
      expect(await target.size('empty')).toBe(0);
    });

    test('another that opens the place finds what is there', async () => {
      await target.write('there', Buffer.from('x'));
      const other = await open();
      expect(other.workDir).not.toBe(target.workDir);
      expect(String(await other.read('there'))).toBe('x');
      await other.close();
      expect(existsSync(target.workDir)).toBe(true);
    });
  });
}
