import { api, ask } from '../../app/api.ts';
import { useData } from '../../app/data.ts';
import { number } from '../../app/format.ts';
import { t, wordFor } from '../../app/text/index.ts';
import type { Claim, Line } from '../../app/types.ts';
import { Badge, type Tone } from '../../parts/badge.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { LoadedPart } from '../../parts/loaded.tsx';
import { Section } from '../../parts/page.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';

const TONES: Record<Line['state'], Tone> = {
  PENDING: 'wait',
  GRANTED: 'good',
  REVOKED: 'bad',
  CANCELLED: 'plain',
};

/** The claim's lines, each with what its provider said, and the stock levels of their rewards. */
export function Rewards({ claim }: { claim: Claim }) {
  const { claim: texts } = t();
  return (
    <>
      <Section title={texts.rewards}>
        <Table
          caption={texts.rewards}
          columns={columns(claim)}
          rows={claim.lines}
          rowKey={({ lineId }) => lineId}
        />
      </Section>
      <Section title={texts.stock}>
        <StockLevels claim={claim} />
      </Section>
    </>
  );
}

function columns({ forStaff }: Claim): Column<Line>[] {
  const { claim, words } = t();
  const atProvider = (lineId: string) => forStaff?.lines.find((line) => line.lineId === lineId);
  return [
    {
      title: claim.reward,
      cell: ({ name, lineId }) => (
        <>
          {name} <code>{lineId}</code>
        </>
      ),
    },
    { title: claim.kind, cell: ({ kind }) => wordFor(words.kind, kind) },
    { title: claim.quantity, cell: ({ quantity }) => number(quantity), isNumber: true },
    {
      title: claim.lineState,
      cell: ({ state }) => <Badge tone={TONES[state]}>{wordFor(words.lineState, state)}</Badge>,
    },
    { title: claim.granted, cell: ({ grantedAt }) => grantedAt && <Time at={grantedAt} isExact /> },
    { title: claim.providerSaid, cell: ({ lineId }) => atProvider(lineId)?.providerSaid },
    {
      title: claim.grantId,
      cell: ({ lineId }) => {
        // It is long and begins as the claim's ID does, so it is only copied.
        const grantId = atProvider(lineId)?.grantId;
        return grantId && <CopyButton text={grantId} what={`${claim.grantId} ${lineId}`} />;
      },
    },
  ];
}

function StockLevels({ claim }: { claim: Claim }) {
  const { eventId, lines, version } = claim;
  const { claim: texts } = t();
  // Again with each change of the claim, which may have moved units.
  const stats = useData(`${eventId} ${version}`, (signal) =>
    ask(api.GET('/api/events/{eventId}/stats', { params: { path: { eventId } }, signal })),
  );
  const isOurs = (rewardId: string) => lines.some(({ lineId }) => lineId === rewardId);
  const amount = (value: number | null) => (value === null ? texts.unlimited : number(value));
  return (
    <LoadedPart of={stats}>
      {({ rewards }) => (
        <Table
          caption={texts.stock}
          rows={rewards.filter(({ rewardId }) => isOurs(rewardId))}
          rowKey={({ rewardId }) => rewardId}
          columns={[
            { title: texts.reward, cell: ({ rewardId }) => <code>{rewardId}</code> },
            { title: texts.stockTotal, cell: ({ stock }) => amount(stock), isNumber: true },
            {
              title: texts.stockAvailable,
              cell: ({ available }) => amount(available),
              isNumber: true,
            },
            { title: texts.stockHeld, cell: ({ held }) => number(held), isNumber: true },
            { title: texts.stockGranted, cell: ({ granted }) => number(granted), isNumber: true },
          ]}
        />
      )}
    </LoadedPart>
  );
}
