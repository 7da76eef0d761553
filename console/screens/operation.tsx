import { useState } from 'preact/hooks';
import { announce } from '../app/announce.ts';
import { api, ask } from '../app/api.ts';
import { useData, useEvery } from '../app/data.ts';
import { number } from '../app/format.ts';
import { hrefTo } from '../app/router.ts';
import { t, wordFor } from '../app/text/index.ts';
import type { Operation as OperationBody, ScreenProps } from '../app/types.ts';
import { Confirm } from '../parts/confirm.tsx';
import { Id } from '../parts/copy-button.tsx';
import { DefinitionList } from '../parts/definition-list.tsx';
import { LoadedPart } from '../parts/loaded.tsx';
import { Page, Section } from '../parts/page.tsx';
import { Time } from '../parts/time.tsx';
import { UserName } from '../parts/user-name.tsx';
import {
  claimsHref,
  OperationFilter,
  OperationProgress,
  OperationStateBadge,
} from './operations/operation-parts.tsx';

/** How often a running operation is read, in milliseconds. */
const READ_EVERY_MS = 1_000;

/** One bulk operation: how far it is, and what it was asked to do. It may be stopped. */
export function Operation({ params }: ScreenProps) {
  const { operation: texts } = t();
  const operationId = params.operationId ?? '';
  const operation = useData(operationId, (signal) =>
    ask(api.GET('/api/operations/{operationId}', { params: { path: { operationId } }, signal })),
  );
  const isRunning = operation.data?.state === 'RUNNING';
  useEvery(isRunning ? READ_EVERY_MS : null, operation.reload);
  const [isStopping, setStopping] = useState(false);
  return (
    <Page
      title={texts.title}
      actions={
        isRunning &&
        operation.data?.action !== 'ERASE' && (
          <button type="button" class="danger" onClick={() => setStopping(true)}>
            {texts.stop}
          </button>
        )
      }
    >
      <LoadedPart of={operation}>
        {(found) => (
          <>
            <Progress of={found} />
            <Facts of={found} />
          </>
        )}
      </LoadedPart>
      {isStopping && (
        <StopDialog
          operationId={operationId}
          onClose={() => setStopping(false)}
          onStopped={operation.reload}
        />
      )}
    </Page>
  );
}

function Progress({ of }: { of: OperationBody }) {
  const { operation: texts } = t();
  const isErasure = of.action === 'ERASE';
  return (
    <Section title={texts.progressTitle}>
      <p>
        <OperationStateBadge state={of.state} />
      </p>
      <OperationProgress of={of} />
      <p class="quiet" aria-live="polite">
        {isErasure
          ? texts.erasing[of.state]
          : texts.said[of.state](number(of.done), number(of.failed))}
      </p>
      {!isErasure && (
        <p>
          <a href={claimsHref(of.filter)}>{texts.toClaims}</a>
        </p>
      )}
    </Section>
  );
}

function Facts({ of }: { of: OperationBody }) {
  const { operation: texts, words } = t();
  const auditHref = hrefTo('/console/audit-log', { targetId: of.operationId });
  return (
    <Section title={texts.facts}>
      <DefinitionList
        rows={[
          [texts.id, <Id key="id" id={of.operationId} what={texts.id} />],
          [texts.action, wordFor(words.action, of.action)],
          [texts.filter, <OperationFilter key="filter" filter={of.filter} />],
          [texts.total, number(of.total)],
          [texts.by, <UserName key="by" userId={of.by} />],
          [texts.note, of.note],
          [texts.created, <Time key="created" at={of.createdAt} isExact />],
          [texts.updated, <Time key="updated" at={of.updatedAt} isExact />],
        ]}
      />
      <p>
        <a href={auditHref}>{texts.toAudit}</a>
      </p>
    </Section>
  );
}

function StopDialog(props: { operationId: string; onClose: () => void; onStopped: () => void }) {
  const { operation: texts } = t();
  const { operationId, onClose, onStopped } = props;
  const stop = async () => {
    const answer = await ask(
      api.POST('/api/operations/{operationId}/stop', { params: { path: { operationId } } }),
    );
    // Also after a refusal: it may have ended meanwhile.
    onStopped();
    if (!answer.ok) return answer.problem;
    announce(texts.stopped);
    return undefined;
  };
  return (
    <Confirm
      open
      isDanger
      title={texts.stopTitle}
      action={texts.stopConfirm}
      onConfirm={stop}
      onClose={onClose}
    >
      <p>{texts.stopHint}</p>
    </Confirm>
  );
}
