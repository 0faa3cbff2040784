import { MECHANISM } from '../scram.ts';
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
  'speculativeAuthenticate',
  'topologyVersion',
  'maxAwaitTimeMS',
  'backpressure',
];

const hello: Command = {
  open: true,
  fields: HANDSHAKE_FIELDS,
  run: ({ clock }, body) =>
    ok({
      helloOk: true,
      ismaster: true,
      isWritablePrimary: true,
      maxBsonObjectSize: DOCUMENT_BYTES_MAX,
      maxMessageSizeBytes: MESSAGE_BYTES_MAX,
      maxWriteBatchSize: WRITE_BATCH_MAX,
      localTime: new Date(clock.nowMs()),
      logicalSessionTimeoutMinutes: 30,
      minWireVersion: 0,
      maxWireVersion: WIRE_VERSION,
      readOnly: false,
      ...('saslSupportedMechs' in body ? { saslSupportedMechs: [MECHANISM] } : {}),
    }),
};

/** What a driver says to find out whom it talks to, and to say goodbye. */
export const SESSION_COMMANDS: Record<string, Command> = {
  hello,
  ismaster: hello,
  isMaster: hello,
  ping: { open: true, fields: [], run: () => ok() },
  buildInfo: {
    open: true,
    fields: [],
    run: () =>
      ok({ version: '7.0.0', versionArray: [7, 0, 0, 0], maxBsonObjectSize: DOCUMENT_BYTES_MAX, modules: ['agon'] }),
  },
  endSessions: { open: true, fields: [], run: () => ok() },
};
