import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { answerSocket } from '../shared/answer-socket.ts';
import { messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import type { Access } from './access.ts';
import { answerRefused } from './http-gate.ts';
import type { GatewayLimits } from './limits.ts';
import { allowsOrigin, type Origins, refuseOrigin } from './origins.ts';
import type { Rates } from './rates.ts';
import type { Sender } from './sender.ts';
import { createTally } from './tally.ts';

/** What counts against the cap of an address until its socket is closed, and, when it was kept, until it was left. */
export interface Place {
  keep(): void;
  leave(): void;
}

/** An upgrade that may be made. */
export interface Arrival {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly sender: Sender;
  /** Where it comes from, to count by. */
  readonly address: string;
  readonly place: Place;
}

/** Decides which upgrades are made, before anything of their sockets is read; the others are answered. */
export interface SocketArrivals {
  take(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** From now on all are told to connect again, those too whose sender is still being found out. */
  stop(): void;
}

export interface SocketArrivalsDeps {
  readonly logger: Logger;
  readonly access: Pick<Access, 'check'>;
  readonly limits: Pick<GatewayLimits, 'connections' | 'connectionsPerAddress'>;
  readonly rates: Pick<Rates, 'waitMs'>;
  readonly addressOf: (request: IncomingMessage) => string;
  readonly senderOf: (request: IncomingMessage) => Promise<Sender>;
  readonly origins: Origins;
  /** How many sockets there are. */
  readonly open: () => number;
  readonly accept: (arrival: Arrival) => void;
}

const STOPPING = 'stopping; connect again\n';

function comeAgain(socket: Duplex, status: 429 | 503, text: string, afterS = 1): void {
  answerSocket(socket, { status, headers: { 'retry-after': String(afterS) }, text });
}

export function createSocketArrivals(deps: SocketArrivalsDeps): SocketArrivals {
  const { limits, origins, rates } = deps;
  /** How many sockets an address has. */
  const addresses = createTally();
  let stopping = false;
  /** Upgrades whose sender is being found out. */
  let arriving = 0;

  function takePlace(address: string, socket: Duplex): Place {
    let reasons = 1;
    const leave = (): void => {
      reasons--;
      if (reasons === 0) addresses.remove(address);
    };
    addresses.add(address);
    socket.once('close', leave);
    return { keep: () => void reasons++, leave };
  }

  async function arrive(arrived: Omit<Arrival, 'sender' | 'place'>): Promise<void> {
    const { request, socket, address } = arrived;
    // Nobody else listens meanwhile, and an error without a listener ends the process.
    const ignore = (): void => undefined;
    socket.on('error', ignore);
    const place = takePlace(address, socket);
    arriving++;
    try {
      const checked = await deps.access.check(request, 'upgrade');
      if (checked.kind === 'refused') return answerRefused(socket, checked);
      const sender = await deps.senderOf(request);
      if (stopping) comeAgain(socket, 503, STOPPING);
      else deps.accept({ ...arrived, sender, place });
    } catch (error) {
      deps.logger.error({ error: messageOf(error) }, 'an upgrade failed');
      socket.destroy();
    } finally {
      arriving--;
      socket.off('error', ignore);
    }
  }

  return {
    take(request, socket, head) {
      const address = deps.addressOf(request);
      const waitMs = rates.waitMs({ address, key: null });
      if (!allowsOrigin(origins, request.headers.origin)) refuseOrigin(socket);
      else if (stopping) comeAgain(socket, 503, STOPPING);
      else if (waitMs > 0)
        comeAgain(
          socket,
          429,
          'this address sends too much; connect again later\n',
          Math.ceil(waitMs / 1_000),
        );
      else if (deps.open() + arriving >= limits.connections)
        comeAgain(socket, 503, 'too many connections; come again later\n');
      else if (addresses.count(address) >= limits.connectionsPerAddress)
        comeAgain(socket, 429, 'too many connections of this address; close some\n');
      else void arrive({ request, socket, head, address });
    },
    stop() {
      stopping = true;
    },
  };
}
