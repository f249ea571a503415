import type { CodeTable } from './code-entry.ts';

/** Buckets, objects, import tasks, snapshots and AMIs. */
export const accountCodes = {
  ABSENT_BLOCKS: {
    means:
      'A snapshot that EBS direct wrote lacks blocks of zeros. An encrypted volume reads them as noise. Nothing was deleted.',
    remedy: 'Import the image again with --fresh, or accept it with --allow-absent.',
  },
  AMI_DISABLED: {
    means: 'The AMI of this image exists, but somebody disabled it.',
    remedy: 'Enable it (`aws ec2 enable-image`), or use --replace or another --suffix.',
  },
  AMI_FAILED: {
    means: 'EC2 could not make the AMI usable.',
    remedy: 'Run the same command again: it deregisters the failed AMI and registers the snapshot again.',
  },
  AMI_NAME_TAKEN: {
    means: 'Another AMI has the name, and ec2-image did not make it.',
    remedy: 'Use another --name or --suffix. An AMI that ec2-image did not make is never changed.',
  },
  AMI_NAME_TAKEN_BY_OURS: {
    means: 'ec2-image gave the name to an AMI of another image, or with other settings.',
    remedy: 'Use another --suffix, or --replace to deregister that AMI and delete its snapshots.',
  },
  AMI_NOT_FOUND: {
    means: 'EC2 does not list the AMI in this region, after several reads.',
    remedy: 'Check the id and the region.',
  },
  AMI_PROTECTED: {
    means: 'The AMI to be replaced or deleted is protected from deregistration.',
    remedy:
      'Turn the protection off (`aws ec2 disable-image-deregistration-protection`), or use another --suffix.',
  },
  AMI_STALLED: {
    means: 'The AMI is registered, but does not become available.',
    remedy: 'Run the same command again: it finds the AMI and waits for it.',
  },
  AMI_UPDATE_INCOMPLETE: {
    means:
      'The AMI is registered and can be used, but its description, IMDS support or deregistration protection could not be made what the options say.',
    remedy:
      'Correct what the message names, then run the same command again: it changes the AMI that exists.',
  },
  BLOCK_DAMAGED: {
    means: 'A block of a snapshot was damaged on the way, again and again.',
    remedy:
      'Something between this machine and EBS changes what is sent or read: run the same command from elsewhere.',
  },
  BLOCK_REFUSED: {
    means: 'EBS refused to store a block of the snapshot.',
    remedy: "Correct what EBS's message names, then run the same command again.",
  },
  BUCKET_ACCESS_DENIED: {
    means: 'These credentials may not use the bucket.',
    remedy:
      "Allow the S3 actions that `ec2-image iam-policy` prints, on the bucket and its objects, and check the bucket's own policy.",
  },
  BUCKET_ELSEWHERE: {
    means: 'The bucket is in another region than the import. EC2 imports only from its own region.',
    remedy: 'Use a bucket of the region, or import into the region of the bucket.',
  },
  BUCKET_NOT_YOURS: {
    means: 'The bucket belongs to another account than expected.',
    remedy: 'Use a bucket of the account, or name the owner with --bucket-owner.',
  },
  IMPORT_BUCKET_ELSEWHERE: {
    means: 'EC2 found the bucket in another region than the import.',
    remedy: 'Use a bucket of the region, or import into the region of the bucket.',
  },
  IMPORT_CANCELLED: {
    means: 'Somebody cancelled the import task.',
    remedy: 'Run the same command again.',
  },
  IMPORT_FAILED: {
    means: 'EC2 ended the import task with an error. The message holds its own words.',
    remedy:
      'Run the same command again: good images have been seen to fail once. If it recurs, try --format raw.',
  },
  IMPORT_FORMAT_REFUSED: {
    means: 'EC2 does not accept the disk in this format.',
    remedy: 'Use another --format.',
  },
  IMPORT_NOT_PERMITTED: {
    means: 'The service role of VM Import is missing, or may not read the bucket or use a KMS key.',
    remedy:
      'Check the role, its trust policy and its permissions with `ec2-image doctor`. A new role takes up to half a minute to take effect.',
  },
  IMPORT_OBJECT_MISSING: {
    means: 'EC2 did not find the object that it was told to import.',
    remedy:
      'Run the same command again: it uploads the disk again. Check that no lifecycle rule deletes objects early.',
  },
  IMPORT_STALLED: {
    means: 'The import task showed no progress for too long.',
    remedy: 'Run the same command again later, or allow more time with --import-timeout.',
  },
  IMPORT_TASK_LOST: {
    means: 'EC2 no longer lists the import task.',
    remedy: 'Run the same command again: it looks for the snapshot and for other tasks before it imports.',
  },
  KEY_TAKEN: {
    means: 'An object that was not made for this image has the key of the upload.',
    remedy: 'Inspect it, then move or delete it, or use another --key-prefix.',
  },
  NAME_CONTRADICTS_AMI: {
    means: "--name and --suffix do not make the AMI's own name. Nothing was tagged.",
    remedy: 'Use the name and the suffix that the AMI was registered with.',
  },
  NO_SNAPSHOT: {
    means: 'The AMI has no snapshot that could be verified.',
    remedy: 'Name an AMI with an EBS root volume, or a snapshot.',
  },
  NO_SUCH_BUCKET: {
    means: 'There is no bucket of this name.',
    remedy: 'Create it in the region of the import, or correct its name.',
  },
  NOT_S3: {
    means: 'The endpoint answers, but not as S3 does.',
    remedy: 'Check that the endpoint is an S3 service.',
  },
  OBJECT_CORRUPT: {
    means: 'S3 serves other bytes than the checksum that it reports for the object.',
    remedy:
      'Delete the object and run the same command again. If it recurs, contact AWS Support with the bucket, key and time.',
  },
  OBJECT_CHANGED: {
    means: 'Another object has replaced the one that was proven.',
    remedy: 'Make sure only one run imports this image, then run the same command again.',
  },
  OBJECT_MISSING: {
    means: 'The object that was proven no longer exists.',
    remedy:
      'Run the same command again: it uploads the disk again. Check that no lifecycle rule deletes objects early.',
  },
  REGISTER_REFUSED: {
    means: 'EC2 refused to register the AMI. The snapshot is kept.',
    remedy:
      'Correct the option that EC2 names, then run the same command again: it continues from the snapshot.',
  },
  SNAPSHOT_DIFFERS: {
    means: 'The snapshot does not match the disk. The message names the first block that differs.',
    remedy: 'Do not use the snapshot or its AMIs. Import the image again.',
  },
  SNAPSHOT_FAILED: {
    means: 'EC2 could not complete the snapshot.',
    remedy: 'Run the same command again.',
  },
  SNAPSHOT_GONE: {
    means: 'EC2 no longer lists the snapshot.',
    remedy: 'Run the same command again: it makes another one.',
  },
  SNAPSHOT_IN_USE: {
    means: 'A snapshot that has to be deleted belongs to an AMI.',
    remedy: 'Deregister the AMI that uses it, or keep both.',
  },
  SNAPSHOT_MISMATCH: {
    means: 'The snapshot that EBS returned is not the one that was asked for.',
    remedy: 'Run the same command again.',
  },
  SNAPSHOT_STALLED: {
    means: 'The snapshot shows no progress.',
    remedy: 'Run the same command again later.',
  },
  SNAPSHOT_TOO_SMALL: {
    means: 'The snapshot is smaller than the disk: the end of the disk is missing.',
    remedy: 'Delete the snapshot and import again with --format raw.',
  },
  SNAPSHOT_UNPROVEN: {
    means:
      'Nothing shows that the snapshot is made of the image: its tags record no sufficient proof, its object is gone, and it cannot be read.',
    remedy: 'Allow ebs:ListSnapshotBlocks and ebs:GetSnapshotBlock, or use it as it is with --proof none.',
  },
  SNAPSHOT_UNREADABLE: {
    means: 'The snapshot could not be read back.',
    remedy: 'Check that it is complete, not archived, and that its KMS key may be used.',
  },
  TAGS_INCOMPLETE: {
    means: 'A resource lacks some of its tags. The message names them.',
    remedy:
      'Allow ec2:CreateTags and ec2:DescribeTags, then run the same command again, or `ec2-image tag-fix`.',
  },
  UPLOAD_CORRUPTED: {
    means: 'S3 stored other bytes than were sent, as its checksum shows. The object was deleted.',
    remedy: 'Run the same command again, from another network if it recurs.',
  },
  UPLOAD_INTERRUPTED: {
    means:
      'The connection to S3 broke each time a part was sent, for as long as an outage may last (--outage-timeout).',
    remedy: 'Check the network, then run the same command again: it resumes with the parts that arrived.',
  },
  UPLOAD_LOST: {
    means: 'Something else ended the upload: another run, or a lifecycle rule.',
    remedy: 'Make sure only one run imports this image, then run the same command again.',
  },
  UPLOAD_STALLED: {
    means:
      'S3 answered no attempt to send a part within its time limit, for as long as an outage may last (--outage-timeout).',
    remedy: 'Check the network, then run the same command again: the parts that arrived are kept.',
  },
} as const satisfies CodeTable;
