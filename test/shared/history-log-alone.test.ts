import { afterEach, expect, test } from '@jest/globals';
import { createLogAloneHistory } from '../../services/shared/history/log-alone.ts';
import { createFakeLog } from '../support/fake-log.ts';
import { apiKey, closeAll, openControl, openLog, TOPIC } from './control-house.ts';

afterEach(closeAll);

const at = { topic: TOPIC, partition: 0 };

test('without an archive a topic is read out of the log, as long as that has its beginning', async () => {
  const log = await openLog();
  const { control: writer } = openControl(log);
  await writer.publish(apiKey());
  const { control } = openControl(log, { history: createLogAloneHistory(log) });
  await control.caughtUp();
  expect(control.apiKeys.size).toBe(1);
});

test('where it has lost that, nothing is taken to be known, and it is said what to set', async () => {
  const { log, append, trim } = createFakeLog({ [TOPIC]: 1 });
  append(at, [{ value: Buffer.from('a') }, { value: Buffer.from('b') }]);
  trim(at, 1);
  const { control } = openControl(log, { history: createLogAloneHistory(log) });
  await expect(control.caughtUp()).rejects.toMatchObject({
    code: 'UNIT_STOPPED',
    message: expect.stringMatching(/offsets 0 to 0 of .*LECTERN_S3_ENDPOINT/),
  });
  expect(control.apiKeys.size).toBe(0);
});
