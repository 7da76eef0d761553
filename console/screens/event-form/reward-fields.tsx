import { number } from '../../app/format.ts';
import { errorAt } from '../../app/problem.ts';
import { t } from '../../app/text/index.ts';
import { SelectField, TextField } from '../../parts/field.tsx';
import { FieldMessage } from '../../parts/field-message.tsx';
import { newReward, type PartProps, type RewardValues } from './form-values.ts';

/** The list of rewards. */
export function RewardFields({ values, set, problem }: PartProps) {
  const { eventForm } = t();
  const { rewards } = values;
  const change = (id: number, changed: Partial<RewardValues>) =>
    set({
      rewards: rewards.map((reward) => (reward.id === id ? { ...reward, ...changed } : reward)),
    });
  const error = errorAt(problem, '/rewards');
  return (
    <div class="stack">
      {rewards.map((reward, index) => (
        <OneReward
          key={reward.id}
          reward={reward}
          count={index + 1}
          errorOf={(name) =>
            errorAt(problem, `/rewards/${index}/${name}`) ??
            (name === 'rewardId' ? errorAt(problem, `/rewards/${index}`) : undefined)
          }
          onChange={(changed) => change(reward.id, changed)}
          onRemove={() => set({ rewards: rewards.filter(({ id }) => id !== reward.id) })}
        />
      ))}
      {error && (
        <p class="error">
          <FieldMessage message={error} />
        </p>
      )}
      <div class="actions">
        <button type="button" onClick={() => set({ rewards: [...rewards, newReward()] })}>
          {eventForm.addReward}
        </button>
      </div>
    </div>
  );
}

function OneReward(props: {
  reward: RewardValues;
  count: number;
  errorOf: (name: string) => string | undefined;
  onChange: (changed: Partial<RewardValues>) => void;
  onRemove: () => void;
}) {
  const { reward, count, errorOf, onChange, onRemove } = props;
  const { eventForm, events, words } = t();
  const text = (name: 'rewardId' | 'name' | 'quantity' | 'stock', hint?: string) => (
    <TextField
      label={events.parts[name]}
      value={reward[name]}
      hint={hint}
      autocomplete="off"
      {...((name === 'quantity' || name === 'stock') && { inputMode: 'numeric' as const })}
      error={errorOf(name)}
      onInput={(value) => onChange({ [name]: value })}
    />
  );
  return (
    <fieldset>
      <legend>{eventForm.rewardOf(number(count))}</legend>
      <div class="filter-grid">
        {text('name')}
        {text('rewardId', eventForm.rewardIdHint)}
        <SelectField
          label={events.parts.kind}
          value={reward.kind}
          error={errorOf('kind')}
          options={Object.entries(words.kind)}
          onInput={(kind) => onChange({ kind: kind as RewardValues['kind'] })}
        />
        {text('quantity')}
        {text('stock', eventForm.stockHint)}
      </div>
      <div class="actions">
        <button type="button" class="small" onClick={onRemove}>
          {eventForm.remove}
          <span class="unseen"> {eventForm.rewardOf(number(count))}</span>
        </button>
      </div>
    </fieldset>
  );
}
