/**
 * `npm run secrets`: makes every password and key of a new installation, one file each, as compose and Kubernetes hand them
 * to the services. What is there already stays, so it is safe to run again, and files of your own are respected.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './setup.mjs';

const help = `usage: npm run secrets -- [--folder FOLDER] [--json]

Makes the passwords and keys of a new installation as files, where they are not there yet.

  --folder FOLDER   where (default docker/secrets, which git ignores)
  --mongo HOST      host and port of MongoDB in mongodb_url (default mongo:27017)
  --redis HOST      host and port of Redis in redis_url (default redis:6379)
  --json            one object on standard output: the folder, what was made, what was there

  npm run secrets
  npm run secrets -- --folder /etc/agon/secrets --mongo db.internal:27017
  kubectl --namespace agon create secret generic agon --from-file=docker/secrets

Keep a copy of signing_key in a safe place: receipts that were signed with it can be checked without it, but no new one
can be signed in its name. Without seal_key, tokens that wait for a push and secrets of webhooks are lost.
`;

const options = {
  folder: { type: 'string', default: join(root, 'docker', 'secrets') },
  mongo: { type: 'string', default: 'mongo:27017' },
  redis: { type: 'string', default: 'redis:6379' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

function readArguments() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    process.stderr.write(`${error.message}\n\n${help}`);
    process.exit(2);
  }
}

const given = readArguments();
if (given.help) {
  process.stdout.write(help);
  process.exit(0);
}

const password = () => randomBytes(24).toString('hex');
const publicKeyOf = (pem) => createPublicKey(createPrivateKey(pem)).export({ format: 'jwk' }).x;

/** Each is made from those before it; an optional one is an empty file, which counts as not set. */
const recipes = {
  mongodb_password: password,
  mongodb_url: (made) =>
    `mongodb://agon:${encodeURIComponent(made.mongodb_password)}@${given.mongo}/agon?authSource=admin&authMechanism=SCRAM-SHA-256`,
  redis_password: password,
  redis_url: (made) => `redis://:${encodeURIComponent(made.redis_password)}@${given.redis}`,
  s3_access_key: () => `agon${randomBytes(8).toString('hex')}`,
  s3_secret_key: password,
  admin_key: () => `agon_${randomBytes(32).toString('base64url')}`,
  signing_key: () => generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }),
  signing_public_key: (made) => publicKeyOf(made.signing_key),
  seal_key: () => randomBytes(32).toString('base64url'),
  hf_token: () => '',
};

const folder = resolve(given.folder);
mkdirSync(folder, { recursive: true, mode: 0o700 });
// The folder keeps others out. A file itself must be readable by the user inside a container, who is not the one here.
chmodSync(folder, 0o700);
const values = {};
const made = [];
for (const [name, recipe] of Object.entries(recipes)) {
  const path = join(folder, name);
  if (!existsSync(path)) {
    writeFileSync(path, recipe(values), { mode: 0o444, flag: 'wx' });
    made.push(name);
  }
  values[name] = readFileSync(path, 'utf8').trim();
}
const there = Object.keys(recipes).filter((name) => !made.includes(name));
if (given.json) process.stdout.write(`${JSON.stringify({ folder, made, there })}\n`);
else
  process.stdout.write(
    `${folder}\n  made   ${made.join(', ') || 'nothing'}\n  there  ${there.join(', ') || 'nothing'}\n`,
  );
