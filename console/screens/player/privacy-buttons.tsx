import { useState } from 'preact/hooks';
import { announce } from '../../app/announce.ts';
import { api, ask } from '../../app/api.ts';
import { can, user as viewer } from '../../app/session.ts';
import { t } from '../../app/text/index.ts';
import type { User } from '../../app/types.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { SaveFile } from '../../parts/save-file.tsx';

/** Export and erase a user's data, for admins. Nobody erases themselves. */
export function PrivacyButtons({ user, onErased }: { user: User; onErased: () => void }) {
  const { player } = t();
  const [isErasing, setErasing] = useState(false);
  if (!can('ADMIN')) return null;
  const url = `/api/users/${encodeURIComponent(user.id)}/export`;
  return (
    <>
      <SaveFile url={url} fileName={user.id} label={player.export} />
      {!user.erasedAt && viewer.value?.id !== user.id && (
        <button type="button" class="danger" onClick={() => setErasing(true)}>
          {player.erase}
        </button>
      )}
      {isErasing && (
        <EraseDialog user={user} onErased={onErased} onClose={() => setErasing(false)} />
      )}
    </>
  );
}

function EraseDialog(props: { user: User; onErased: () => void; onClose: () => void }) {
  const { player } = t();
  const { id: userId, username } = props.user;
  const erase = async () => {
    const request = { params: { path: { userId } } };
    const answer = await ask(api.POST('/api/users/{userId}/erasure', request));
    if (!answer.ok) return answer.problem;
    announce(player.erased);
    props.onErased();
    return undefined;
  };
  return (
    <Confirm
      open
      isDanger
      title={player.eraseTitle(username)}
      action={player.eraseConfirm}
      typed={username}
      onConfirm={erase}
      onClose={props.onClose}
    >
      <p>{player.eraseHint}</p>
    </Confirm>
  );
}
