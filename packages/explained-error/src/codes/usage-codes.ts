import type { CodeTable } from './code-entry.ts';

/** Command lines, configuration files and saved plans. */
export const usageCodes = {
  ARCH_CONTRADICTION: {
    means: "The image's file name gives another architecture than arch, or than the name of a mirror.",
    remedy: 'Correct arch or the URL. An AMI of the wrong architecture never starts.',
  },
  ARCH_UNSUPPORTED: {
    means: "The image's file name gives an architecture that EC2 does not have.",
    remedy: 'Use an image for x86_64 or arm64.',
  },
  BAD_AMI_NAME: {
    means: 'Name and suffix do not make a valid AMI name.',
    remedy: "Use 3 to 128 characters: letters, digits, and ()[] ./-'@_.",
  },
  BAD_DEVICE: {
    means: 'A device of the AMI has settings that do not go together, or lacks one.',
    remedy: 'Give each device a size or a snapshot, or a virtual-name alone.',
  },
  BAD_DIGEST: {
    means: 'A digest is not written as its algorithm asks for.',
    remedy: 'Use 64 hexadecimal digits for SHA-256, 128 for SHA-512.',
  },
  BAD_OPTION: {
    means: 'An option has a value that it does not take.',
    remedy: 'See `ec2-image COMMAND --help` for what it takes.',
  },
  BAD_VOLUME: {
    means: 'EBS has no volume of this type with this size, these IOPS or this throughput.',
    remedy: 'Correct size, type, IOPS or throughput; the message names the limits of the type.',
  },
  BOOT_MODE_UNSUPPORTED: {
    means: 'The architecture does not boot by this boot mode. arm64 boots by UEFI alone.',
    remedy: 'Use boot-mode uefi for arm64, or leave it out.',
  },
  CHECKSUM_ENTRY_ALONE: {
    means: 'checksum-entry names an entry of a checksum file, and there is no checksum-url.',
    remedy: 'Specify checksum-url as well, or leave checksum-entry out.',
  },
  CHECKSUM_TWICE: {
    means: 'checksum-url, sha256 and sha512 are mutually exclusive.',
    remedy: 'Specify only one.',
  },
  COMMAND_LINE_INVALID: {
    means: 'The command line of the emulator is wrong.',
    remedy: 'See its --help.',
  },
  CONFIG_AMBIGUOUS: {
    means: 'There is both an ec2-image.yaml and an ec2-image.yml.',
    remedy: 'Delete one of them, or specify one with --config.',
  },
  CONFIG_CHANGED: {
    means: 'The configuration file changed during the run. It was not overwritten.',
    remedy: 'Write the printed YAML into the file yourself.',
  },
  CONFIG_EXISTS: {
    means: 'The configuration file exists already. `init` does not overwrite it.',
    remedy: 'Edit that file, or name another with --config.',
  },
  CONFIG_CREDENTIAL: {
    means: 'The configuration file uses the name of a credential in ${…}, which would send it to a server.',
    remedy:
      'Remove it. AWS credentials are read from where the SDK finds them; a URL with a token goes to --url.',
  },
  CONFIG_INVALID: {
    means: 'The configuration file has a key or a value that it may not have.',
    remedy: 'Correct the line that the message names.',
  },
  CONFIG_NOT_FOUND: {
    means: 'The configuration file does not exist or cannot be read.',
    remedy: 'Check --config.',
  },
  CONFIG_NOT_WRITTEN: {
    means: 'The configuration file could not be written. The result of the run stands.',
    remedy: 'Write the printed YAML into the file yourself.',
  },
  CONFIG_SYNTAX: {
    means: 'The configuration file is not valid YAML.',
    remedy: 'Correct the line that the message names.',
  },
  CONFIG_VARIABLE_UNSET: {
    means: 'The configuration file uses an environment variable that is not set.',
    remedy: 'Set the variable, or write the value into the file.',
  },
  DUPLICATE_AMI_NAME: {
    means: 'Two images of the configuration would become AMIs of one name, in one account and region.',
    remedy: 'Use {name}, {arch} or {digest} in ami-name, or give the images different suffixes.',
  },
  DUPLICATE_DEVICE: {
    means:
      'Two devices of the AMI have one name, or two names of one device, such as /dev/sdb and /dev/xvdb.',
    remedy: 'Give each device a name of its own; the root device is that of root-device.',
  },
  FILE_UNREADABLE: {
    means: 'A file that the command line names cannot be read.',
    remedy: 'Check the path and its permissions.',
  },
  FAULT_INVALID: {
    means: 'A fault rule of the emulator is malformed.',
    remedy: 'Correct the field that the message names.',
  },
  INDEX_URL_UNUSED: {
    means: 'index-url and variant belong to fedora, debian and ubuntu.',
    remedy: 'Leave them out: the pattern of latest-url says where to look, and for what.',
  },
  INSECURE_ENDPOINT: {
    means: 'AWS requests would go over plain http to another machine.',
    remedy: 'Use https, or --allow-insecure-endpoint if nobody on the network path can read or change them.',
  },
  KMS_KEY_ELSEWHERE: {
    means: 'kms-key is the ARN of a key of another region than the image is imported to.',
    remedy: 'Give a key of that region, or one by region.',
  },
  KMS_KEY_MISSING: {
    means: 'kms-key names keys by region, and none for the region that the image is imported to.',
    remedy: "Add the region, or leave kms-key out to use the account's default key for EBS.",
  },
  KMS_KEY_WITHOUT_ENCRYPT: {
    means: 'kms-key is given, and nothing asks for encryption.',
    remedy: 'Give encrypt as well, or leave kms-key out.',
  },
  MISSING_SETTING: {
    means: 'A required option is missing.',
    remedy: 'Give it on the command line or in the configuration file.',
  },
  NOTHING_TO_IMPORT: {
    means: 'Neither flags nor a configuration file say what to import.',
    remedy:
      'Give --name, --url, --checksum-url, --arch and --bucket, or write `images:` into ec2-image.yaml.',
  },
  NOTHING_TO_PUBLISH: {
    means: 'No image of the configuration says where or to whom its AMI is published.',
    remedy: 'Write regions, share, deprecate-after or ssm-parameter into the configuration.',
  },
  NOT_CONFIRMED: {
    means: 'The question was not answered with yes. Nothing was deleted.',
    remedy: 'Answer yes, or add --yes.',
  },
  PLAN_EXPIRED: {
    means: 'The saved plan is too old.',
    remedy: 'Save a new one with --save-plan.',
  },
  PLAN_FROM_THE_FUTURE: {
    means: 'The saved plan says that it was made later than now.',
    remedy: 'Check the clock of this machine, or save a new plan with --save-plan.',
  },
  PLAN_NOT_FOUND: {
    means: 'The saved plan cannot be read.',
    remedy: 'Check --from-plan.',
  },
  PLAN_NOT_SAVED: {
    means: 'The plan cannot be written.',
    remedy: 'Use another path for --save-plan.',
  },
  PLAN_OF_ANOTHER_ACCOUNT: {
    means: 'The saved plan was made for another account.',
    remedy: 'Use the credentials of that account, or save a new plan.',
  },
  PLAN_OUT_OF_SCOPE: {
    means: 'The saved plan names resources outside the regions, buckets and prefixes of this command.',
    remedy: 'Use the same --region, --bucket and --key-prefix as when the plan was saved.',
  },
  PLAN_UNREADABLE: {
    means: 'The file is not a plan that --save-plan wrote.',
    remedy: 'Save a new one with --save-plan.',
  },
  PROFILE_NOT_FOUND: {
    means: 'The AWS configuration files have no profile of this name.',
    remedy: 'Check --profile and AWS_PROFILE; `aws configure list-profiles` lists the profiles.',
  },
  RESERVED_TAG: {
    means: 'ec2-image sets this tag itself.',
    remedy: 'Use another key.',
  },
  SHARD_COUNT_UNKNOWN: {
    means: 'The variables of an engine of array jobs say which job this is, and not of how many.',
    remedy: 'Give both as `--shard I/N`, or `--shard 0/1` for all images.',
  },
  SHARD_GAPS: {
    means: 'The Slurm job array has gaps, so nobody would import the images of the missing tasks.',
    remedy: 'Submit the array without gaps, or give `--shard`.',
  },
  SOURCE_TWICE: {
    means: 'url, fedora, debian, ubuntu and latest-url are mutually exclusive.',
    remedy: 'Specify only one.',
  },
  TOO_MANY_DELETES: {
    means: 'The plan would delete more than --max-deletes allows. Nothing was deleted.',
    remedy: 'Check the plan, then raise --max-deletes.',
  },
  TOO_MANY_TAGS: {
    means: 'EC2 allows 50 tags for a resource, and ec2-image sets some itself.',
    remedy: 'Use fewer tags.',
  },
  TPM_WITHOUT_UEFI: {
    means: 'tpm is given for an AMI that does not boot by UEFI, or for arm64, which has no NitroTPM.',
    remedy: 'Give boot-mode uefi as well, or leave tpm out.',
  },
  UEFI_DATA_UNUSED: {
    means: 'uefi-data is given for an AMI that boots by BIOS, which does not read it.',
    remedy: 'Leave uefi-data out, or use another boot-mode.',
  },
  UNKNOWN_IMAGE: {
    means: 'The configuration file has no image of this name.',
    remedy: 'Use a name that the hint lists.',
  },
  USAGE: {
    means: 'The command line is wrong.',
    remedy: 'See `ec2-image COMMAND --help`.',
  },
  VOLUME_TOO_SMALL: {
    means: 'volume-size is less than the disk of the image, so that no volume can be made of its snapshot.',
    remedy: 'Give a volume-size of at least that of the disk, or leave it out.',
  },
} as const satisfies CodeTable;
