import type { RequestHandler } from 'express';

/** The last handler of a path: refuses every method that it does not have. `why` stands before the remedy. */
export function otherMethods(allow: string, why?: string): RequestHandler {
  const error = [...(why === undefined ? [] : [why]), `use ${allow}`].join('; ');
  return (_request, response) => void response.status(405).set('allow', allow).json({ error });
}
