import { type DestinationStream, type Logger, pino } from 'pino';

/** A structured log: `log.info({ jobId }, 'opened')`. */
export type Log = Pick<Logger, 'info' | 'warn' | 'error' | 'debug' | 'child'>;

const secretPaths = [
  'req.headers.authorization',
  'req.headers.cookie',
  'authorization',
  'secret',
  '*.secret',
  'password',
];

/** JSON lines on stderr (stdout belongs to a program's answer), with secrets struck out. */
export function createLogger(options: { name: string; level: string; destination?: DestinationStream }): Logger {
  const settings = {
    name: options.name,
    level: options.level,
    redact: { paths: secretPaths, censor: '[redacted]' },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return pino(settings, options.destination ?? pino.destination({ dest: 2, sync: false }));
}

const nothing = (): void => undefined;
/** A log that drops everything, for tests and libraries without one. */
export const silentLog: Log = pino({ level: 'silent' }, { write: nothing });
