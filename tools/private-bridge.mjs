/** A bridge of the machine's network for one private Docker daemon, so that two daemons do not meet. Needs root and `ip`. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';

const ip = (...args) => spawnSync('ip', args, { stdio: 'ignore' }).status === 0;

/** @param {string} folder of the daemon; its name chooses the addresses. */
export function privateBridge(folder) {
  const hash = createHash('sha256').update(folder).digest();
  const name = `agon${hash.toString('hex').slice(0, 8)}`;
  const second = 130 + (hash.readUInt8(0) % 100);
  return {
    /** What dockerd is told. */
    arguments: ['--bridge', name, '--default-address-pool', `base=10.${second}.128.0/17,size=24`],
    add() {
      ip('link', 'add', name, 'type', 'bridge');
      ip('addr', 'add', `10.${second}.0.1/24`, 'dev', name);
      if (!ip('link', 'set', name, 'up'))
        throw new Error('dockerd does not start: no bridge could be made (apt-get install iproute2)');
    },
    remove() {
      ip('link', 'del', name);
    },
  };
}
