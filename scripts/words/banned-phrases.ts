export interface Banned {
  /** Tried on text whose white space is single blanks. */
  readonly pattern: RegExp;
  readonly instead: string;
}

/** In messages, help, comments and documentation; code in back-quotes of a document counts as a name. */
export const bannedPhrases: readonly Banned[] = [
  // Words that no manual uses.
  { pattern: /\banew\b|\bafresh\b/i, instead: 'again, retrying' },
  { pattern: /\bonce more\b/i, instead: 'again' },
  { pattern: /\b(?:begun|began|begin|begins) again\b/i, instead: 'retry, restart' },
  { pattern: /\bmend(?:s|ed|ing)?\b/i, instead: 'fix' },
  { pattern: /\bbrought\b/i, instead: 'downloaded, received, copied' },
  { pattern: /\bat a glance\b/i, instead: 'name what it shows' },
  {
    pattern: /\b(?:gone|goes|going|went) on\b|\bgo on (?:with|where|from|over)\b/i,
    instead: 'resume, continue, last',
  },
  { pattern: /\blook(?:s|ed|ing)? (?:at|into)\b/i, instead: 'check, inspect, read' },
  { pattern: /\boutlast(?:s|ed|ing)?\b/i, instead: 'ride out, retry through' },
  { pattern: /\brehears(?:e|es|ed|ing|al)\b/i, instead: 'dry run' },
  { pattern: /\bwhile it lives\b/i, instead: 'while it is running' },
  { pattern: /\bmade on the spot\b/i, instead: 'generated' },

  // The passive with "it is", and its relations.
  {
    pattern:
      /\bit is (?:waited for|looked for|asked|tried|removed|deleted|used|downloaded|fetched|left alone|begun|uploaded|sent again)\b(?! (?:by|with|as|in|to)\b)/i,
    instead: 'the active voice: "waiting for …", "retrying …", "reusing …"',
  },
  {
    pattern: /(?<!\bit )\b(?:is|are) (?:begun|made again)\b|(?<!\bit is )\bwaited for\b/i,
    instead: 'the active voice',
  },
  {
    pattern:
      /(?<!\bthere )\b(?:is|are) no (?!longer\b|more than\b|such\b|less\b|later\b|larger\b|smaller\b|older\b)/i,
    instead: 'is not a …',
  },
  {
    pattern: /\bcan ?not be had\b|\bcan be had\b|\bnot taken here\b/i,
    instead: 'cannot be downloaded, is not supported',
  },

  // One word for one thing.
  { pattern: /\bstand-?ins?\b/i, instead: 'emulator' },
  { pattern: /\bof ours\b/i, instead: 'created by ec2-image' },
  { pattern: /\bpartial success(?:es)?\b/i, instead: 'incomplete' },
  { pattern: /\bremains\b(?= (?:of|in)\b)/i, instead: 'leftovers' },
  {
    pattern: /\bpassing (?:error|failure|quota|reason|refusal)s?\b|\bno lasting reason\b/i,
    instead: 'transient',
  },
  { pattern: /\bage floor\b/i, instead: 'minimum age' },
  { pattern: /\bsigns? of life\b/i, instead: 'last activity' },
  { pattern: /\bsettl(?:e|es|ed|ing)\b/i, instead: 'flush, or name what the step does' },
  { pattern: /\bunfinished uploads?\b/i, instead: 'incomplete upload' },
  { pattern: /\bexclude (?:each other|one another)\b/i, instead: 'are mutually exclusive' },
  { pattern: /\b(?:cannot stand|stands?) beside\b/i, instead: 'cannot be combined with' },
  { pattern: /\bbelong together\b/i, instead: 'must be used together' },
  { pattern: /\bKeep (?:one|\d+) of them\b/i, instead: 'Specify only one, Use at most …' },
  { pattern: /\b(?:stand|stands|stood) still\b|\bmay be silent\b/i, instead: 'makes no progress, is idle' },
  { pattern: /\bbetween looks\b/i, instead: 'polling interval' },
  { pattern: /\b[Kk]nown are\b/, instead: 'Supported:' },
  { pattern: /\bthere is no host\b/i, instead: 'cannot resolve host' },
  { pattern: /\bnothing more comes\b/i, instead: 'stalled: no data' },
  { pattern: /\bdoes not take the credentials\b/i, instead: 'rejected the credentials' },
  { pattern: /\bno clear answer\b/i, instead: 'cannot reach' },
  { pattern: /\bwas made to mislead\b/i, instead: 'is malicious' },
  { pattern: /\b(?:gets?|has) a delete marker\b/i, instead: 'the old version remains (delete marker only)' },
  { pattern: /\bnot a name EC2 takes\b/i, instead: 'not a valid AMI name' },
  { pattern: /\bshould it come again\b/i, instead: 'if it recurs' },
  { pattern: /\bin capitals and in small letters\b/i, instead: 'name both variables' },
  { pattern: /\bSee (?:that|to it)\b/, instead: 'Make sure' },
  { pattern: /\bThis is a fault of ec2-image\b/i, instead: 'This is a bug in ec2-image' },
  { pattern: /\bholds the disk: all\b/i, instead: 'matches the disk' },
  {
    pattern:
      /\b(?:Extraneous positional argument|Unsupported option name|Not enough (?:positional )?arguments)\b/,
    instead: 'unknown command, unknown option, … requires …',
  },
];

/** Of variables, functions, types and members. */
export const bannedNames: readonly Banned[] = [
  { pattern: /stand-?ins?(?![a-z])/i, instead: 'emulator' },
  { pattern: /^remains$|Remains$|^remains[A-Z]/, instead: 'leftovers' },
  {
    pattern: /^(?:un)?settled?(?![a-z])|(?<!^all)(?:Uns|S)ettled?(?![a-z])/,
    instead: 'flush, or what it does',
  },
  { pattern: /outlast/i, instead: 'retryThroughOutage' },
  { pattern: /^lookFor/, instead: 'find…' },
  { pattern: /rehearse/i, instead: 'dryRunRegister' },
  { pattern: /^(?:is)?[Pp]assing(?![a-z])/, instead: 'transient' },
  { pattern: /^brought|Brought|^anew|Anew|^afresh|Afresh/, instead: 'downloaded, again' },
  { pattern: /^things$|Things$/, instead: 'resources' },
  // `aOf(b)` is a pure conversion: these are calls and constructors.
  {
    pattern: /^(?:account|clients?|failure|calls|dispatcher|snapshot|server|error)sOf$|^failureOf$/,
    instead: 'create…, fetch…, find…, catch…',
  },
];
