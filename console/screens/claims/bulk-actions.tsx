import { useState } from 'preact/hooks';
import { api, ask, newKey } from '../../app/api.ts';
import { useData } from '../../app/data.ts';
import { number } from '../../app/format.ts';
import type { Answer } from '../../app/problem.ts';
import { go } from '../../app/router.ts';
import { t, wordFor } from '../../app/text/index.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { EventName } from '../../parts/event-name.tsx';
import { LoadedPart } from '../../parts/loaded.tsx';
import { Section } from '../../parts/page.tsx';
import { Table } from '../../parts/table.tsx';
import { bulkFilter, type ClaimFilter } from './filter.ts';

type Verb = 'retry' | 'abort';
type BulkFilter = NonNullable<ReturnType<typeof bulkFilter>>;

/** Retries or aborts every parked claim of the list's filter. */
export function BulkActions({ filter }: { filter: ClaimFilter }) {
  const { claims } = t();
  const [verb, setVerb] = useState<Verb>();
  const bulk = bulkFilter(filter);
  if (!bulk) return <p class="quiet">{claims.bulkNarrow}</p>;
  return (
    <Section title={claims.bulk}>
      <p class="quiet">{claims.bulkHint}</p>
      <div class="actions">
        <button type="button" onClick={() => setVerb('retry')}>
          {claims.retry}
        </button>
        <button type="button" class="danger" onClick={() => setVerb('abort')}>
          {claims.abort}
        </button>
      </div>
      {verb && <BulkDialog verb={verb} bulk={bulk} onClose={() => setVerb(undefined)} />}
    </Section>
  );
}

function BulkDialog(props: { verb: Verb; bulk: BulkFilter; onClose: () => void }) {
  const { verb, bulk, onClose } = props;
  const { claims } = t();
  // One key for one decision: a second click, or a try after no answer, starts nothing twice.
  const [key] = useState(newKey);
  const preview = useData(verb, () => send(verb, { ...bulk, dryRun: true }, key));
  const matches = preview.data && 'matches' in preview.data ? preview.data.matches : 0;
  const confirm = async (note: string | undefined) => {
    const answer = await send(verb, { ...bulk, ...(note && { note }) }, key);
    if (!answer.ok) return answer.problem;
    if ('operationId' in answer.data) {
      go(`/console/operations/${answer.data.operationId}`, { isSaved: true });
    }
    return undefined;
  };
  const count = number(matches);
  return (
    <Confirm
      open
      title={verb === 'retry' ? claims.retryTitle : claims.abortTitle}
      action={verb === 'retry' ? claims.retryConfirm(count) : claims.abortConfirm(count)}
      isDanger={verb === 'abort'}
      typed={String(matches)}
      takesNote
      canConfirm={matches > 0}
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>{verb === 'retry' ? claims.retryHint : claims.abortHint}</p>
      <LoadedPart of={preview}>
        {(data) => 'matches' in data && <Preview preview={data} />}
      </LoadedPart>
    </Confirm>
  );
}

type Body = BulkFilter & { dryRun?: boolean; note?: string };

/** What both verbs answer: a preview, or the operation that was started. */
type BulkAnswer = { operationId: string } | Preview;

async function send(verb: Verb, body: Body, key: string): Promise<Answer<BulkAnswer>> {
  const request = { body, params: { header: { 'Idempotency-Key': key } } };
  return verb === 'retry'
    ? await ask<BulkAnswer>(api.POST('/api/event-claims/retry', request))
    : await ask<BulkAnswer>(api.POST('/api/event-claims/abort', request));
}

interface Preview {
  matches: number;
  groups: { reason: string | null; eventId: string; provider: string; count: number }[];
  sample: string[];
}

function Preview({ preview }: { preview: Preview }) {
  const { claims, common, words } = t();
  if (preview.matches === 0) return <p>{claims.noMatches}</p>;
  return (
    <>
      <p>
        <strong>{claims.matches(number(preview.matches))}</strong>
      </p>
      <Table
        caption={claims.preview}
        rows={preview.groups}
        rowKey={({ reason, eventId, provider }) => `${reason} ${eventId} ${provider}`}
        columns={[
          {
            title: claims.reason,
            cell: ({ reason }) => (reason ? wordFor(words.reason, reason) : common.none),
          },
          { title: claims.event, cell: ({ eventId }) => <EventName eventId={eventId} /> },
          { title: claims.provider, cell: ({ provider }) => provider },
          { title: claims.groupCount, cell: ({ count }) => number(count), isNumber: true },
        ]}
      />
      <details>
        <summary>{claims.sample}</summary>
        <ul>
          {preview.sample.map((claimId) => (
            <li key={claimId}>
              <code>{claimId}</code>
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}
