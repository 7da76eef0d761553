import { useState } from 'preact/hooks';
import { announce } from '../../app/announce.ts';
import { api, ask } from '../../app/api.ts';
import { t } from '../../app/text/index.ts';
import type { Role, User, UserStatus } from '../../app/types.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { SelectField } from '../../parts/field.tsx';

/** Changes a user's role and status. What leaves `ACTIVE` is marked as dangerous. */
export function UserDialog(props: { user: User; onClose: () => void; onChanged: () => void }) {
  const { user, onClose, onChanged } = props;
  const { users, words } = t();
  const [role, setRole] = useState<Role>(user.role);
  const [status, setStatus] = useState<UserStatus>(user.status);
  const body = {
    ...(role !== user.role && { role }),
    ...(status !== user.status && { status }),
  };
  const isLeaving = status !== user.status && status !== 'ACTIVE';
  const change = async () => {
    const answer = await ask(
      api.PATCH('/api/users/{userId}', { params: { path: { userId: user.id } }, body }),
    );
    if (!answer.ok) return answer.problem;
    announce(users.changed(user.username));
    onChanged();
    return undefined;
  };
  return (
    <Confirm
      open
      title={users.changeTitle(user.username)}
      action={isLeaving ? users.confirmLeaving : users.confirm}
      isDanger={isLeaving}
      canConfirm={Object.keys(body).length > 0}
      onConfirm={change}
      onClose={onClose}
    >
      <SelectField
        label={users.role}
        value={role}
        options={Object.entries(words.role)}
        onInput={(value) => setRole(value as Role)}
      />
      <SelectField
        label={users.status}
        value={status}
        options={Object.entries(words.userStatus)}
        onInput={(value) => setStatus(value as UserStatus)}
      />
      <p class={isLeaving ? 'note bad' : 'quiet'} aria-live="polite">
        {isLeaving ? users.leavingHint : users.hint}
      </p>
    </Confirm>
  );
}
