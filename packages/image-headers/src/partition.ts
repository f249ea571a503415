export interface Partition {
  /** In bytes. */
  readonly offset: number;
  readonly size: number;
  /** MBR: the type byte in hex, such as `83`. GPT: the type GUID. */
  readonly type: string;
}
