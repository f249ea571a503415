import { deviceName, devices, volumeLimits, volumeTypes } from '../kinds/ami.ts';
import { integer } from '../kinds/numbers.ts';
import { oneOf } from '../kinds/text.ts';
import { option } from '../option.ts';

/** The volumes that an instance of the AMI gets. */
export const volumeOptions = {
  'root-device': option({
    kind: deviceName,
    help: 'Device name of the root volume',
    default: '/dev/sda1',
    group: 'ami',
    commands: ['import'],
    in: 'both',
  }),
  'volume-type': option({
    kind: oneOf(volumeTypes, { metavar: 'TYPE' }),
    help: 'Type of the root volume: gp3, gp2, io1, io2 or standard',
    default: 'gp3',
    group: 'ami',
    commands: ['import'],
    in: 'both',
  }),
  'volume-size': option({
    kind: integer({ min: 1, max: volumeLimits.sizeGiB, metavar: 'GIB' }),
    help: 'Size of the root volume in GiB',
    default: 'that of the disk',
    group: 'ami',
    commands: ['import'],
    in: 'both',
  }),
  'volume-iops': option({
    kind: integer({ min: 1, max: volumeLimits.iops }),
    help: 'IOPS of the root volume, of the types gp3, io1 and io2',
    default: '3000 of gp3',
    group: 'ami',
    commands: ['import'],
    in: 'both',
  }),
  'volume-throughput': option({
    kind: integer({ min: 1, max: volumeLimits.throughput, metavar: 'MIB' }),
    help: 'Throughput of the root volume in MiB/s, of the type gp3',
    default: '125',
    group: 'ami',
    commands: ['import'],
    in: 'both',
  }),
  devices: option({
    kind: devices,
    help: 'Further devices: a list of device with size (GiB), snapshot or virtual-name, and type, iops, throughput, encrypt, delete-on-termination. JSON in the flag',
    group: 'ami',
    commands: ['import'],
    in: 'both',
  }),
};
