// For mongosh: makes the replica set with one member if it is missing, and sets the application user's
// password and role. It is safe to run again, and so it also changes that password.

// Longest wait for the election.
const PRIMARY_WITHIN_MS = 60_000;
// MongoDB's error code of a member without a replica set.
const NOT_YET_INITIALIZED = 94;

const { MONGODB_HOST, MONGODB_ROOT_PASSWORD, MONGODB_APP_PASSWORD } = process.env;

const password = encodeURIComponent(MONGODB_ROOT_PASSWORD);
const connection = new Mongo(
  `mongodb://root:${password}@${MONGODB_HOST}/admin?directConnection=true`,
);
const admin = connection.getDB('admin');

function hasReplicaSet() {
  try {
    return admin.runCommand({ replSetGetStatus: 1 }).ok === 1;
  } catch (error) {
    if (error.code === NOT_YET_INITIALIZED) return false;
    throw error;
  }
}

function awaitPrimary() {
  const deadline = Date.now() + PRIMARY_WITHIN_MS;
  while (!admin.hello().isWritablePrimary) {
    if (Date.now() > deadline) throw new Error('The replica set got no primary.');
    sleep(200);
  }
}

function giveUser() {
  const laurel = connection.getDB('laurel');
  const account = { pwd: MONGODB_APP_PASSWORD, roles: [{ role: 'readWrite', db: 'laurel' }] };
  if (laurel.getUser('laurel')) laurel.updateUser('laurel', account);
  else laurel.createUser({ user: 'laurel', ...account });
}

if (!hasReplicaSet()) {
  admin.runCommand({
    replSetInitiate: { _id: 'rs0', members: [{ _id: 0, host: MONGODB_HOST }] },
  });
}
awaitPrimary();
giveUser();
print('MongoDB is ready: replica set rs0, user laurel with readWrite on laurel.');
