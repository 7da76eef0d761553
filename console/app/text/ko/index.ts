/** Every text in Korean. */
import type { Texts } from '../en/index.ts';
import { auditLog } from './audit-log.ts';
import { claim } from './claim.ts';
import { claims } from './claims.ts';
import { common } from './common.ts';
import { event } from './event.ts';
import { eventForm } from './event-form.ts';
import { events } from './events.ts';
import { operation } from './operation.ts';
import { operations } from './operations.ts';
import { overview } from './overview.ts';
import { player } from './player.ts';
import { players } from './players.ts';
import { problems } from './problems.ts';
import { reconciliation } from './reconciliation.ts';
import { search } from './search.ts';
import { shell } from './shell.ts';
import { signIn } from './sign-in.ts';
import { users } from './users.ts';
import { words } from './words.ts';

export const ko: Texts = {
  auditLog,
  claim,
  claims,
  common,
  event,
  eventForm,
  events,
  operation,
  operations,
  overview,
  player,
  players,
  problems,
  reconciliation,
  search,
  shell,
  signIn,
  users,
  words,
};
