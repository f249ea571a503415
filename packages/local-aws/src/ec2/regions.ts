import { boolean, list, string } from '../query/shape.ts';
import { defaultRegions, optInRegions } from '../region-names.ts';
import { invalidParameterValue } from './errors.ts';
import { compileFilters, filterList } from './filters.ts';
import { type Ec2Context, operation } from './operation.ts';

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

function regionsOf({ optedIn }: Pick<Ec2Context, 'optedIn'>): readonly Region[] {
  return [
    ...defaultRegions.map(region('opt-in-not-required')),
    ...optInRegions.map((name) => region(optedIn.has(name) ? 'opted-in' : 'not-opted-in')(name)),
  ];
}

export const describeRegions = operation({
  fields: { RegionName: list(string), AllRegions: boolean, Filter: filterList },
  run({ RegionName: names, AllRegions: all = false, Filter: filters }, context) {
    const regions = regionsOf(context);
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
