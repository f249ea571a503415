import { findKey } from '../../kms/keys.ts';
import { list, oneOf, required, string, structure } from '../../query/shape.ts';
import { ec2Error, invalidParameterCombination } from '../errors.ts';
import { type Ec2Context, operation } from '../operation.ts';
import { regionSetting } from '../region-settings.ts';
import { checkUsers } from '../users.ts';
import { type SnapshotFacts, snapshotState } from './snapshot.ts';

const attribute = oneOf('createVolumePermission', 'productCodes');
const permissionList = list(structure({ UserId: string, Group: oneOf('all') }));

export const describeSnapshotAttribute = operation({
  fields: { SnapshotId: required(string), Attribute: required(attribute) },
  run({ SnapshotId: id, Attribute }, { resources }) {
    const { createVolumePermissions = [] } = resources.get<SnapshotFacts>('snapshot', id).facts;
    return {
      snapshotId: id,
      ...(Attribute === 'createVolumePermission'
        ? {
            createVolumePermission: {
              item: createVolumePermissions.map((who) => (who === 'all' ? { group: who } : { userId: who })),
            },
          }
        : { productCodes: {} }),
    };
  },
});

export const modifySnapshotAttribute = operation({
  fields: {
    SnapshotId: required(string),
    Attribute: attribute,
    CreateVolumePermission: structure({ Add: permissionList, Remove: permissionList }),
    OperationType: oneOf('add', 'remove'),
    UserId: list(string),
    UserGroup: list(string),
  },
  run(input, context) {
    const { store, resources } = context;
    const { SnapshotId: id, OperationType: type, CreateVolumePermission: change } = input;
    const whoOf = ({ UserId, Group }: { UserId?: string; Group?: string }) => UserId ?? Group ?? '';
    const listed = [...input.UserId, ...input.UserGroup];
    const add = [...(change?.Add ?? []).map(whoOf), ...(type === 'add' ? listed : [])];
    const remove = [...(change?.Remove ?? []).map(whoOf), ...(type === 'remove' ? listed : [])];
    if (add.length + remove.length === 0) throw invalidParameterCombination('No attributes specified.');
    checkUsers([...add, ...remove], ['all']);
    store.transaction(() => {
      const { facts } = resources.get<SnapshotFacts>('snapshot', id);
      if (add.length > 0) checkSharing(facts, add, context);
      const permissions = new Set([...(facts.createVolumePermissions ?? []), ...add]);
      for (const who of remove) permissions.delete(who);
      resources.setFacts<SnapshotFacts>(id, { ...facts, createVolumePermissions: [...permissions] });
    });
    return { return: true };
  },
});

/** @throws ServiceError in EC2's words: https://github.com/hashicorp/packer/issues/7499 */
function checkSharing(facts: SnapshotFacts, add: readonly string[], context: Ec2Context): void {
  const state = snapshotState(facts, context.now());
  if (state !== 'completed') throw ec2Error('IncorrectState', `Snapshot is in invalid state - ${state}`);
  const key = facts.kmsKeyId === undefined ? undefined : findKey(context.store, context, facts.kmsKeyId);
  if (key?.isManaged) {
    throw ec2Error('OperationNotPermitted', 'Encrypted snapshots with EBS default key cannot be shared');
  }
  if (!add.includes('all')) return;
  if (facts.encrypted) {
    throw ec2Error('OperationNotPermitted', 'Encrypted snapshots cannot be shared publicly');
  }
  if (regionSetting(context, 'snapshotBlockPublicAccess') !== 'unblocked') {
    throw ec2Error(
      'OperationNotPermitted',
      "You can't publicly share this snapshot because block public access for snapshots is enabled for this account.",
    );
  }
}
