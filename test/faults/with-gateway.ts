import assert from 'node:assert/strict';
import type { RestartableProgram } from '../support/product.ts';
import { auditBy } from './audit.ts';
import type { Stage } from './fault.ts';
import { type GatewaySenders, startGatewaySenders } from './gateway-senders.ts';
import { type House, type HouseOptions, withHouse } from './house.ts';
import type { Totals } from './totals.ts';

export interface GatewayStage {
  readonly house: House;
  readonly gateway: RestartableProgram;
  readonly senders: GatewaySenders;
}

export interface GatewayOptions extends HouseOptions {
  /** For the gateway alone. */
  readonly gateway?: Readonly<Record<string, string>>;
}

/** Plays with a gateway at which everybody sends, and with a worker that folds; then audits what became of the events. */
export function withGateway(
  stage: Stage,
  { gateway: variables = {}, ...options }: GatewayOptions,
  play: (at: GatewayStage) => Promise<void>,
): Promise<Totals> {
  return withHouse(stage, options, async (house) => {
    const [gateway] = await Promise.all([house.gateway(variables), house.worker()]);
    const senders = startGatewaySenders(gateway.url);
    await senders.goOn();
    await play({ house, gateway, senders });
    await senders.stop();
    // Whatever it has in hand is appended.
    assert.equal(await gateway.stop(), 0, 'how the gateway ends');
    return auditBy(house, senders.check);
  });
}
