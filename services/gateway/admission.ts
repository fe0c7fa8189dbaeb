import type { IncomingMessage } from 'node:http';
import type { RequestHandler, Response } from 'express';
import { createLettingGo } from './letting-go.ts';
import type { GatewayLimits } from './limits.ts';
import type { Publisher } from './publisher.ts';
import { createTally } from './tally.ts';

/** To be sent again, later. */
export function comeAgain(response: Response, error: string): void {
  response.status(503).set('retry-after', '1').json({ error });
}

export interface AdmissionDeps {
  readonly publisher: Pick<Publisher, 'isFull'>;
  readonly isStopping: () => boolean;
  /** Where a request comes from, to count by. */
  readonly addressOf: (request: IncomingMessage) => string;
  readonly limits: Pick<GatewayLimits, 'requestsInFlight' | 'requestsPerAddress' | 'answerMs'>;
}

export interface Admission {
  /**
   * Before a body is read: refuses what could not be kept now, so that a full gateway does not fill further, and what
   * an address has more under way than its part.
   */
  readonly hasRoom: RequestHandler;
  /** Counts a request as in flight until it is answered or gone, which does not last for ever. */
  readonly counted: RequestHandler;
  /** For requests that may be answered before they are counted. */
  readonly lettingGo: RequestHandler;
}

export function createAdmission(deps: AdmissionDeps): Admission {
  const { publisher, isStopping, addressOf, limits } = deps;
  const addresses = createTally();
  let inFlight = 0;
  return {
    lettingGo: createLettingGo(limits),
    hasRoom(request, response, next) {
      if (isStopping()) return comeAgain(response, 'the server stops; send again');
      if (publisher.isFull() || inFlight >= limits.requestsInFlight)
        return comeAgain(response, 'events cannot be kept now; send again later');
      if (addresses.count(addressOf(request)) < limits.requestsPerAddress) return next();
      const error = `an address may have at most ${limits.requestsPerAddress} requests under way; send again later`;
      response.status(429).set('retry-after', '1').json({ error });
    },
    counted(request, response, next) {
      const address = addressOf(request);
      inFlight++;
      addresses.add(address);
      response.once('close', () => {
        inFlight--;
        addresses.remove(address);
      });
      next();
    },
  };
}
