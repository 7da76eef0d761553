import { number } from '../../app/format.ts';
import { t } from '../../app/text/index.ts';
import { DefinitionList } from '../../parts/definition-list.tsx';
import { Section } from '../../parts/page.tsx';
import { Table } from '../../parts/table.tsx';
import { Time } from '../../parts/time.tsx';
import { UserName } from '../../parts/user-name.tsx';
import { FieldValue, fieldLabel } from '../events/field-value.tsx';
import { FIELD_NAMES, type GameEvent } from '../events/types.ts';

/** The event as it is written, for a reader. */
export function DefinitionTab({ event }: { event: GameEvent }) {
  const { event: texts } = t();
  const zone = event.period.timeZone;
  const names = FIELD_NAMES.filter((name) => name !== 'rewards');
  return (
    <>
      <Section title={texts.tab.definition}>
        <DefinitionList
          rows={[
            ...names.map((name) => {
              const value = <FieldValue key={name} path={[name]} value={event[name]} zone={zone} />;
              return [fieldLabel([name]), value] as const;
            }),
            [texts.version, number(event.version)],
            [texts.created, <Time key="created" at={event.createdAt} />],
            [texts.createdBy, <UserName key="by" userId={event.createdBy} />],
            [texts.updated, <Time key="updated" at={event.updatedAt} />],
          ]}
        />
      </Section>
      <Rewards event={event} />
    </>
  );
}

function Rewards({ event: { rewards } }: { event: GameEvent }) {
  const { events, words } = t();
  return (
    <Section title={events.fields.rewards}>
      <Table
        caption={events.fields.rewards}
        rows={rewards}
        rowKey={({ rewardId }) => rewardId}
        columns={[
          { title: events.parts.name, cell: ({ name }) => name },
          { title: events.parts.rewardId, cell: ({ rewardId }) => <code>{rewardId}</code> },
          { title: events.parts.kind, cell: ({ kind }) => words.kind[kind] },
          {
            title: events.parts.quantity,
            cell: ({ quantity }) => number(quantity),
            isNumber: true,
          },
          {
            title: events.parts.stock,
            cell: ({ stock }) => (stock === null ? events.unlimited : number(stock)),
            isNumber: true,
          },
        ]}
      />
    </Section>
  );
}
