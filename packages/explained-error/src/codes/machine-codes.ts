import type { CodeTable } from './code-entry.ts';

/** This machine: its programs, directories, and the run itself. */
export const machineCodes = {
  ADDRESS_UNAVAILABLE: {
    means: 'The emulator cannot listen on the address.',
    remedy: 'Use another --port, or stop what listens there.',
  },
  BUCKET_NAME_INVALID: {
    means: 'The emulator was told to create a bucket whose name S3 does not allow.',
    remedy: 'Use 3 to 63 lower-case letters, digits, dots and hyphens.',
  },
  BZIP2_MISSING: {
    means: 'bzip2 is not installed.',
    remedy: 'Install it: `apt-get install bzip2`, or `dnf install bzip2`.',
  },
  CANNOT_LISTEN: {
    means: 'No server could be started on loopback.',
    remedy: 'Check that 127.0.0.1 is up and that processes may listen on it.',
  },
  INTERNAL: {
    means: 'A bug in ec2-image.',
    remedy: 'Report it with the file that the same command writes with --log-file.',
  },
  INTERRUPTED: {
    means: 'Ctrl-C or a signal stopped the run.',
    remedy: 'Run the same command again.',
  },
  INVALID_DISK_SIZE: {
    means: 'A sample disk of this size cannot be made.',
    remedy: 'Use a size that the message names.',
  },
  INVALID_FILE_NAME: {
    means: 'The name cannot be served or written as a file.',
    remedy: 'Use a plain file name.',
  },
  LOCAL_FAILURE: {
    means: 'This machine, not AWS, made a call fail: no space, no permission, or a device error.',
    remedy: 'Fix what the message names, then run the same command again.',
  },
  LOG_FILE: {
    means: 'The log file cannot be written.',
    remedy: 'Use another --log-file.',
  },
  NBD_FAILED: {
    means: 'qemu-nbd answered something that is not the NBD protocol, or ended.',
    remedy: 'Run the same command again. If it recurs, convert the image to raw first.',
  },
  NETWORK_ERROR: {
    means: 'A connection failed.',
    remedy: 'Check the network and --endpoint-url, then run the same command again.',
  },
  NOT_PERMITTED: {
    means: 'The user may not read or write a file.',
    remedy: 'Use a --work-dir that this user can write to.',
  },
  OUTPUT_FILE: {
    means: 'A file that an option names for a result cannot be written. Nothing was started.',
    remedy: 'Name another file, in a directory that exists and can be written.',
  },
  OUTPUT_FAILED: {
    means: 'The result could not be written to stdout or to a file. What was done in the account stays done.',
    remedy: 'Run the same command again with an output that can be written: it finds what is there.',
  },
  POLICY_INVALID: {
    means: 'The emulator was given credentials with a policy that IAM would not accept.',
    remedy: 'Correct the policy document that comes with the credentials.',
  },
  PROGRAM_KILLED: {
    means: 'A program was killed from outside, or reached its limit of memory, output or time.',
    remedy: 'Check the system log, then run the same command again.',
  },
  QEMU_IMG_MISSING: {
    means: 'qemu-img is not installed.',
    remedy:
      'Install it: `apt-get install qemu-utils` on Debian and Ubuntu, `dnf install qemu-img` on Fedora.',
  },
  QEMU_NBD_FAILED: {
    means: 'qemu-nbd could not open the image.',
    remedy: 'Check the image with `qemu-img check`, or download it again.',
  },
  QEMU_NBD_MISSING: {
    means: 'qemu-nbd is not installed.',
    remedy:
      'Install it: `apt-get install qemu-utils` on Debian and Ubuntu, `dnf install qemu-img` on Fedora.',
  },
  STATE_UNUSABLE: {
    means: 'The directory of the emulator holds an account that it cannot read.',
    remedy: 'Use another --directory, or remove this one.',
  },
  TIMED_OUT: {
    means: 'A connection was silent for too long.',
    remedy: 'Run the same command again; on a slow line raise --request-timeout.',
  },
  TOOL_FAILED: {
    means: 'A program that makes the sample images failed.',
    remedy: "Correct what the program's message names.",
  },
  TOOL_MISSING: {
    means: 'A program that makes the sample images is not installed.',
    remedy: 'Install the package that the hint names.',
  },
  TOO_MANY_OPEN_FILES: {
    means: 'The process, or the machine, has as many files and connections open as it may.',
    remedy: 'Raise the limit (`ulimit -n 4096`), or import fewer images at a time.',
  },
  WORKER_FAILED: {
    means: 'A worker thread ended, or exceeded its limit of memory or time.',
    remedy: 'Run the same command again. If it recurs, check the memory and the load of this machine.',
  },
  WORK_DIRECTORY_FULL: {
    means: 'There is no space, or no inode, left in the work directory.',
    remedy: 'Free some space, or use another --work-dir. What is already downloaded is kept.',
  },
  WORK_DIRECTORY_READ_ONLY: {
    means: 'The work directory is on a read-only file system, or this user may not write to it.',
    remedy: 'Use a --work-dir that this user can write to.',
  },
  WORK_DIRECTORY_UNSAFE: {
    means: 'Somebody else owns a file in the work directory, or a lock in it is a symbolic link.',
    remedy: 'Inspect the file, then delete it or change its owner, or use a --work-dir of your own.',
  },
  WORK_DIRECTORY_UNUSABLE: {
    means: 'The work directory cannot be created or written.',
    remedy: 'Use a --work-dir that exists or can be created, and that this user can write to.',
  },
  XZ_MISSING: {
    means: 'xz is not installed.',
    remedy: 'Install it: `apt-get install xz-utils`, or `dnf install xz`.',
  },
} as const satisfies CodeTable;
