/** Temporal from the bench's side. */
import { Client, Connection } from '@temporalio/client';
import type { BenchServers } from './servers.ts';

export async function temporalClient({ temporalAddress }: BenchServers, namespace: string) {
  const connection = await Connection.connect({ address: temporalAddress });
  return {
    client: new Client({ connection, namespace }),
    stop: () => connection.close(),
  };
}
