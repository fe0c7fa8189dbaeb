import { createInterface } from 'node:readline';
import * as loEvent from 'lo_event';
import { websocketLogger } from 'lo_event/lo_event/websocketLogger.js';

// Learning Observer's own client, as its users start it: sends an event for each line that it is told.

const [url, source, user] = process.argv.slice(2);
loEvent.init(source, '1.0.0', [websocketLogger(url)], { useDisabler: false });
loEvent.setFieldSet([{ user_id: user }]);
loEvent.go();
for await (const line of createInterface({ input: process.stdin }))
  loEvent.logEvent('test', { item: Number(line) });
