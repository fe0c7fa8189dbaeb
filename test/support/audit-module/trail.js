/** What the audit module must come to, also for the test that folds the kept records by itself. */

const MODULUS = 4_294_967_291;

/** A number that depends on every character before it, so on every event and their order. */
export function link(chain, id) {
  let next = chain;
  for (let index = 0; index < id.length; index++) next = (next * 31 + id.charCodeAt(index)) % MODULUS;
  return next;
}

export function isPoison(id) {
  return id.endsWith('7');
}
