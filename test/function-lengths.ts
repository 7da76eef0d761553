/** How long the functions of a file are. */
import { type AnyNode, type Node, parse } from 'acorn';

export const MAX_FUNCTION_LINES = 60;

interface LongFunction {
  name: string;
  /** Where it begins. */
  line: number;
  lines: number;
}

/** What takes a test's body; a suite is as long as its tests are many. */
const TEST_CALLS = new Set(['describe', 'suite', 'it', 'test']);

/**
 * The functions of more than `MAX_FUNCTION_LINES` lines. A function that has a name (by its
 * declaration, its variable or its property) is measured by itself, and not in the one around it: so
 * a store's closure is as long as what it does itself. One that is handed over, as to `map`, counts
 * with the function around it. One that is handed to `describe` or `it` does not count.
 * @param code JavaScript, as types are not understood
 * @param lineAt the line that counts, for a place in `code` that was made from something else
 */
export function longFunctions(
  code: string,
  lineAt: (line: number, column: number) => number = (line) => line,
): LongFunction[] {
  const found: LongFunction[] = [];
  const program = parse(code, { ecmaVersion: 'latest', sourceType: 'module', locations: true });
  visit(program, undefined);
  return found.filter(({ lines }) => lines > MAX_FUNCTION_LINES).sort((a, b) => a.line - b.line);

  /** Answers how many lines of a node belong to functions that are measured by themselves. */
  function visit(node: AnyNode, parent: AnyNode | undefined): number {
    const apart = childrenOf(node).reduce((sum, child) => sum + visit(child, node), 0);
    if (!isFunction(node)) return apart;
    const name = nameOf(node, parent);
    if (name === undefined && !isTestBody(node, parent)) return apart;
    const { first, span } = placeOf(node);
    if (name !== undefined) found.push({ name, line: first, lines: span - apart });
    return span;
  }

  function placeOf({ loc }: Node): { first: number; span: number } {
    if (!loc) return { first: 0, span: 0 };
    const first = lineAt(loc.start.line, loc.start.column);
    // Its last character, and not what follows it.
    return { first, span: lineAt(loc.end.line, loc.end.column - 1) - first + 1 };
  }
}

function isFunction(node: AnyNode): boolean {
  return /^(Arrow)?Function(Declaration|Expression)$/.test(node.type);
}

/** Undefined where it is handed over or called on the spot. */
function nameOf(node: AnyNode, parent: AnyNode | undefined): string | undefined {
  if (node.type === 'FunctionDeclaration') return node.id?.name ?? 'default';
  if (parent?.type === 'VariableDeclarator') return textOfName(parent.id);
  if (parent?.type === 'AssignmentExpression') return textOfName(parent.left);
  const isMember = /^(Property|PropertyDefinition|MethodDefinition)$/.test(parent?.type ?? '');
  if (isMember && parent && 'key' in parent) return textOfName(parent.key);
  return undefined;
}

function textOfName(node: AnyNode): string {
  if (node.type === 'Identifier' || node.type === 'PrivateIdentifier') return node.name;
  if (node.type === 'Literal') return String(node.value);
  return node.type === 'MemberExpression' ? textOfName(node.property as AnyNode) : node.type;
}

/** Whether it is handed to `describe`, `it.skip` or the like. */
function isTestBody(node: AnyNode, parent: AnyNode | undefined): boolean {
  if (parent?.type !== 'CallExpression' || parent.callee === node) return false;
  const { callee } = parent;
  const called = callee.type === 'MemberExpression' ? callee.object : callee;
  return called.type === 'Identifier' && TEST_CALLS.has(called.name);
}

function childrenOf(node: AnyNode): AnyNode[] {
  return Object.values(node)
    .flat()
    .filter((value) => typeof (value as AnyNode | null)?.type === 'string');
}
