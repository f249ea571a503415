/** Credentials whose secret the emulator knows: what they sign is verified. With any others all signatures pass. */
export interface KnownCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** The account they belong to; the emulator's own where it is not given. */
  readonly accountId?: string;
  /** What they may do: policy documents, as JSON or as objects. Everything, where they are not given. */
  readonly policies?: readonly (string | object)[];
  /** Of the user that they are of. Default `local-aws`. */
  readonly userName?: string;
}
