/**
 * What comments and documents refer to (files, anchors, rules, decisions, scripts), and whether it is
 * there. Pure: it works on a tree of texts, so that each check can be tried on a small tree.
 */
import path from 'node:path';

/** The repository: each file's path from the root, and its text ('' for files nobody reads here). */
export type Tree = ReadonlyMap<string, string>;

/** The document whose numbered rules comments cite, and the section they stand in. */
const RULES_DOCUMENT = 'docs/architecture.md';
const RULES_HEADING = 'How a claim stays exactly-once';

const DECISIONS = 'docs/decisions';
const DECISIONS_INDEX = `${DECISIONS}/README.md`;

const isMarkdown = (file: string): boolean => file.endsWith('.md');
const isCode = (file: string): boolean => /\.[jt]s$/.test(file);
const isScript = (file: string): boolean =>
  /\.(?:yml|sh|env)$|(?:^|\/)(?:Dockerfile|run)$/.test(file);

/** Whether a file's text is looked at. */
export const isRead = (file: string): boolean =>
  isMarkdown(file) || isCode(file) || isScript(file) || file === 'package.json';

/** The part of a file that people read: a document as it is, of everything else the comments. */
function proseOf(file: string, content: string): string | null {
  if (isMarkdown(file)) return content;
  if (isCode(file)) return commentsOf(content);
  return isScript(file) ? content.replace(/^(?!\s*#).*$/gm, '') : null;
}

/** A name in a text, and the line it stands on, from 1. */
interface Named {
  name: string;
  line: number;
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

function named(text: string, pattern: RegExp): Named[] {
  return [...text.matchAll(pattern)].map((match) => ({
    name: match[1] ?? match[0],
    line: lineAt(text, match.index),
  }));
}

/** Strings first, so that a comment's beginning inside one is none. A string ends with its line. */
const STRING_OR_COMMENT =
  /'(?:[^'\\\n]|\\.)*'?|"(?:[^"\\\n]|\\.)*"?|`(?:[^`\\]|\\.)*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;

/** The code with everything but its comments blanked out; lines stay where they are. */
export function commentsOf(code: string): string {
  let comments = '';
  let end = 0;
  const blank = (text: string) => text.replace(/[^\n]/g, ' ');
  for (const { 0: token, index } of code.matchAll(STRING_OR_COMMENT)) {
    comments += blank(code.slice(end, index));
    comments += token.startsWith('/') ? token : blank(token);
    end = index + token.length;
  }
  return comments + blank(code.slice(end));
}

/** Names of files: with or without folders, by their endings. No parts of URLs, patterns or packages. */
const FILE_NAME =
  /(?<![\w*{}<>…/.@:~$-])(?:[\w.-]+\/)*[\w-][\w.-]*\.(?:ts|md|yml|sh)(?![\w/.-]*\w)/g;

/** A name to be filled in, such as `api/routes/NAME.ts`, or an address without its scheme. */
const NO_FILE = /\bNAME\b|^[\w-]+\.[a-z]+\//;

/** The files that a text names. */
export function filesNamedIn(text: string): Named[] {
  return named(text, FILE_NAME).filter(({ name }) => !NO_FILE.test(name));
}

/**
 * Whether a file of that name is there: from the root, or beside the text. Code may go by its bare
 * name anywhere, as an editor finds it; of documents several have the same name.
 */
function isThere(tree: Tree, from: string, name: string): boolean {
  if (tree.has(path.posix.normalize(name))) return true;
  if (tree.has(path.posix.join(path.posix.dirname(from), name))) return true;
  const isBare = !name.includes('/') && !isMarkdown(name);
  return isBare && [...tree.keys()].some((file) => path.posix.basename(file) === name);
}

/** A document without its code: that holds no links, headings or rules. Lines stay where they are. */
function uncoded(markdown: string): string {
  return markdown.replace(/^( *)```[\s\S]*?^\1```/gm, (code) => code.replace(/[^\n]/g, ' '));
}

/** The anchors of a document, as GitHub makes them of its headings. */
export function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of uncoded(markdown).matchAll(/^#{1,6} +(.+)$/gm)) {
    const words = heading
      .trim()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase();
    const anchor = words.replace(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-');
    let unique = anchor;
    for (let n = 1; anchors.has(unique); n++) unique = `${anchor}-${n}`;
    anchors.add(unique);
  }
  return anchors;
}

/** Where a document's links lead, but for those to other hosts. */
export function linksIn(markdown: string): Named[] {
  const links = named(uncoded(markdown), /\]\(([^()\s]+)\)/g);
  return links.filter(({ name }) => !/^[a-z]+:/.test(name));
}

/** What is wrong with a link; null where it leads somewhere. */
function brokenLink(tree: Tree, from: string, link: string): string | null {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? from : path.posix.join(path.posix.dirname(from), file);
  const folder = target.endsWith('/') ? target : `${target}/`;
  const isFolder = [...tree.keys()].some((known) => known.startsWith(folder));
  const text = tree.get(target);
  if (text === undefined && !isFolder) return `links to ${link}, which is not there`;
  if (anchor === undefined || (text !== undefined && anchorsOf(text).has(anchor))) return null;
  return `links to ${link}, and ${target} has no such heading`;
}

/** The numbers of the rules of exactly-once. */
export function rulesIn(markdown: string): Set<number> {
  const [, after = ''] = uncoded(markdown).split(new RegExp(`^#+ ${RULES_HEADING}$`, 'm'));
  const [section = ''] = after.split(/^#/m);
  return new Set([...section.matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number)));
}

/** The rules that a text cites: "rule 5", "rules 2, 6 and 7", "rules 1 to 3" (its first and last). */
export function rulesCitedIn(text: string): { rule: number; line: number }[] {
  const cited = named(text, /\brules? (\d+(?:(?:,| and|, and| to) \d+)*)\b/gi);
  return cited.flatMap(({ name, line }) =>
    name.split(/\D+/).map((number) => ({ rule: Number(number), line })),
  );
}

/** The decisions that a text cites by number alone: "decision 0027", "decisions 0031 and 0034". */
function decisionsCitedIn(text: string): Named[] {
  return named(text, /\bdecisions? ((?:\d{4})(?:(?:,| and|, and) \d{4})*)/gi).flatMap(
    ({ name, line }) => name.split(/\D+/).map((number) => ({ name: number, line })),
  );
}

/** Decisions by number: each file's path. */
function decisionsOf(tree: Tree): Map<number, string> {
  const decisions = new Map<number, string>();
  for (const file of tree.keys()) {
    const number = /^docs\/decisions\/(\d{4})-[a-z0-9-]+\.md$/.exec(file)?.[1];
    if (number !== undefined) decisions.set(Number(number), file);
  }
  return decisions;
}

const fourDigits = (number: number): string => String(number).padStart(4, '0');

/** Decisions that the index leaves out, numbers that are missing without a word, titles that differ. */
function decisionFaults(tree: Tree): string[] {
  const decisions = decisionsOf(tree);
  const index = tree.get(DECISIONS_INDEX) ?? '';
  const faults: string[] = [];
  for (let number = 1; number <= Math.max(0, ...decisions.keys()); number++) {
    const file = decisions.get(number);
    const isNamed = index.includes(file ? `(${path.posix.basename(file)})` : fourDigits(number));
    if (!isNamed) faults.push(`${DECISIONS_INDEX} does not name ${file ?? fourDigits(number)}`);
    if (file && !tree.get(file)?.startsWith(`# ${fourDigits(number)}`)) {
      faults.push(`${file} does not begin with its number`);
    }
  }
  return faults;
}

/** Documents that README.md does not link to: a reader would not find them. */
function unlistedDocuments(tree: Tree): string[] {
  const linked = new Set(linksIn(tree.get('README.md') ?? '').map(({ name }) => name));
  const pages = [...tree.keys()].filter((file) => /^docs\/[^/]+\.md$/.test(file));
  return pages.filter((file) => !linked.has(file)).map((file) => `README.md does not link ${file}`);
}

/** The names of package.json's scripts. */
function scriptsOf(tree: Tree): Set<string> {
  const { scripts = {} } = JSON.parse(tree.get('package.json') ?? '{}') as { scripts?: object };
  return new Set(Object.keys(scripts));
}

/** Names of files that are not ours, by the file that names them: other projects' sources. */
export type Foreign = Readonly<Record<string, readonly string[]>>;

/**
 * Everything that a comment or a document refers to and that is not there, one line each. Empty
 * where all is well.
 * @param foreign files of other projects that ours name
 */
export function faultsOf(tree: Tree, foreign: Foreign = {}): string[] {
  const rules = rulesIn(tree.get(RULES_DOCUMENT) ?? '');
  const decisions = decisionsOf(tree);
  const scripts = scriptsOf(tree);
  const faults: string[] = [];
  for (const [file, content] of tree) {
    const text = proseOf(file, content);
    if (text === null) continue;
    const fault = (line: number, message: string) => faults.push(`${file}:${line} ${message}`);
    for (const { name, line } of filesNamedIn(text)) {
      const isKnown = isThere(tree, file, name) || foreign[file]?.includes(name);
      if (!isKnown) fault(line, `names ${name}, which is not there`);
    }
    for (const { rule, line } of rulesCitedIn(text)) {
      if (!rules.has(rule))
        fault(line, `cites rule ${rule}, which ${RULES_DOCUMENT} does not have`);
    }
    for (const { name, line } of decisionsCitedIn(text)) {
      if (!decisions.has(Number(name))) fault(line, `cites decision ${name}, which is not there`);
    }
    for (const { name, line } of named(text, /\bnpm run ([a-z][a-z:-]*)/g)) {
      if (!scripts.has(name))
        fault(line, `names npm run ${name}, which package.json does not have`);
    }
    if (!isMarkdown(file)) continue;
    for (const { name, line } of linksIn(content)) {
      const broken = brokenLink(tree, file, name);
      if (broken) fault(line, broken);
    }
  }
  return [...faults, ...decisionFaults(tree), ...unlistedDocuments(tree)];
}
