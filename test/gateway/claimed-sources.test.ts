import { afterEach, expect, test } from '@jest/globals';
import { createControl } from '../../services/shared/control/control.ts';
import { createLogger } from '../../services/shared/logger.ts';
import { historyOf } from '../cli/cli-house.ts';
import { closeAll, openControl, openLog } from '../shared/control-house.ts';
import { post } from './access-house.ts';
import { createGatewayHouse, SOURCE } from './support.ts';

const house = createGatewayHouse();
afterEach(async () => {
  await house.cleanUp.run();
  await closeAll();
});

// Control topics of tests are of the namespace test.
const LATE = 'org.late';
const UNCLAIMED = 'test.events._unclaimed';
const claim = (switched: boolean) => ({ kind: 'source-claim', source: LATE, copied: [0], switched }) as const;
const send = (url: string, source = LATE) => post(url, [{ event: 'x', source, user_id: 'u' }]);

test('a gateway that is told that a source is claimed sends its events to its own topic from then on', async () => {
  const { control } = openControl(await openLog());
  const { url, log } = await house.start({ more: { claims: control.claims } });
  const topics = (): readonly string[] => log.sends.flat().map(({ topic }) => topic);
  await send(url);
  await control.publish(claim(false));
  await send(url);
  expect(topics()).toEqual([UNCLAIMED, UNCLAIMED]);
  await control.publish(claim(true));
  await send(url);
  await send(url);
  await send(url, 'another');
  await send(url, SOURCE);
  const own = `test.events.${LATE}`;
  expect(topics().slice(2)).toEqual([own, own, UNCLAIMED, `test.events.${SOURCE}`]);
});

test('a gateway that starts anew knows the claims once it has read the control topic', async () => {
  const log = await openLog();
  await openControl(log).control.publish(claim(true));
  const control = createControl({
    log,
    history: historyOf(log),
    namespace: 'test',
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
  house.cleanUp.add(() => control.close());
  await control.caughtUp();
  const gateway = await house.start({ more: { claims: control.claims } });
  await send(gateway.url);
  expect(gateway.log.sends.flat().map(({ topic }) => topic)).toEqual([`test.events.${LATE}`]);
});
