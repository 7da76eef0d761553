/** Reading a command line: what the chaos run and the soak share. */
import { type ParseArgsConfig, parseArgs } from 'node:util';

/** A wrong command line. The message says what is wrong with it. */
export class WrongArguments extends Error {}

/** The values of a command line, as `parseArgs` returns them. @throws WrongArguments */
export function parseOptions<O extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: O,
) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new WrongArguments((error as Error).message);
  }
}
