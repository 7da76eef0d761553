import { errorAt, type Problem } from '../../app/problem.ts';
import { t } from '../../app/text/index.ts';
import { SelectField, TextField } from '../../parts/field.tsx';
import {
  COMPARATORS,
  type Comparator,
  type ConditionDraft,
  type GroupDraft,
  type GroupKind,
  type LeafDraft,
  newGroup,
  newLeaf,
} from './condition-draft.ts';

/** Metrics that Laurel itself gives a meaning; any other name is a counter of the game's. */
const OWN_METRICS = [
  'level',
  'login.streak',
  'account.ageDays',
  'event.granted',
  'time.between',
] as const;
const METRICS_ID = 'condition-metrics';

/** What every node of the tree gets. */
interface NodeProps<Draft extends ConditionDraft> {
  node: Draft;
  /** Where it is in the body that is sent, for the API's errors. */
  pointer: string;
  /** What it is called: `1.2` is the second in the first group. */
  label: string;
  problem: Problem | undefined;
  onChange: (node: ConditionDraft) => void;
  onRemove: () => void;
}

/** The condition as a tree to build. */
export function ConditionFields(props: {
  condition: ConditionDraft | null;
  problem: Problem | undefined;
  onChange: (condition: ConditionDraft | null) => void;
}) {
  const { condition, problem, onChange } = props;
  const { eventForm, events } = t();
  return (
    <fieldset class="condition-form">
      <legend>{events.fields.condition}</legend>
      <p class="hint">{condition ? eventForm.conditionHint : events.noCondition}</p>
      <datalist id={METRICS_ID}>
        {OWN_METRICS.map((metric) => (
          <option key={metric} value={metric} />
        ))}
      </datalist>
      {condition ? (
        <ul>
          <Node
            node={condition}
            pointer="/condition"
            label="1"
            problem={problem}
            onChange={onChange}
            onRemove={() => onChange(null)}
          />
        </ul>
      ) : (
        <Adding onAdd={onChange} />
      )}
      {condition?.kind === 'leaf' && <AddBeside first={condition} onChange={onChange} />}
    </fieldset>
  );
}

/** Makes a group of a single condition and another one. */
function AddBeside({
  first,
  onChange,
}: {
  first: LeafDraft;
  onChange: (node: GroupDraft) => void;
}) {
  const around = newGroup('all', first);
  return <Adding onAdd={(added) => onChange({ ...around, children: [first, added] })} />;
}

function Adding({ onAdd }: { onAdd: (node: ConditionDraft) => void }) {
  const { eventForm } = t();
  return (
    <div class="actions">
      <button type="button" class="small" onClick={() => onAdd(newLeaf())}>
        {eventForm.addCondition}
      </button>
      <button type="button" class="small" onClick={() => onAdd(newGroup('any'))}>
        {eventForm.addGroup}
      </button>
    </div>
  );
}

function Node(props: NodeProps<ConditionDraft>) {
  const { node } = props;
  return (
    <li>
      {node.kind === 'leaf' ? <Leaf {...props} node={node} /> : <Group {...props} node={node} />}
    </li>
  );
}

function Group({ node, pointer, label, problem, onChange, onRemove }: NodeProps<GroupDraft>) {
  const { eventForm } = t();
  const { kind, children } = node;
  const at = `${pointer}/${kind}`;
  const put = (changed: ConditionDraft[]) => onChange({ ...node, children: changed });
  const isFull = kind === 'not' && children.length > 0;
  return (
    <fieldset>
      <legend>
        {eventForm.group} {label}
      </legend>
      <SelectField
        label={eventForm.groupKind}
        value={kind}
        error={errorAt(problem, at) ?? errorAt(problem, pointer)}
        options={groupKinds(children.length)}
        onInput={(chosen) => onChange({ ...node, kind: chosen as GroupKind })}
      />
      <ul>
        {children.map((child, index) => (
          <Node
            key={child.id}
            node={child}
            pointer={kind === 'not' ? at : `${at}/${index}`}
            label={`${label}.${index + 1}`}
            problem={problem}
            onChange={(changed) => put(children.map((one) => (one === child ? changed : one)))}
            onRemove={() => put(children.filter((one) => one !== child))}
          />
        ))}
      </ul>
      {!isFull && <Adding onAdd={(added) => put([...children, added])} />}
      <div class="actions">
        <Remove what={`${eventForm.group} ${label}`} onRemove={onRemove} />
      </div>
    </fieldset>
  );
}

/** `not` is of one condition, so that a group of several cannot become it. */
function groupKinds(children: number): [GroupKind, string][] {
  const { eventForm } = t();
  const kinds = children > 1 ? (['all', 'any'] as const) : (['all', 'any', 'not'] as const);
  return kinds.map((kind) => [kind, eventForm.groups[kind]]);
}

function Leaf({ node, pointer, label, problem, onChange, onRemove }: NodeProps<LeafDraft>) {
  const { eventForm } = t();
  const name = eventForm.leaf(label);
  const error = (field: string) => errorAt(problem, `${pointer}/${field}`);
  return (
    <fieldset>
      <legend>{name}</legend>
      <LeafFields node={node} errorOf={error} onChange={onChange} own={errorAt(problem, pointer)} />
      <div class="actions">
        <button type="button" class="small" onClick={() => onChange(newGroup('not', node))}>
          {eventForm.negate}
          <span class="unseen"> {name}</span>
        </button>
        <Remove what={name} onRemove={onRemove} />
      </div>
    </fieldset>
  );
}

function LeafFields(props: {
  node: LeafDraft;
  /** The error of the leaf itself. */
  own: string | undefined;
  errorOf: (field: string) => string | undefined;
  onChange: (node: LeafDraft) => void;
}) {
  const { node, own, errorOf, onChange } = props;
  const { eventForm, events } = t();
  const text = (field: 'metric' | 'key' | 'source', hint?: string) => (
    <TextField
      label={eventForm[field]}
      value={node[field]}
      hint={hint}
      autocomplete="off"
      {...(field === 'metric' && { list: METRICS_ID })}
      error={errorOf(field) ?? (field === 'metric' ? own : undefined)}
      onInput={(value) => onChange({ ...node, [field]: value })}
    />
  );
  return (
    <div class="filter-grid">
      {text('metric')}
      {text('key', eventForm.keyHint)}
      <SelectField
        label={eventForm.comparator}
        value={node.comparator}
        options={COMPARATORS.map((name) => [name, eventForm.comparators[name]])}
        onInput={(value) => onChange({ ...node, comparator: value as Comparator })}
      />
      <TextField
        label={eventForm.value}
        value={node.value}
        inputMode="decimal"
        autocomplete="off"
        error={errorOf(node.comparator)}
        onInput={(value) => onChange({ ...node, value })}
      />
      <SelectField
        label={eventForm.window}
        value={node.window}
        error={errorOf('window')}
        options={[['', eventForm.windowDefault], ...Object.entries(events.conditionWindow)]}
        onInput={(window) => onChange({ ...node, window })}
      />
      {text('source', eventForm.sourceHint)}
    </div>
  );
}

function Remove({ what, onRemove }: { what: string; onRemove: () => void }) {
  return (
    <button type="button" class="small" onClick={onRemove}>
      {t().eventForm.remove}
      <span class="unseen"> {what}</span>
    </button>
  );
}
