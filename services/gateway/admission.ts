import type { RequestHandler, Response } from 'express';
import type { GatewayLimits } from './limits.ts';
import type { Publisher } from './publisher.ts';

/** To be sent again, later. */
export function comeAgain(response: Response, error: string): void {
  response.status(503).set('retry-after', '1').json({ error });
}

export interface AdmissionDeps {
  readonly publisher: Pick<Publisher, 'isFull'>;
  readonly isStopping: () => boolean;
  readonly limits: Pick<GatewayLimits, 'requestsInFlight'>;
}

export interface Admission {
  /** Before a body is read: refuses what could not be kept now, so that a full gateway does not fill further. */
  readonly hasRoom: RequestHandler;
  /** Counts a request as in flight until it is answered or gone. */
  readonly counted: RequestHandler;
}

export function createAdmission({ publisher, isStopping, limits }: AdmissionDeps): Admission {
  let inFlight = 0;
  return {
    hasRoom(_request, response, next) {
      if (isStopping()) return comeAgain(response, 'the server stops; send again');
      if (publisher.isFull() || inFlight >= limits.requestsInFlight)
        return comeAgain(response, 'events cannot be kept now; send again later');
      next();
    },
    counted(_request, response, next) {
      inFlight++;
      response.once('close', () => {
        inFlight--;
      });
      next();
    },
  };
}
