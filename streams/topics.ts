/** The topics, and their making where they are missing. */
import { Admin } from '@platformatic/kafka';
import { clientOptions } from './kafka.ts';

/** Enough for as many processes side by side; dead letters are few and read by people. */
const PARTITIONS = {
  'game.activity': 6,
  'game.activity.dead': 1,
  'user.status': 3,
  'user.status.dead': 1,
  'claim.state': 6,
} as const;

const prefixed = (prefix: string, topic: keyof typeof PARTITIONS): string => `${prefix}${topic}`;

/**
 * The topics, and the groups that read them, of one installation.
 * @param prefix what each name begins with, so that several share a broker
 */
export function namesUnder(prefix: string) {
  return {
    playerEvents: prefixed(prefix, 'game.activity'),
    playerEventsDead: prefixed(prefix, 'game.activity.dead'),
    playerEventsGroup: `${prefix}laurel-activity`,
    userStatus: prefixed(prefix, 'user.status'),
    userStatusDead: prefixed(prefix, 'user.status.dead'),
    userStatusGroup: `${prefix}laurel-user-status`,
    claimState: prefixed(prefix, 'claim.state'),
  };
}

/** As many copies as the broker makes unless told. */
const DEFAULT_REPLICAS = -1;

/** Makes what is missing; what is there stays as somebody made it. Two processes may do so at once. */
export async function makeTopics(brokers: string[], prefix: string): Promise<void> {
  const admin = new Admin({ ...clientOptions(brokers), retries: 0 });
  try {
    const known = new Set(await admin.listTopics());
    for (const [name, partitions] of Object.entries(PARTITIONS)) {
      const topic = `${prefix}${name}`;
      if (!known.has(topic)) await makeTopic(admin, topic, partitions);
    }
  } finally {
    await admin.close();
  }
}

async function makeTopic(admin: Admin, topic: string, partitions: number): Promise<void> {
  try {
    await admin.createTopics({ topics: [topic], partitions, replicas: DEFAULT_REPLICAS });
  } catch (error) {
    // Another process was quicker.
    if (!(await admin.listTopics()).includes(topic)) throw error;
  }
}
