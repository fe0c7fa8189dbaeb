import { createHash } from 'node:crypto';
import { createRandom, type Random } from '../../services/standalone/demo/random.ts';

/**
 * The numbers of one purpose of a play: they depend on the seed and the purpose alone, however many are drawn for another
 * one meanwhile. Whatever draws as long as time allows has a purpose of its own, so that the rest of a play is the same
 * each time.
 */
export function randomFor(seed: number, purpose: string): Random {
  return createRandom(createHash('sha256').update(`${seed} ${purpose}`).digest().readInt32BE());
}
