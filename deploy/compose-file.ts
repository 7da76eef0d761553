/** Reads docker-compose.yml for its tests: its shape, its variables, and the values Compose gives them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export type Environment = { [name: string]: string | undefined };
export type Bind = {
  type: 'bind';
  source: string;
  read_only: boolean;
  bind: { create_host_path: boolean };
};
type Condition = 'service_started' | 'service_healthy' | 'service_completed_successfully';

export interface Service {
  image: string;
  profiles?: string[];
  build?: string;
  hostname?: string;
  init?: boolean;
  read_only?: boolean;
  tmpfs?: string[];
  restart: string;
  cap_drop?: string[];
  security_opt?: string[];
  entrypoint?: string[];
  command?: string[];
  environment?: Environment;
  ports?: string[];
  volumes?: (string | Bind)[];
  networks?: string[];
  depends_on?: { [service: string]: { condition: Condition } };
  healthcheck?: { test?: string[]; disable?: boolean };
  stop_grace_period?: string;
  logging?: { options: { 'max-size': string } };
  deploy?: { resources: { limits: { memory: string } } };
}

export interface ComposeFile {
  services: { [name: string]: Service };
  volumes: { [name: string]: unknown };
  networks: { [name: string]: unknown };
}

/** A variable that the file refers to. */
export interface Reference {
  name: string;
  /** `:-` for a default, `:?` for a message if there is no value. */
  operator: string | undefined;
  word: string;
}

const REFERENCE = /\$(?:(\$)|\{(\w+)(:[-?])?([^}]*)\})/g;

/** Reads the file with its anchors merged, and every variable it refers to, in order. */
export function readCompose(): { file: ComposeFile; references: Reference[] } {
  const text = readFileSync(join(import.meta.dirname, '..', 'docker-compose.yml'), 'utf8');
  const references = [...text.matchAll(REFERENCE)].flatMap(([, , name, operator, word = '']) =>
    name === undefined ? [] : [{ name, operator, word }],
  );
  return { file: parse(text, { merge: true }), references };
}

/**
 * Replaces `${NAME:-word}` and `${NAME:?message}` in every string of a value, as Compose does.
 *
 * @throws Error if a required variable has no value, as Compose does
 */
export function interpolate<T>(value: T, env: Environment): T {
  const walk = (node: unknown): unknown => {
    if (typeof node === 'string') return fill(node, env);
    if (Array.isArray(node)) return node.map(walk);
    if (node === null || typeof node !== 'object') return node;
    return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, walk(child)]));
  };
  return walk(value) as T;
}

function fill(line: string, env: Environment): string {
  return line.replace(REFERENCE, (_, dollar, name, operator, word) => {
    if (dollar) return '$';
    if (env[name]) return env[name];
    if (operator === ':-') return word;
    throw new Error(`required variable ${name} is missing a value: ${word}`);
  });
}
