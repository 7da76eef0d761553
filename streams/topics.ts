/** The topics, and how they are created. */
import { Admin } from '@platformatic/kafka';
import { clientOptions } from './kafka.ts';

/** Partitions of each topic: enough for as many processes. Dead letters are few. */
const PARTITIONS = {
  'game.activity': 6,
  'game.activity.dead': 1,
  'user.status': 3,
  'user.status.dead': 1,
  'claim.state': 6,
} as const;

const prefixed = (prefix: string, topic: keyof typeof PARTITIONS): string => `${prefix}${topic}`;

/**
 * The names of one installation's topics and consumer groups.
 * @param prefix what each name begins with, so that several installations can share a broker
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

/** The broker's own default number of replicas. */
const DEFAULT_REPLICAS = -1;

/** Creates the missing topics; others stay as they are. Two processes may call it at once. */
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
    // Another process created it first.
    if (!(await admin.listTopics()).includes(topic)) throw error;
  }
}
