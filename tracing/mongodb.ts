/** Spans for MongoDB's commands, named by OpenTelemetry's conventions for databases. */
import type { mongo } from 'mongoose';
import { type EndSpans, kindOf, type Tracer } from './spans.ts';

/** The commands that the stores send. Those of the driver itself, such as `hello`, get no span. */
const COMMANDS = new Set([
  'abortTransaction',
  'aggregate',
  'bulkWrite',
  'commitTransaction',
  'count',
  'delete',
  'distinct',
  'find',
  'findAndModify',
  'getMore',
  'insert',
  'update',
]);

/** The collection that a command is for; undefined if it is for none. */
function collectionOf({ commandName, command }: mongo.CommandStartedEvent): string | undefined {
  const named = commandName === 'getMore' ? command.collection : command[commandName];
  return typeof named === 'string' ? named : undefined;
}

/**
 * Makes a span of each command that is sent on behalf of a span. It has neither the statement nor any
 * value. A command of a batch gets one for each claim that shares it.
 * @param client a client that was opened with `monitorCommands`
 */
export function traceCommands(client: mongo.MongoClient, tracer: Tracer): void {
  const open = new Map<number, EndSpans>();
  const end = (requestId: number, failure?: string) => {
    open.get(requestId)?.(failure);
    open.delete(requestId);
  };
  client.on('commandStarted', (started) => {
    const { commandName, databaseName, requestId } = started;
    if (!COMMANDS.has(commandName)) return;
    const collection = collectionOf(started);
    const ends = tracer.beginShared({
      name: collection === undefined ? commandName : `${commandName} ${collection}`,
      kind: 'CLIENT',
      attributes: {
        'db.system.name': 'mongodb',
        'db.namespace': databaseName,
        'db.operation.name': commandName,
        ...(collection !== undefined && { 'db.collection.name': collection }),
      },
    });
    if (ends) open.set(requestId, ends);
  });
  client.on('commandSucceeded', ({ requestId }) => end(requestId));
  client.on('commandFailed', ({ requestId, failure }) => end(requestId, kindOf(failure)));
}
