import { eventField, KeyField, type ReducerEntry, Scope } from 'lectern/reducers';
import { binnedTimeOnTask } from './binned-time-on-task.ts';
import { documentAccessTimestamps } from './document-access-timestamps.ts';
import { documentList } from './document-list.ts';
import { documentTagging } from './document-tagging.ts';
import { eventCount } from './event-count.ts';
import { lastDocument } from './last-document.ts';
import { reconstruct } from './reconstruct.ts';
import { studentProfile } from './student-profile.ts';
import { tabList } from './tab-list.ts';
import { gdocTabScopeTimeOnTask, timeOnTask } from './time-on-task.ts';

/** How students write: their documents, keystroke by keystroke, and the time that they spend on them. */
export const NAME = 'writing_observer';
export const VERSION = 1;

const context = 'org.mitros.writing_analytics';
const student = Scope([KeyField.STUDENT]);
const document = Scope([KeyField.STUDENT, eventField('doc_id')]);
const tab = Scope([KeyField.STUDENT, eventField('doc_id'), eventField('tab_id')]);

export const REDUCERS: ReducerEntry[] = [
  { context, scope: document, function: timeOnTask, default: { saved_ts: 0 } },
  { context, scope: tab, function: gdocTabScopeTimeOnTask, default: { saved_ts: 0 } },
  { context, scope: document, function: binnedTimeOnTask },
  { context, scope: document, function: reconstruct, default: { text: '' } },
  { context, scope: document, function: eventCount, default: { count: 0 } },
  { context, scope: student, function: documentList, default: { docs: [] } },
  { context, scope: student, function: lastDocument, default: { document_id: '' } },
  { context, scope: student, function: documentAccessTimestamps, default: { timestamps: {} } },
  { context, scope: student, function: documentTagging, default: { tags: {} } },
  { context, scope: document, function: tabList, default: { tabs: {} } },
  { context, scope: student, function: studentProfile },
];
