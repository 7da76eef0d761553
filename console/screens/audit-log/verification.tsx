import type { components } from '../../../client/index.ts';
import { api, ask } from '../../app/api.ts';
import { useData } from '../../app/data.ts';
import { number } from '../../app/format.ts';
import { t } from '../../app/text/index.ts';
import { LoadedPart } from '../../parts/loaded.tsx';
import { Section } from '../../parts/page.tsx';
import { Time } from '../../parts/time.tsx';

type Verified = components['schemas']['AuditVerification'];

/** Whether the chain of entries is whole, as far as it is checked. */
export function Verification() {
  const { auditLog } = t();
  const found = useData('verification', (signal) =>
    ask(api.GET('/api/audit-log/verification', { signal })),
  );
  return (
    <Section
      title={auditLog.chain}
      actions={
        <button type="button" disabled={found.loading} onClick={found.reload}>
          {auditLog.checkAgain}
        </button>
      }
    >
      <LoadedPart of={found}>{(verified) => <Result of={verified} />}</LoadedPart>
    </Section>
  );
}

function Result({ of }: { of: Verified }) {
  const { auditLog } = t();
  const { whole, entries, through, checkedAt } = of;
  const isPart = whole && through < entries;
  const tone = whole ? (isPart ? 'warn' : 'good') : 'bad';
  const result = whole ? (isPart ? auditLog.isWholeSoFar : auditLog.isWhole) : auditLog.broken;
  return (
    <p class={`note ${tone}`} role="status">
      <strong>{result}</strong> {auditLog.checked(number(through), number(entries))}{' '}
      <Time at={checkedAt} />
    </p>
  );
}
