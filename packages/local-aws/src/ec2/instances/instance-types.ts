/** Families from before Nitro: they boot by BIOS alone, from Xen's own disks. */
const xenFamilies = /^(?:t1|t2|m[1-4]|c1|c3|c4|cc2|cr1|r3|r4|i2|i3|d2|h1|hs1|x1e?|p2|p3|g2|g3s?|f1)$/;
/** `t4g`, `m7gd`, `c6gn`, `g5g`: a `g` behind the generation says Graviton. */
const arm64Families = /^(?:a1|[a-z]+\d+g[a-z]*)$/;

export interface InstanceType {
  readonly architecture: 'x86_64' | 'arm64';
  readonly isNitro: boolean;
}

/** What an instance type's name says of it. Undefined where it is not the name of one. */
export function instanceTypeOf(name: string): InstanceType | undefined {
  const [, family] =
    /^([a-z]+\d+[a-z0-9-]*)\.(?:nano|micro|small|medium|\d*x?large|metal[-\w]*)$/.exec(name) ?? [];
  if (family === undefined) return undefined;
  const isArm64 = arm64Families.test(family);
  return { architecture: isArm64 ? 'arm64' : 'x86_64', isNitro: isArm64 || !xenFamilies.test(family) };
}
