/** What the apps share: settings, steps, and an HTTP server for engines without one. */
import { createServer, type IncomingMessage } from 'node:http';
import type { Connection } from 'mongoose';
import { openStore } from '../../../../store/index.ts';
import { connect } from '../../../../store/mongodb/connection.ts';
import type { Claim, Outcome, Steps } from '../saga.ts';
import { createSteps } from '../steps.ts';

/** A variable of the environment. @throws Error if it is missing or empty */
export function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set`);
  return value;
}

/** The steps, over a new connection to MongoDB. */
export async function openSteps(): Promise<{ steps: Steps; connection: Connection }> {
  const connection = await connect(required('MONGODB_URI'), { appName: 'laurel-peers' });
  return { steps: createSteps(await openStore(connection), connection), connection };
}

/** Prints the line that the parent process waits for. */
export function sayReady(): void {
  process.stdout.write('app ready\n');
}

/** Listens on loopback, and answers each posted claim with its outcome. */
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

/** Reads a body. It is not limited, as it comes from the load on this machine. */
async function bodyOf(request: IncomingMessage): Promise<Claim> {
  const chunks = await Array.fromAsync(request as AsyncIterable<Buffer>);
  return JSON.parse(Buffer.concat(chunks).toString()) as Claim;
}
