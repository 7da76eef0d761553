import { useState } from 'preact/hooks';
import { announce } from '../../app/announce.ts';
import { api, ask, newKey } from '../../app/api.ts';
import { number } from '../../app/format.ts';
import { errorAt, type Problem } from '../../app/problem.ts';
import { t } from '../../app/text/index.ts';
import { Dialog, DialogActions } from '../../parts/dialog.tsx';
import { TextField } from '../../parts/field.tsx';
import { ProblemNote } from '../../parts/problem-note.tsx';
import { numberIn } from '../event-form/condition-draft.ts';
import type { Reward } from '../events/types.ts';

interface AddStockProps {
  eventId: string;
  reward: Reward;
  onAdded: () => void;
  onClose: () => void;
}

/** Adds units to one reward's stock. */
export function AddStock(props: AddStockProps) {
  const title = t().event.addStockTitle(props.reward.name);
  const [amount, setAmount] = useState('');
  return (
    <Dialog open title={title} isUnsaved={amount !== ''} onClose={props.onClose}>
      <AddStockForm {...props} amount={amount} onAmount={setAmount} />
    </Dialog>
  );
}

function AddStockForm(props: AddStockProps & { amount: string; onAmount: (text: string) => void }) {
  const { eventId, reward, amount, onAmount, onAdded, onClose } = props;
  const { event: texts } = t();
  const [key, setKey] = useState(newKey);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const submit = async (submitted: Event) => {
    submitted.preventDefault();
    if (isBusy) return;
    setBusy(true);
    const add = numberIn(amount);
    const answer = await ask(
      api.POST('/api/events/{eventId}/rewards/{rewardId}/stock', {
        params: {
          path: { eventId, rewardId: reward.rewardId },
          header: { 'Idempotency-Key': key },
        },
        body: { add },
      }),
    );
    setBusy(false);
    if (!answer.ok) return setProblem(answer.problem);
    announce(texts.stockAdded(number(add), reward.name));
    onAdded();
    onClose();
  };
  const error = errorAt(problem, '/add');
  return (
    <form onSubmit={submit}>
      <p class="quiet">{texts.addStockHint}</p>
      <TextField
        label={texts.addStockAmount}
        value={amount}
        inputMode="numeric"
        autocomplete="off"
        required
        error={error}
        onInput={(value) => {
          onAmount(value);
          // Another number is another decision.
          setKey(newKey());
        }}
      />
      {problem && !error && <ProblemNote problem={problem} />}
      <DialogActions action={texts.addStockAction} isBusy={isBusy} onCancel={onClose} />
    </form>
  );
}
