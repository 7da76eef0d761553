import { useState } from 'preact/hooks';
import { announce } from '../../app/announce.ts';
import { api, ask } from '../../app/api.ts';
import { useFocusAfter } from '../../app/focus.ts';
import { can, user as viewer } from '../../app/session.ts';
import { t } from '../../app/text/index.ts';
import type { User } from '../../app/types.ts';
import { Confirm } from '../../parts/confirm.tsx';

type Change = 'SUSPENDED' | 'BANNED' | 'ACTIVE';

/** Suspend, ban and reinstate, for admins. Nobody does it to themselves. */
export function StatusButtons({ user, onChanged }: { user: User; onChanged: () => void }) {
  const { player } = t();
  const [change, setChange] = useState<Change>();
  useFocusAfter(user.status);
  if (!can('ADMIN') || viewer.value?.id === user.id) return null;
  const { status } = user;
  return (
    <>
      {(status === 'SUSPENDED' || status === 'BANNED') && (
        <button type="button" onClick={() => setChange('ACTIVE')}>
          {player.reinstate}
        </button>
      )}
      {status === 'ACTIVE' && (
        <button type="button" onClick={() => setChange('SUSPENDED')}>
          {player.suspend}
        </button>
      )}
      {(status === 'ACTIVE' || status === 'SUSPENDED') && (
        <button type="button" class="danger" onClick={() => setChange('BANNED')}>
          {player.ban}
        </button>
      )}
      {change && (
        <StatusDialog
          user={user}
          change={change}
          onChanged={onChanged}
          onClose={() => setChange(undefined)}
        />
      )}
    </>
  );
}

function StatusDialog(props: {
  user: User;
  change: Change;
  onChanged: () => void;
  onClose: () => void;
}) {
  const { player, words } = t();
  const { change } = props;
  const { id: userId, username } = props.user;
  const texts = {
    ACTIVE: [player.reinstateTitle(username), player.reinstateConfirm],
    SUSPENDED: [player.suspendTitle(username), player.suspendConfirm],
    BANNED: [player.banTitle(username), player.banConfirm],
  } as const;
  const [title, action] = texts[change];
  const confirm = async () => {
    const request = { params: { path: { userId } }, body: { status: change } };
    const answer = await ask(api.PATCH('/api/users/{userId}', request));
    if (!answer.ok) return answer.problem;
    announce(player.changed(username, words.userStatus[change]));
    props.onChanged();
    return undefined;
  };
  return (
    <Confirm
      open
      title={title}
      action={action}
      isDanger={change !== 'ACTIVE'}
      onConfirm={confirm}
      onClose={props.onClose}
    >
      <p>{change === 'ACTIVE' ? player.reinstateHint : player.leaveHint}</p>
    </Confirm>
  );
}
