/** Checks a condition that an operator wrote: what is wrong, and where. */
import type { FieldError } from '../errors.ts';
import { readText } from '../text.ts';
import { COMPARATORS, CONDITION_WINDOWS, DEEPEST, type Leaf, MOST_LEAVES } from './condition.ts';
import { ACCOUNT_AGE, EVENT_GRANTED, OWN_SOURCE, parseTimeSpan, TIME_BETWEEN } from './metrics.ts';

/**
 * A metric's name. No comma: a provider is asked for several names at once, separated by commas.
 */
const METRIC = /^[^\s\p{C},]+$/u;

/** A key: printable characters. */
const KEY = /^[^\p{C}]+$/u;

/**
 * The fewest and the most characters of a name: enough for the names that games give their quests.
 */
const NAME_LENGTH = [1, 128] as const;

/**
 * The largest number in a comparison, positive or negative: above any count, and exact as a double.
 */
export const MOST = 1_000_000_000_000;

const LEAF_FIELDS: readonly string[] = ['metric', 'key', 'window', 'source', ...COMPARATORS];
const NODES = ['all', 'any', 'not'] as const;

type Fields = Record<string, unknown>;
type IsProvider = (name: string) => boolean;

/**
 * All errors of a value that is to be a `Condition`; empty if it is one. Pointers are JSON pointers
 * (RFC 6901) from the condition's root.
 * @param isProvider whether a leaf may name this provider as its source
 */
export function conditionErrors(input: unknown, isProvider: IsProvider): FieldError[] {
  const errors = nodeErrors(input, '', { depth: 1, isProvider });
  const leaves = leafPointers(input, '', 1);
  const [tooMany] = leaves.slice(MOST_LEAVES);
  const message = `A condition has at most ${MOST_LEAVES} leaves`;
  return tooMany === undefined ? errors : [{ pointer: tooMany, message }, ...errors];
}

/** Where in the tree a node is, and what it may name. */
interface Place {
  /** 1 at the root. */
  depth: number;
  isProvider: IsProvider;
}

function nodeErrors(node: unknown, pointer: string, place: Place): FieldError[] {
  if (place.depth > DEEPEST) {
    return [{ pointer, message: `A condition is at most ${DEEPEST} levels deep` }];
  }
  if (!isObject(node)) return [{ pointer, message: 'Not a condition: an object is' }];
  const kind = kindOf(node);
  if (kind === undefined) return leafErrors(node, pointer, place.isProvider);

  const beside = Object.keys(node).filter((name) => name !== kind);
  const message = `This field is not known beside ${kind}`;
  const inside = { ...place, depth: place.depth + 1 };
  return [
    ...beside.map((field) => ({ pointer: `${pointer}/${escaped(field)}`, message })),
    ...(kind === 'not'
      ? nodeErrors(node.not, `${pointer}/not`, inside)
      : childErrors(node[kind], `${pointer}/${kind}`, inside)),
  ];
}

function childErrors(children: unknown, pointer: string, place: Place): FieldError[] {
  if (!Array.isArray(children) || children.length === 0 || children.length > MOST_LEAVES) {
    return [{ pointer, message: `Not a list of 1 to ${MOST_LEAVES} conditions` }];
  }
  return children.flatMap((child, i) => nodeErrors(child, `${pointer}/${i}`, place));
}

/** The pointers to all leaves, valid or not, down to the deepest level allowed. */
function leafPointers(node: unknown, pointer: string, depth: number): string[] {
  if (!isObject(node) || depth > DEEPEST) return [];
  const kind = kindOf(node);
  if (kind === undefined) return [pointer];
  if (kind === 'not') return leafPointers(node.not, `${pointer}/not`, depth + 1);
  const children = Array.isArray(node[kind]) ? node[kind] : [];
  return children.flatMap((child, i) => leafPointers(child, `${pointer}/${kind}/${i}`, depth + 1));
}

function kindOf(node: Fields): (typeof NODES)[number] | undefined {
  return NODES.find((name) => name in node);
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One part of a JSON pointer: RFC 6901, section 3. */
function escaped(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1');
}

function leafErrors(leaf: Fields, pointer: string, isProvider: IsProvider): FieldError[] {
  const errors = [
    ...Object.keys(leaf)
      .filter((field) => !LEAF_FIELDS.includes(field))
      .map((field) => ({ field: `/${escaped(field)}`, message: 'This field is not known' })),
    ...shapeErrors(leaf, isProvider),
  ];
  // The metric's own rules need a leaf whose fields are valid.
  const all = errors.length > 0 ? errors : metricErrors(leaf as Leaf);
  return all.map(({ field, message }) => ({ pointer: `${pointer}${field}`, message }));
}

interface LeafError {
  /** A pointer within the leaf; empty for the leaf itself. */
  field: string;
  message: string;
}

function shapeErrors(leaf: Fields, isProvider: IsProvider): LeafError[] {
  const errors: LeafError[] = [];
  const { metric, key, window, source } = leaf;
  if (!isNamed(metric, METRIC)) {
    const message = 'Not the name of a metric: 1 to 128 characters, no spaces or commas';
    errors.push({ field: '/metric', message });
  }
  if (key !== undefined && !isNamed(key, KEY)) {
    errors.push({ field: '/key', message: 'Not 1 to 128 printable characters' });
  }
  if (window !== undefined && !(CONDITION_WINDOWS as readonly unknown[]).includes(window)) {
    errors.push({ field: '/window', message: `Not one of ${CONDITION_WINDOWS.join(', ')}` });
  }
  const isSource = typeof source === 'string' && (source === OWN_SOURCE || isProvider(source));
  if (source !== undefined && !isSource) {
    errors.push({ field: '/source', message: 'No provider of this name is configured' });
  }
  return [...errors, ...comparisonErrors(leaf)];
}

function isNamed(value: unknown, pattern: RegExp): boolean {
  if (typeof value !== 'string' || !pattern.test(value)) return false;
  return 'text' in readText(value, 'LINE', NAME_LENGTH);
}

function comparisonErrors(leaf: Fields): LeafError[] {
  const given = COMPARATORS.filter((name) => leaf[name] !== undefined);
  if (given.length !== 1) {
    return [{ field: '', message: `Compare by exactly one of ${COMPARATORS.join(', ')}` }];
  }
  return given.flatMap((name) => {
    const value = leaf[name];
    if (typeof value === 'number' && Math.abs(value) <= MOST) return [];
    return [{ field: `/${name}`, message: `Not a number between -${MOST} and ${MOST}` }];
  });
}

/** Fields that the metric, or the provider that knows it, does not allow. */
function metricErrors(leaf: Leaf): LeafError[] {
  const { metric, source = OWN_SOURCE } = leaf;
  if (source !== OWN_SOURCE) {
    return [
      ...unwanted(leaf, 'key', 'A provider is asked by the name of the metric alone'),
      ...unwanted(leaf, 'window', 'A provider tells how things stand, whatever the window'),
    ];
  }
  switch (metric) {
    case ACCOUNT_AGE:
      return [
        ...unwanted(leaf, 'key', 'An account has one age'),
        ...unwanted(leaf, 'window', 'An account’s age knows no window'),
      ];
    case EVENT_GRANTED:
      return [...wanted(leaf, 'The other event’s ID belongs here'), ...limitErrors(leaf)];
    case TIME_BETWEEN:
      return [
        ...wanted(leaf, 'The time of day belongs here, such as 18:00-22:00'),
        ...timeErrors(leaf),
        ...unwanted(leaf, 'window', 'The time of day knows no window'),
      ];
    default:
      return [];
  }
}

function unwanted(leaf: Leaf, name: 'key' | 'window', message: string): LeafError[] {
  return leaf[name] === undefined ? [] : [{ field: `/${name}`, message }];
}

function wanted(leaf: Leaf, message: string): LeafError[] {
  return leaf.key === undefined ? [{ field: '/key', message }] : [];
}

/**
 * Refuses `atMost` for grants: they are counted before the claim is granted, so it limits nothing.
 */
function limitErrors(leaf: Leaf): LeafError[] {
  if (leaf.atMost === undefined) return [];
  const message =
    'This would not limit grants: two claims at once would both pass. Set claimsTotal, or exclusiveGroup for several events';
  return [{ field: '/atMost', message }];
}

function timeErrors(leaf: Leaf): LeafError[] {
  const errors: LeafError[] = [];
  if (leaf.key !== undefined && parseTimeSpan(leaf.key) === null) {
    errors.push({ field: '/key', message: 'Not a time of day from-until, such as 18:00-22:00' });
  }
  for (const name of COMPARATORS) {
    if (leaf[name] === undefined || leaf[name] === 0 || leaf[name] === 1) continue;
    errors.push({ field: `/${name}`, message: 'It is 1 within that time and 0 outside of it' });
  }
  return errors;
}
