import { boolean, required, string, timestamp } from '../../query/shape.ts';
import { ec2Error, invalidParameterValue } from '../errors.ts';
import { type Ec2Context, operation } from '../operation.ts';
import { type ImageFacts, imageState, isPublic, latestOfPublic } from './image.ts';

/** After protection with a cooldown is turned off, the AMI stays protected for so long. */
const cooldownMs = 24 * 60 * 60 * 1000;
const minuteMs = 60_000;
const maxDeprecationYears = 10;

function change(id: string, { store, resources }: Ec2Context, to: (facts: ImageFacts) => ImageFacts): void {
  store.transaction(() => resources.setFacts(id, to(resources.get<ImageFacts>('image', id).facts)));
}

export const enableImageDeregistrationProtection = operation({
  fields: { ImageId: required(string), WithCooldown: boolean },
  run({ ImageId: id, WithCooldown: withCooldown = false }, context) {
    const protection = withCooldown ? 'enabled-with-cooldown' : 'enabled-without-cooldown';
    change(id, context, (facts) => ({
      ...facts,
      deregistrationProtection: protection,
      protectedUntil: undefined,
    }));
    return { return: protection };
  },
});

export const disableImageDeregistrationProtection = operation({
  fields: { ImageId: required(string) },
  run({ ImageId: id }, context) {
    change(id, context, ({ deregistrationProtection, ...facts }) => ({
      ...facts,
      ...(deregistrationProtection === 'enabled-with-cooldown' && {
        protectedUntil: context.now() + cooldownMs,
      }),
    }));
    return { return: 'disabled' };
  },
});

/** A disabled AMI is nobody else's any more. */
export const disableImage = operation({
  fields: { ImageId: required(string) },
  run({ ImageId: id }, context) {
    change(id, context, (facts) => {
      const state = imageState(facts, context.now());
      if (state !== 'available' && state !== 'disabled') throw wrongState(id, state);
      return { ...facts, outcome: 'disabled', launchPermissions: [] };
    });
    return { return: true };
  },
});

export const enableImage = operation({
  fields: { ImageId: required(string) },
  run({ ImageId: id }, context) {
    change(id, context, (facts) => {
      const state = imageState(facts, context.now());
      if (state !== 'available' && state !== 'disabled') throw wrongState(id, state);
      return { ...facts, outcome: 'available' };
    });
    return { return: true };
  },
});

function wrongState(id: string, state: string) {
  return ec2Error('IncorrectState', `The image ${id} is in the state ${state}.`);
}

export const enableImageDeprecation = operation({
  fields: { ImageId: required(string), DeprecateAt: required(timestamp) },
  run({ ImageId: id, DeprecateAt: given }, context) {
    const at = Math.round(given.getTime() / minuteMs) * minuteMs;
    const { createdAt, facts: present } = context.resources.get<ImageFacts>('image', id);
    const latest = new Date(context.now());
    latest.setUTCFullYear(latest.getUTCFullYear() + maxDeprecationYears);
    if (at < context.now() - minuteMs || at > latest.getTime()) {
      throw invalidParameterValue(
        `DeprecateAt must be in the future, and no more than ${maxDeprecationYears} years from now.`,
      );
    }
    if (isPublic(present) && at > latestOfPublic(createdAt)) {
      throw invalidParameterValue(
        'DeprecateAt of a public AMI must be no more than 2 years after its creation.',
      );
    }
    change(id, context, (facts) => ({ ...facts, deprecatedAt: at }));
    return { return: true };
  },
});

export const disableImageDeprecation = operation({
  fields: { ImageId: required(string) },
  run({ ImageId: id }, context) {
    change(id, context, ({ deprecatedAt: _, ...facts }) => facts);
    return { return: true };
  },
});
