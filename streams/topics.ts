/** The topics, and their making where they are missing. */
import { Admin } from '@platformatic/kafka';
import { clientOptions } from './kafka.ts';

export const TOPICS = {
  activity: 'game.activity',
  activityDead: 'game.activity.dead',
  userStatus: 'user.status',
  userStatusDead: 'user.status.dead',
  claimState: 'claim.state',
} as const;

/** Enough for as many processes side by side; dead letters are few and read by people. */
const PARTITIONS: Record<(typeof TOPICS)[keyof typeof TOPICS], number> = {
  'game.activity': 6,
  'game.activity.dead': 1,
  'user.status': 3,
  'user.status.dead': 1,
  'claim.state': 6,
};

/** As many copies as the broker makes unless told. */
const DEFAULT_REPLICAS = -1;

/** Makes what is missing; what is there stays as somebody made it. Two processes may do so at once. */
export async function makeTopics(brokers: string[]): Promise<void> {
  const admin = new Admin({ ...clientOptions(brokers), retries: 0 });
  try {
    const known = new Set(await admin.listTopics());
    for (const [topic, partitions] of Object.entries(PARTITIONS)) {
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
