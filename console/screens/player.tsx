import { api, ask } from '../app/api.ts';
import { useData } from '../app/data.ts';
import { can } from '../app/session.ts';
import { t, wordFor } from '../app/text/index.ts';
import type { ScreenProps, User } from '../app/types.ts';
import { UserStatusBadge } from '../parts/badge.tsx';
import { Id } from '../parts/copy-button.tsx';
import { DefinitionList } from '../parts/definition-list.tsx';
import { LoadedPart } from '../parts/loaded.tsx';
import { Page } from '../parts/page.tsx';
import { Time } from '../parts/time.tsx';
import { AuditOfUser } from './player/audit-of-user.tsx';
import { ClaimsOfPlayer } from './player/claims-of-player.tsx';
import { EligibilityOfPlayer } from './player/eligibility-of-player.tsx';
import { GrantsOfPlayer } from './player/grants-of-player.tsx';
import { PrivacyButtons } from './player/privacy-buttons.tsx';
import { ProgressOfPlayer } from './player/progress-of-player.tsx';
import { StatusButtons } from './player/status-buttons.tsx';

/** One user: status, claims, what they can claim, what is counted and granted, and who changed them. */
export function Player({ params: { userId = '' } }: ScreenProps) {
  const user = useData(userId, (signal) =>
    ask(api.GET('/api/users/{userId}', { params: { path: { userId } }, signal })),
  );
  const { data } = user;
  return (
    <Page
      title={data?.username ?? t().player.title}
      actions={
        data && (
          <>
            <StatusButtons user={data} onChanged={user.reload} />
            <PrivacyButtons user={data} onErased={user.reload} />
          </>
        )
      }
    >
      <LoadedPart of={user}>{(found) => <Facts user={found} />}</LoadedPart>
      {data && <Parts user={data} />}
    </Page>
  );
}

function Parts({ user }: { user: User }) {
  const isPlayer = user.role === 'PLAYER';
  return (
    <>
      <ClaimsOfPlayer user={user} />
      {isPlayer && <EligibilityOfPlayer user={user} />}
      <ProgressOfPlayer userId={user.id} />
      <GrantsOfPlayer userId={user.id} />
      {can('AUDITOR', 'ADMIN') && <AuditOfUser user={user} />}
    </>
  );
}

function Facts({ user }: { user: User }) {
  const { player, players, words } = t();
  return (
    <DefinitionList
      rows={[
        [
          players.status,
          <span key="status" aria-live="polite">
            <UserStatusBadge status={user.status} />
          </span>,
        ],
        [players.displayName, user.displayName],
        [players.role, wordFor(words.role, user.role)],
        [players.created, <Time key="created" at={user.createdAt} />],
        [player.id, <Id key="id" id={user.id} what={player.id} />],
      ]}
    />
  );
}
