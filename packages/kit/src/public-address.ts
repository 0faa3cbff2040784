import { BlockList, isIP } from 'node:net';

/** Of IANA's special-purpose registry, and multicast: nothing there is a host of the public internet. */
const specialIpv4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24'],
  ...['203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
];
/** Inside 2000::/3: Teredo, benchmarks, ORCHID, documentation and 6to4, which may lead to any IPv4 address. */
const specialIpv6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

function listOf(subnets: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [address = '', bits] = subnet.split('/');
    list.addSubnet(address, Number(bits), family);
  }
  return list;
}

const special = { ipv4: listOf(specialIpv4, 'ipv4'), ipv6: listOf(specialIpv6, 'ipv6') };
const globalIpv6 = listOf(['2000::/3'], 'ipv6');

/**
 * Whether an IP address belongs to a host of the public internet: neither loopback, private, link-local, multicast nor
 * reserved. Of IPv6 only global unicast counts, so that no mapped or translated form of an IPv4 address does.
 */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !special.ipv4.check(address, 'ipv4');
  return family === 6 && globalIpv6.check(address, 'ipv6') && !special.ipv6.check(address, 'ipv6');
}
