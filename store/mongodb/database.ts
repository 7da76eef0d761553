/** Opens the database when a process starts, and says in one sentence what is unfit about it. */
import type { Connection } from 'mongoose';
import { SetupError } from '../../domain/errors.ts';
import { connect } from './connection.ts';

/**
 * The hosts in a connection string, without user and password, which must not be in a log.
 * (`mongodb+srv` has the name of the DNS record that lists the hosts.)
 */
export function hostsOf(uri: string): string {
  return /^mongodb(?:\+srv)?:\/\/(?:[^/?]*@)?([^/?]*)/.exec(uri)?.[1] ?? '';
}

/** A message of the driver may contain the connection string, or a part of it. */
const withoutCredentials = (message: string) => message.replace(/\/\/[^\s"]*@/g, '//');

/**
 * Opens a connection to a replica set.
 * @throws SetupError where no server answers at the address, where it refuses our login, and where
 *   it is not a replica set
 */
export async function openDatabase(
  uri: string,
  options: Parameters<typeof connect>[1],
): Promise<Connection> {
  const where = `MongoDB at ${hostsOf(uri)}`;
  const connection = await connect(uri, options).catch((cause: Error) => {
    throw new SetupError(
      `${where} cannot be used: ${withoutCredentials(cause.message)}. Check MONGODB_URI: hosts, user and password, TLS, and that a set named in replicaSet has a primary.`,
      { cause },
    );
  });
  const hello = await connection.db?.command({ hello: 1 });
  // A router of a sharded cluster answers `isdbgrid`, a member of a replica set `setName`.
  if (hello?.setName === undefined && hello?.msg !== 'isdbgrid') {
    await connection.close();
    throw new SetupError(
      `${where} is a standalone server, and Laurel needs transactions and change streams: start mongod with --replSet, run rs.initiate() once, and name the set in MONGODB_URI (replicaSet=…).`,
    );
  }
  return connection;
}
