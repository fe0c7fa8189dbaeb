import type { DemoStudent } from './class-roster.ts';
import type { Command, DemoDocument } from './document.ts';

/** A frame of Learning Observer's socket, before it is JSON text. */
export type DemoFrame = Readonly<Record<string, unknown>> & { readonly event: string };

const SOURCE = 'org.mitros.writing_analytics';

/** The frames of one student's writing extension. `nowMs` is the time to stamp them with. */
export interface FrameMaker {
  lockFields(): DemoFrame;
  history(document: DemoDocument, commands: readonly Command[]): DemoFrame;
  save(document: DemoDocument, commands: readonly Command[]): DemoFrame;
  keystroke(document: DemoDocument, code: string): DemoFrame;
  mouseclick(document: DemoDocument, x: number, y: number): DemoFrame;
  visibility(document: DemoDocument, visible: boolean): DemoFrame;
}

export function lockFieldsFrame(student: DemoStudent, nowMs: number): DemoFrame {
  return {
    event: 'lock_fields',
    fields: { source: SOURCE, version: '1.0.0', user_id: student.userId, preauth_type: 'test' },
    metadata: { iso_ts: new Date(nowMs).toISOString() },
  };
}

export function createFrameMaker(student: DemoStudent, nowMs: () => number): FrameMaker {
  let revision = 0;
  const about = (document: DemoDocument): object => {
    const ts = nowMs();
    return {
      doc_id: document.id,
      object: {
        type: 'http://schema.learning-observer.org/writing-stream/google-docs',
        id: document.id,
        title: document.title,
        url: `https://docs.google.com/document/d/${document.id}/edit`,
      },
      metadata: { ts, iso_ts: new Date(ts).toISOString() },
    };
  };
  return {
    lockFields: () => lockFieldsFrame(student, nowMs()),
    history: (document, commands) => ({
      event: 'document_history',
      history: { changelog: commands.map((command) => [command, nowMs(), student.userId, ++revision]) },
      ...about(document),
    }),
    save: (document, commands) => ({
      event: 'google_docs_save',
      rev: String(++revision),
      bundles: [{ commands, sid: student.userId, reqId: revision }],
      ...about(document),
    }),
    keystroke: (document, code) => ({
      event: 'keystroke',
      keystroke: { type: 'keydown', code, ctrlKey: false, shiftKey: false },
      ...about(document),
    }),
    mouseclick: (document, x, y) => ({
      event: 'mouseclick',
      mouseclick: { type: 'click', button: 0, clientX: x, clientY: y },
      ...about(document),
    }),
    visibility: (document, visible) => ({
      event: 'visibility',
      visibility: { state: visible ? 'visible' : 'hidden' },
      ...about(document),
    }),
  };
}
