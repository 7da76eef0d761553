/** A Temporal client of the bench. */
import { Client, Connection } from '@temporalio/client';
import type { BenchServers } from './servers.ts';

/** Connects to Temporal. `stop` closes the connection. */
export async function temporalClient({ temporalAddress }: BenchServers, namespace: string) {
  const connection = await Connection.connect({ address: temporalAddress });
  return {
    client: new Client({ connection, namespace }),
    stop: () => connection.close(),
  };
}
