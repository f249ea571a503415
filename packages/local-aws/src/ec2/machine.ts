export interface MachineFacts {
  readonly architecture: 'x86_64' | 'arm64';
  readonly firmware: 'bios' | 'uefi';
  readonly isNitro: boolean;
  /** A raw file, of which nothing is changed. */
  readonly diskPath: string;
}

export interface Machine {
  /** The end of what the serial port has printed. */
  readonly console: string;
  /** What GetConsoleOutput shows at its next call: what there was at the call before. */
  shown: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

export interface InstanceOwner {
  readonly id: string;
  readonly accountId: string;
  readonly region: string;
}

/** The machines behind instances, in QEMU. They end with the emulator. */
export interface Machines {
  /** @throws ServiceError `Unsupported` where this system lacks what the machine needs, with what to install */
  require(facts: Pick<MachineFacts, 'architecture' | 'firmware'>): Promise<void>;
  /** Boots; what becomes of it is written into the instance's facts. */
  start(owner: InstanceOwner, facts: MachineFacts): void;
  /** What an instance that runs here, or ran here, has printed; undefined of any other. */
  find(id: string): Machine | undefined;
  /** Undefined where nothing runs. */
  stop(id: string): Promise<void> | undefined;
  close(): Promise<void>;
}
