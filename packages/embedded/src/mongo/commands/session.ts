import { DOCUMENT_BYTES_MAX } from '../storage/store.ts';
import { MESSAGE_BYTES_MAX } from '../wire/frames.ts';
import { type Command, ok } from './command.ts';

const WRITE_BATCH_MAX = 100_000;
/** The wire version of MongoDB 7.0; drivers refuse servers that are too old for them. */
const WIRE_VERSION = 21;
const HANDSHAKE_FIELDS = [
  'client',
  'helloOk',
  'compression',
  'loadBalanced',
  'saslSupportedMechs',
  'topologyVersion',
  'maxAwaitTimeMS',
  'backpressure',
];

const hello: Command = {
  fields: HANDSHAKE_FIELDS,
  run: ({ now }) =>
    ok({
      helloOk: true,
      ismaster: true,
      isWritablePrimary: true,
      maxBsonObjectSize: DOCUMENT_BYTES_MAX,
      maxMessageSizeBytes: MESSAGE_BYTES_MAX,
      maxWriteBatchSize: WRITE_BATCH_MAX,
      localTime: new Date(now()),
      logicalSessionTimeoutMinutes: 30,
      minWireVersion: 0,
      maxWireVersion: WIRE_VERSION,
      readOnly: false,
    }),
};

/** What a driver says to find out whom it talks to, and to say goodbye. */
export const SESSION_COMMANDS: Record<string, Command> = {
  hello,
  ismaster: hello,
  isMaster: hello,
  ping: { fields: [], run: () => ok() },
  buildInfo: {
    fields: [],
    run: () =>
      ok({ version: '7.0.0', versionArray: [7, 0, 0, 0], maxBsonObjectSize: DOCUMENT_BYTES_MAX, modules: ['agon'] }),
  },
  endSessions: { fields: [], run: () => ok() },
};
