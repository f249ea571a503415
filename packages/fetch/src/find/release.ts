export type Distribution = 'fedora' | 'debian' | 'ubuntu';

/** A release of a distribution, of which the newest image is wanted. */
export interface Release {
  /** As people write it: `43`, `rawhide`, `13`, `trixie`, `26.04`. */
  readonly release: string;
  /** Of its images; undefined: the one for clouds in general. */
  readonly variant?: string;
  readonly architecture: 'x86_64' | 'arm64';
  /** Where the publisher's files are; several are mirrors. Undefined: the publisher's own server. */
  readonly roots?: readonly URL[];
}

/** `13-daily`: not the release, but last night's build of it. */
export function dailyOf(release: string): { readonly release: string; readonly isDaily: boolean } {
  const isDaily = release.endsWith('-daily');
  return { release: isDaily ? release.slice(0, -'-daily'.length) : release, isDaily };
}

/** As Debian and Ubuntu call it. */
export function debianArchitecture(architecture: Release['architecture']): 'amd64' | 'arm64' {
  return architecture === 'arm64' ? 'arm64' : 'amd64';
}
