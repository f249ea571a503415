import { boolean, list, string } from '../query/shape.ts';
import { invalidParameterValue } from './errors.ts';
import { compileFilters, filterList } from './filters.ts';
import { operation } from './operation.ts';

/** Regions that every account has. */
const defaultRegions = [
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-northeast-3',
  'ap-south-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'ca-central-1',
  'eu-central-1',
  'eu-north-1',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'sa-east-1',
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
];

/** Regions that an account has to be opted in to, as this one is not. */
const optInRegions = [
  'af-south-1',
  'ap-east-1',
  'ap-east-2',
  'ap-south-2',
  'ap-southeast-3',
  'ap-southeast-4',
  'ap-southeast-5',
  'ap-southeast-7',
  'ca-west-1',
  'eu-central-2',
  'eu-south-1',
  'eu-south-2',
  'il-central-1',
  'me-central-1',
  'me-south-1',
  'mx-central-1',
];

interface Region {
  readonly regionName: string;
  readonly regionEndpoint: string;
  readonly optInStatus: string;
}

const region =
  (optInStatus: string) =>
  (regionName: string): Region => ({
    regionName,
    regionEndpoint: `ec2.${regionName}.amazonaws.com`,
    optInStatus,
  });

const regions: readonly Region[] = [
  ...defaultRegions.map(region('opt-in-not-required')),
  ...optInRegions.map(region('not-opted-in')),
];

export const describeRegions = operation({
  fields: { RegionName: list(string), AllRegions: boolean, Filter: filterList },
  run({ RegionName: names, AllRegions: all = false, Filter: filters }) {
    const unknown = names.filter((name) => !regions.some(({ regionName }) => regionName === name));
    if (unknown.length > 0) throw invalidParameterValue(`Invalid region names: [${unknown.join(', ')}]`);
    const { matches } = compileFilters(filters, {
      endpoint: ({ regionEndpoint }: Region & { tags: [] }) => regionEndpoint,
      'opt-in-status': ({ optInStatus }) => optInStatus,
      'region-name': ({ regionName }) => regionName,
    });
    return {
      regionInfo: {
        item: regions
          .filter(({ regionName }) => names.length === 0 || names.includes(regionName))
          .filter(({ optInStatus }) => all || names.length > 0 || optInStatus !== 'not-opted-in')
          .filter((candidate) => matches({ ...candidate, tags: [] }))
          .map((shown) => ({ ...shown })),
      },
    };
  },
});

interface Zone {
  readonly regionName: string;
  readonly zoneName: string;
  readonly zoneId: string;
}

/** Three of a region: enough to name one. */
function zonesOf(regionName: string): Zone[] {
  const [area = '', direction = '', number = ''] = regionName.split('-');
  const short = `${area}${direction.replace(/(north|south|east|west|central)/g, (word) => word[0]!)}${number}`;
  return ['a', 'b', 'c'].map((letter, index) => ({
    regionName,
    zoneName: `${regionName}${letter}`,
    zoneId: `${short}-az${index + 1}`,
  }));
}

export const describeAvailabilityZones = operation({
  fields: { ZoneName: list(string), ZoneId: list(string), AllAvailabilityZones: boolean, Filter: filterList },
  run({ ZoneName: names, ZoneId: ids, Filter: filters }, { region: regionName }) {
    const zones = zonesOf(regionName);
    const unknown = [
      ...names.filter((name) => !zones.some(({ zoneName }) => zoneName === name)),
      ...ids.filter((id) => !zones.some(({ zoneId }) => zoneId === id)),
    ];
    if (unknown.length > 0) throw invalidParameterValue(`Invalid availability zone: [${unknown.join(', ')}]`);
    const { matches } = compileFilters(filters, {
      'region-name': (zone: Zone & { tags: [] }) => zone.regionName,
      state: () => 'available',
      'zone-id': ({ zoneId }) => zoneId,
      'zone-name': ({ zoneName }) => zoneName,
      'zone-type': () => 'availability-zone',
    });
    return {
      availabilityZoneInfo: {
        item: zones
          .filter(({ zoneName }) => names.length === 0 || names.includes(zoneName))
          .filter(({ zoneId }) => ids.length === 0 || ids.includes(zoneId))
          .filter((zone) => matches({ ...zone, tags: [] }))
          .map((zone) => ({
            ...zone,
            zoneState: 'available',
            optInStatus: 'opt-in-not-required',
            groupName: `${regionName}-zg-1`,
            networkBorderGroup: regionName,
            zoneType: 'availability-zone',
            messageSet: {},
          })),
      },
    };
  },
});
