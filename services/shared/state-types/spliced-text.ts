import type { Splice } from './long-object-head.ts';

/** So many characters are copied for a splice, and so many pieces of a long text are passed on the way to it. */
const PIECE_LENGTH = 2_048;

/**
 * The text that splices make of nothing, in the order given. A splice costs one piece of the text and the way there,
 * whatever its length, where V8 would copy all of it. Throws when one does not lie within the text that it finds.
 */
export function splicedText(splices: Iterable<Splice>): string {
  const pieces: string[] = [''];

  /** The piece that holds an index, and the index within it. */
  const find = (index: number): [piece: number, within: number] => {
    let rest = index;
    let piece = 0;
    while (piece < pieces.length - 1 && rest > pieces[piece]!.length) {
      rest -= pieces[piece]!.length;
      piece += 1;
    }
    if (rest > pieces[piece]!.length) throw new RangeError(`a splice begins ${rest} characters too far`);
    return [piece, rest];
  };

  const take = (piece: number, within: number, taken: number): void => {
    let rest = taken;
    let from = within;
    let at = piece;
    while (rest > 0) {
      const text = pieces[at];
      if (text === undefined) throw new RangeError(`a splice takes ${rest} characters too many`);
      const here = Math.min(rest, text.length - from);
      pieces[at] = text.slice(0, from) + text.slice(from + here);
      rest -= here;
      from = 0;
      at += 1;
    }
    const emptied = pieces.slice(piece + 1, at).filter((text) => text !== '');
    pieces.splice(piece + 1, Math.max(0, at - piece - 1), ...emptied);
  };

  const put = (piece: number, within: number, text: string): void => {
    const before = pieces[piece]!;
    const joined = before.slice(0, within) + text + before.slice(within);
    if (joined.length <= 2 * PIECE_LENGTH) {
      pieces[piece] = joined;
      return;
    }
    const cut: string[] = [];
    for (let at = 0; at < joined.length; at += PIECE_LENGTH) cut.push(joined.slice(at, at + PIECE_LENGTH));
    pieces[piece] = cut[0]!;
    // Not as arguments of one call: a text that is put in may have any number of pieces.
    const after = pieces.splice(piece + 1);
    for (const one of cut.slice(1)) pieces.push(one);
    for (const one of after) pieces.push(one);
  };

  for (const [index, taken, text, times = 1] of splices) {
    const [piece, within] = find(index);
    if (taken > 0) take(piece, within, taken);
    if (text !== '') put(piece, within, text.repeat(times));
  }
  return pieces.join('');
}
