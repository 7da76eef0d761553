/** What the apps share: their settings, their steps, and a bare HTTP edge for engines without one. */
import { createServer, type IncomingMessage } from 'node:http';
import type { Connection } from 'mongoose';
import { openStore } from '../../../../store/index.ts';
import { connect } from '../../../../store/mongodb/connection.ts';
import type { Claim, Outcome, Steps } from '../saga.ts';
import { createSteps } from '../steps.ts';

/** @throws Error where the environment lacks it */
export function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set`);
  return value;
}

/** The steps, over a connection of this process's own. */
export async function openSteps(): Promise<{ steps: Steps; connection: Connection }> {
  const connection = await connect(required('MONGODB_URI'), { appName: 'laurel-peers' });
  return { steps: createSteps(await openStore(connection), connection), connection };
}

/** Whoever started this process waits for the line. */
export function sayReady(): void {
  process.stdout.write('app ready\n');
}

/** Answers each posted claim with how it ended, on loopback only. */
export function serveClaims(run: (claim: Claim) => Promise<Outcome>): void {
  const server = createServer((request, response) => {
    bodyOf(request)
      .then((claim) => run(claim))
      .then(
        (outcome) => response.end(JSON.stringify(outcome)),
        (error: unknown) => {
          process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
          response.writeHead(500).end();
        },
      );
  });
  server.listen(Number(required('PORT')), '127.0.0.1', sayReady);
}

/** Bodies come from the load next door, so they are small and whole. */
async function bodyOf(request: IncomingMessage): Promise<Claim> {
  const chunks = await Array.fromAsync(request as AsyncIterable<Buffer>);
  return JSON.parse(Buffer.concat(chunks).toString()) as Claim;
}
