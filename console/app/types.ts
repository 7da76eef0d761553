/** The API's shapes that screens name, from the description that the client is generated from. */
import type { components } from '../../client/index.ts';

type Schemas = components['schemas'];

/** The API's code of a problem, or that there was no answer. */
export type ProblemCode = Schemas['Problem']['code'] | 'unreachable';
export type Claim = Schemas['Claim'];
export type ClaimState = Claim['state'];
export type Reason = NonNullable<Claim['reason']>;
export type Step = Claim['steps'][number];
export type Line = Claim['lines'][number];
export type Explained = Schemas['ExplainedCondition'];
export type Condition = Schemas['Condition'];
export type User = Schemas['User'];
export type Role = User['role'];
export type Eligibility = Schemas['Eligibility'];
export type Grant = Schemas['Grant'];
export type Progress = Schemas['Progress'];
export type AuditEntry = Schemas['AuditEntry'];
export type UserStatus = User['status'];
export type EventStatus = Schemas['Event']['status'];
export type Operation = Schemas['Operation'];
export type ClaimForStaff = NonNullable<Claim['forStaff']>;
export type Overview = Schemas['Overview'];
export type ReconciliationRun = Schemas['ReconciliationRun'];
export type RewardLevels = Schemas['RewardBooks'];

/** The roles that see the console. The contract calls them *staff*. */
export const STAFF: readonly Role[] = ['SUPPORT', 'OPERATOR', 'AUDITOR', 'ADMIN'];

/** What every screen is given: the `{name}` parts of its address. */
export interface ScreenProps {
  params: Record<string, string>;
}
