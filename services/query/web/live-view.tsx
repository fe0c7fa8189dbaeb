import { useEffect, useState } from 'preact/hooks';
import { isOfStudents, liveUrl, type ReducerInfo, type Student } from './api.ts';
import { Freshness } from './freshness.tsx';
import { type Feed, followLive, NO_FEED } from './live-feed.ts';
import { Notice } from './notice.tsx';
import { rowsOf } from './rows.ts';
import { StateTable } from './state-table.tsx';

function useLive(url: string): Feed {
  const [told, setTold] = useState({ url, feed: NO_FEED });
  useEffect(() => followLive(url, (feed) => setTold({ url, feed })), [url]);
  // What was told of another address is not shown under this one.
  return told.url === url ? told.feed : NO_FEED;
}

interface LiveViewProps {
  readonly reducer: ReducerInfo;
  readonly students: readonly Student[];
  readonly fields: Readonly<Record<string, string>>;
}

/** The live states of some students in one reducer, and how fresh they are. */
export function LiveView({ reducer, students, fields }: LiveViewProps) {
  const feed = useLive(liveUrl(reducer, students, fields));
  const active = [...feed.states.values()].filter(
    (shown) => !shown.default && shown.rebuilding === undefined,
  ).length;
  return (
    <>
      <header class="view-head">
        <div>
          <h1>{reducer.id}</h1>
          <p class="summary">
            {isOfStudents(reducer) &&
              feed.states.size > 0 &&
              `${active} of ${students.length} students with data, `}
            from {reducer.contexts.join(', ')}
          </p>
        </div>
        <Freshness feed={feed} />
      </header>
      {feed.reason !== null && (
        <Notice title="The service does not answer this" isError={true}>
          <p>{feed.reason}</p>
        </Notice>
      )}
      {feed.states.size === 0 && feed.reason === null && <Notice title="Waiting for the states" />}
      {feed.states.size > 0 && (
        <StateTable
          caption={isOfStudents(reducer) ? `${reducer.id} of each student` : reducer.id}
          heading={isOfStudents(reducer) ? 'Student' : reducer.scope.join(', ')}
          students={rowsOf(reducer, students, fields)}
          states={feed.states}
          isStale={feed.connection === 'lost'}
        />
      )}
    </>
  );
}
