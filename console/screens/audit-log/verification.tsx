import { ask, fetchSignedIn } from '../../app/api.ts';
import { useData } from '../../app/data.ts';
import { number } from '../../app/format.ts';
import { t } from '../../app/text/index.ts';
import { LoadedPart } from '../../parts/loaded.tsx';
import { Section } from '../../parts/page.tsx';
import { Time } from '../../parts/time.tsx';

/** The last check of the chain: `whole` over `entries` entries, up to the one numbered `through`. */
interface Verified {
  whole: boolean;
  entries: number;
  through: number | string | null;
  checkedAt: string | null;
}

/** Whether the chain of entries was whole when it was last checked. */
export function Verification() {
  const { auditLog } = t();
  const found = useData('verification', (signal) => ask(verification(signal)));
  return (
    <Section title={auditLog.chain}>
      <LoadedPart of={found}>
        {({ whole, entries, checkedAt }) =>
          checkedAt === null ? (
            <p class="note">{auditLog.notChecked}</p>
          ) : (
            <p class={`note ${whole ? 'good' : 'bad'}`}>
              <strong>{whole ? auditLog.isWhole : auditLog.broken}</strong>{' '}
              {auditLog.checked(number(entries))} <Time at={checkedAt} />
            </p>
          )
        }
      </LoadedPart>
    </Section>
  );
}

async function verification(signal: AbortSignal) {
  const response = await fetchSignedIn(new Request('/api/audit-log/verification', { signal }));
  const body: unknown = await response.json();
  return response.ok ? { data: body as Verified, response } : { error: body, response };
}
