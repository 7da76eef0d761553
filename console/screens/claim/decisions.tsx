import { api, ask } from '../../app/api.ts';
import { useData } from '../../app/data.ts';
import { can } from '../../app/session.ts';
import { t, wordFor } from '../../app/text/index.ts';
import type { Claim } from '../../app/types.ts';
import { LoadedPart } from '../../parts/loaded.tsx';
import { Section } from '../../parts/page.tsx';
import { Table } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';

interface Decision {
  action: string;
  note: string | null;
  by: string;
  at: string;
}

/** Who decided what about the claim: all of it for those who read the audit log, else the last. */
export function Decisions({ claim }: { claim: Claim }) {
  const { claim: texts } = t();
  const last = claim.forStaff?.parking?.decision ?? null;
  return (
    <Section title={texts.decisions}>
      {can('AUDITOR', 'ADMIN') ? (
        <AuditedDecisions claimId={claim.claimId} lastAt={last?.at ?? ''} />
      ) : (
        <>
          <DecisionTable decisions={last ? [last] : []} />
          {last && <p class="quiet">{texts.lastDecision}</p>}
        </>
      )}
    </Section>
  );
}

/** @param props.lastAt when the last decision was made: loads again with each new one */
function AuditedDecisions({ claimId, lastAt }: { claimId: string; lastAt: string }) {
  const entries = useData(`${claimId} ${lastAt}`, (signal) =>
    ask(api.GET('/api/audit-log', { params: { query: { targetId: claimId } }, signal })),
  );
  return (
    <LoadedPart of={entries}>
      {({ items }) => (
        <DecisionTable
          decisions={items.map(({ actorId, at, after }) => {
            const { decision } = after as { decision: Pick<Decision, 'action' | 'note'> };
            return { ...decision, by: actorId, at };
          })}
        />
      )}
    </LoadedPart>
  );
}

function DecisionTable({ decisions }: { decisions: Decision[] }) {
  const { claim, words } = t();
  if (decisions.length === 0) return <p class="empty">{claim.noDecisions}</p>;
  return (
    <Table
      caption={claim.decisions}
      rows={decisions}
      rowKey={({ at }) => at}
      columns={[
        { title: claim.decision, cell: ({ action }) => wordFor(words.action, action) },
        { title: claim.decidedAt, cell: ({ at }) => <Time at={at} isExact /> },
        {
          title: claim.by,
          cell: ({ by }) => (by === 'reconciliation' ? claim.bySelf : <code>{by}</code>),
        },
        { title: claim.decisionNote, cell: ({ note }) => note },
      ]}
    />
  );
}
