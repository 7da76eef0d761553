/** Checks a condition that an operator wrote: what is wrong, and where. */
import { type FieldError, fieldErrors } from '../errors.ts';
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
      .map((field) => ({ pointer: `/${escaped(field)}`, message: 'This field is not known' })),
    ...shapeErrors(leaf, isProvider),
  ];
  // The metric's own rules need a leaf whose fields are valid.
  const all = errors.length > 0 ? errors : metricErrors(leaf as Leaf);
  return all.map((error) => ({ ...error, pointer: `${pointer}${error.pointer}` }));
}

/** The errors of a leaf's fields. Pointers are from the leaf, here and below. */
function shapeErrors(leaf: Fields, isProvider: IsProvider): FieldError[] {
  const { metric, key, window, source } = leaf;
  const isWindow = (CONDITION_WINDOWS as readonly unknown[]).includes(window);
  const isSource = typeof source === 'string' && (source === OWN_SOURCE || isProvider(source));
  const errors = fieldErrors({
    '/metric':
      !isNamed(metric, METRIC) &&
      'Not the name of a metric: 1 to 128 characters, no spaces or commas',
    '/key': key !== undefined && !isNamed(key, KEY) && 'Not 1 to 128 printable characters',
    '/window': window !== undefined && !isWindow && `Not one of ${CONDITION_WINDOWS.join(', ')}`,
    '/source': source !== undefined && !isSource && 'No provider of this name is configured',
  });
  return [...errors, ...comparisonErrors(leaf)];
}

function isNamed(value: unknown, pattern: RegExp): boolean {
  if (typeof value !== 'string' || !pattern.test(value)) return false;
  return 'text' in readText(value, 'LINE', NAME_LENGTH);
}

function comparisonErrors(leaf: Fields): FieldError[] {
  const given = COMPARATORS.filter((name) => leaf[name] !== undefined);
  if (given.length !== 1) {
    return [{ pointer: '', message: `Compare by exactly one of ${COMPARATORS.join(', ')}` }];
  }
  return given.flatMap((name) => {
    const value = leaf[name];
    if (typeof value === 'number' && Math.abs(value) <= MOST) return [];
    return [{ pointer: `/${name}`, message: `Not a number between -${MOST} and ${MOST}` }];
  });
}

/** Fields that the metric, or the provider that knows it, does not allow. */
function metricErrors(leaf: Leaf): FieldError[] {
  const { metric, key, window, source = OWN_SOURCE } = leaf;
  if (source !== OWN_SOURCE) {
    return fieldErrors({
      '/key': key !== undefined && 'A provider is asked by the name of the metric alone',
      '/window': window !== undefined && 'A provider tells how things stand, whatever the window',
    });
  }
  switch (metric) {
    case ACCOUNT_AGE:
      return fieldErrors({
        '/key': key !== undefined && 'An account has one age',
        '/window': window !== undefined && 'An account’s age knows no window',
      });
    case EVENT_GRANTED:
      return fieldErrors({
        '/key': key === undefined && 'The other event’s ID belongs here',
        '/atMost': leaf.atMost !== undefined && NO_LIMIT,
      });
    case TIME_BETWEEN:
      return [
        ...fieldErrors({ '/key': timeFault(key) }),
        ...COMPARATORS.filter((name) => ![undefined, 0, 1].includes(leaf[name])).map((name) => {
          return { pointer: `/${name}`, message: 'It is 1 within that time and 0 outside of it' };
        }),
        ...fieldErrors({ '/window': window !== undefined && 'The time of day knows no window' }),
      ];
    default:
      return [];
  }
}

/** Why `atMost` is refused for grants: they are counted before the claim is granted. */
const NO_LIMIT =
  'This would not limit grants: two claims at once would both pass. Set claimsTotal, or exclusiveGroup for several events';

function timeFault(key: string | undefined): string | false {
  if (key === undefined) return 'The time of day belongs here, such as 18:00-22:00';
  return parseTimeSpan(key) === null && 'Not a time of day from-until, such as 18:00-22:00';
}
