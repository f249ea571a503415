import type { VolumeType } from '../options/kinds/ami.ts';

/** A volume as the options ask for it; sizes in GiB, throughput in MiB/s. */
export interface VolumeSettings {
  readonly type: VolumeType;
  /** Undefined: that of the snapshot, which may not be known yet. */
  readonly sizeGiB?: number;
  readonly iops?: number;
  readonly throughput?: number;
}

interface Rule {
  readonly sizeGiB: readonly [min: number, max: number];
  readonly iops?: { readonly min: number; readonly max: number; readonly perGiB: number };
  /** A type whose IOPS have no default. */
  readonly needsIops?: true;
  readonly throughput?: { readonly min: number; readonly max: number; readonly perIops: number };
}

/** https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html */
const rules: Readonly<Record<VolumeType, Rule>> = {
  gp3: {
    sizeGiB: [1, 65_536],
    iops: { min: 3_000, max: 80_000, perGiB: 500 },
    throughput: { min: 125, max: 2_000, perIops: 0.25 },
  },
  gp2: { sizeGiB: [1, 16_384] },
  io1: { sizeGiB: [4, 16_384], iops: { min: 100, max: 64_000, perGiB: 50 }, needsIops: true },
  io2: { sizeGiB: [4, 65_536], iops: { min: 100, max: 256_000, perGiB: 1_000 }, needsIops: true },
  st1: { sizeGiB: [125, 16_384] },
  sc1: { sizeGiB: [125, 16_384] },
  standard: { sizeGiB: [1, 1_024] },
};

/** What gp3 has without asking. */
const baselineIops = 3_000;

const range = (min: number, max: number, unit = '') => `${min} to ${max}${unit}`;

/**
 * Why EC2 makes no such volume; undefined where it does, as far as what is known tells.
 *
 * @param options.isRoot EC2 boots from no hard disk
 */
export function whyNotVolume(
  { type, sizeGiB, iops, throughput }: VolumeSettings,
  { isRoot }: { readonly isRoot: boolean },
): string | undefined {
  const rule = rules[type];
  if (isRoot && (type === 'st1' || type === 'sc1')) return `a root volume cannot have the type ${type}`;
  const [min, max] = rule.sizeGiB;
  if (sizeGiB !== undefined && (sizeGiB < min || sizeGiB > max))
    return `a volume of type ${type} has ${range(min, max, ' GiB')}, not ${sizeGiB}`;
  if (rule.needsIops && iops === undefined) return `a volume of type ${type} requires IOPS`;
  if (iops !== undefined) {
    if (!rule.iops) return `a volume of type ${type} takes no IOPS`;
    const bySize = sizeGiB === undefined ? rule.iops.max : sizeGiB * rule.iops.perGiB;
    const most = Math.min(rule.iops.max, type === 'gp3' ? Math.max(bySize, baselineIops) : bySize);
    if (iops < rule.iops.min || iops > most) {
      const size = sizeGiB === undefined ? '' : ` and ${sizeGiB} GiB`;
      return `a volume of type ${type}${size} has ${range(rule.iops.min, most, ' IOPS')}, not ${iops}`;
    }
  }
  if (throughput === undefined) return undefined;
  if (!rule.throughput) return `a volume of type ${type} takes no throughput`;
  const most = Math.min(rule.throughput.max, (iops ?? baselineIops) * rule.throughput.perIops);
  if (throughput >= rule.throughput.min && throughput <= most) return undefined;
  return `a volume of type ${type} and ${iops ?? baselineIops} IOPS has a throughput of ${range(rule.throughput.min, most, ' MiB/s')}, not ${throughput}`;
}
