/** A server that begins to listen, or says why it cannot. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SetupError } from '../../domain/errors.ts';

/**
 * The port it listens on, once it does.
 * @param settings the variables that say where, with their values
 * @throws SetupError where it cannot, as the port is taken
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
