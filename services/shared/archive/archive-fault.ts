/**
 * What is wrong with an archive. `gap`: offsets that no object holds; `overlap`: offsets that two hold; `broken`: an object
 * that is not what was put; `misplaced`: one that lies under another name or date than its records give; `foreign`: a name
 * that no archiver gave; `manifest`: a manifest that does not follow the one before it; `missing`, `other`: an object that a
 * manifest names is not there, or is another one, also where it was rewritten without a receipt.
 */
export interface ArchiveFault {
  readonly kind: 'gap' | 'overlap' | 'broken' | 'misplaced' | 'foreign' | 'manifest' | 'missing' | 'other';
  /** The object; of a gap the one after it. */
  readonly name: string;
  /** What was found, and the remedy. */
  readonly detail: string;
}
