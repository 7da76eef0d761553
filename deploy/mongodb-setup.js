// For mongosh: makes the one-member replica set where it is missing, and gives the application's
// user its password and its one role. Safe to run again, so it also changes that password.
const PRIMARY_WITHIN_MS = 60_000;
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
