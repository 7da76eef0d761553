/** A server that begins to listen. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SetupError } from '../domain/errors.ts';

/**
 * The port that a server listens on, once it does.
 * @param settings the environment variables that say where, with their values, for the error
 * @throws SetupError if it cannot, for example because the port is taken
 */
export async function portOf(server: Server, settings: string): Promise<number> {
  try {
    await once(server, 'listening');
  } catch (error) {
    const why = (error as Error).message;
    throw new SetupError(`${settings}: nothing can listen there (${why}). Set another.`);
  }
  return (server.address() as AddressInfo).port;
}
